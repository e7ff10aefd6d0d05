import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Postgres } from '../../services/platform/database/postgres.ts';
import { balanceLedger } from '../../services/platform/distributed/ledger-sums.postgres.ts';
import { registerSchemas } from '../../services/platform/distributed/schema-registration.ts';
import { ourSchemas } from '../../services/platform/distributed/servers.ts';
import { applyTopics, compareTopics, planTopics } from '../../services/platform/distributed/topic-plan.ts';
import { createKafka } from '../../services/platform/event-log/client.kafka.ts';
import { prefixed } from '../../services/platform/event-log/topic-names.ts';
import { silentLogger } from '../../services/platform/logging/logger.ts';
import { type Bench, startBench } from '../bench-servers/bench.ts';
import { SERVICE_NAMES, ServiceFleet } from './support/child-services.ts';
import { Producing } from './support/producing.ts';
import { whatWaits } from './support/what-waits.ts';

/** Short, so that the tests need not wait half a minute for a dead member to be noticed. */
const SESSION_MS = 6_000;
const PARTITIONS = 4;

let bench: Bench;
let logs: string;
beforeAll(async () => {
  // Servers of its own: they are killed here.
  bench = await startBench();
  logs = mkdtempSync(join(tmpdir(), 'tocsin-faults-'));
});
afterAll(async () => {
  await bench.stop();
  rmSync(logs, { recursive: true, force: true });
});

let fleet: ServiceFleet;
let postgres: Postgres;
let prefix: string;
let producing: Producing;

beforeEach(async () => {
  prefix = `f${randomUUID().slice(0, 8)}.`;
  const database = await bench.postgres.createDatabase(prefix.replace('.', ''));
  const names = prefixed(prefix);
  const admin = createKafka({ brokers: [bench.kafka.brokers], clientId: 'test', log: silentLogger }).admin();
  await admin.connect();
  const plan = planTopics({ partitions: PARTITIONS, replication: 1, retentionDays: 30, names });
  await applyTopics(admin, plan, await compareTopics(admin, plan));
  await admin.disconnect();
  await registerSchemas({ url: bench.registry.url, names }, ourSchemas().all);
  fleet = new ServiceFleet(
    {
      TOCSIN_KAFKA_BROKERS: bench.kafka.brokers,
      TOCSIN_REGISTRY_URL: bench.registry.url,
      TOCSIN_DATABASE_URL: database,
      TOCSIN_DATABASE_CONNECTIONS: '6',
      TOCSIN_TOPIC_PREFIX: prefix,
      TOCSIN_PARTITIONS: String(PARTITIONS),
      TOCSIN_KAFKA_SESSION_MS: String(SESSION_MS),
    },
    logs,
  );
  await fleet.startAll();
  postgres = new Postgres({ url: database, applicationName: 'test', connections: 3 });
  producing = new Producing(() => fleet.of('ingestion').url);
});
afterEach(async () => {
  await producing.stop();
  await fleet.stop();
  await postgres.close();
});

/** Every customer who was heard has one alert, raised once, and every input is accounted for. */
async function expectNothingLostOrDoubled(): Promise<void> {
  const customers = await producing.stop();
  await standstill();
  const rows = await postgres.query<{ subject: string; raised: string }>(RAISED, []);
  expect(rows.map(({ subject }) => subject).sort()).toEqual([...customers].sort());
  expect(rows.filter(({ raised }) => Number(raised) !== 1)).toEqual([]);
  const { checks } = await balanceLedger(postgres);
  expect(checks.filter(({ meets }) => !meets)).toEqual([]);
}

const RAISED = {
  name: 'test-raised',
  text: `SELECT subject, count(*) AS raised FROM loop_audit
         WHERE body::json ->> 'action' = 'raised' AND alert_key LIKE 'cancel-intent-in-writing:%' GROUP BY subject`,
};

async function standstill(): Promise<void> {
  const until = performance.now() + 90_000;
  for (;;) {
    const waits = await whatWaits(postgres, Date.now()).catch((error: unknown) => [String(error)]);
    if (waits.length === 0) return;
    if (performance.now() > until) throw new Error(`still waiting: ${waits.join('; ')}`);
    await new Promise((resume) => setTimeout(resume, 100));
  }
}

const seconds = (count: number): Promise<void> => new Promise((resume) => setTimeout(resume, count * 1_000));

test('each service killed in turn, and started again', async () => {
  producing.start();
  for (const name of SERVICE_NAMES) {
    await seconds(1);
    await fleet.kill(fleet.of(name));
    await fleet.start(name);
  }
  await fleet.ready();
  await seconds(2);
  await expectNothingLostOrDoubled();
});

test('an instance that ends hands its partitions over within ten seconds, and another one goes on', async () => {
  const [before, after] = [fleet.of('scoring'), await fleet.start('scoring')];
  await fleet.ready();
  producing.start();
  await seconds(2);
  const { code, ms } = await fleet.end(before);
  expect([code, ms < 10_000]).toEqual([0, true]);
  await seconds(3);
  await after.ready();
  await expectNothingLostOrDoubled();
});

test('instances that come and go every few seconds', async () => {
  producing.start();
  for (let turn = 0; turn < 4; turn++) {
    const extra = [await fleet.start('scoring'), await fleet.start('alerting')];
    await seconds(4);
    for (const instance of extra) {
      if (turn % 2 === 0) await fleet.end(instance);
      else await fleet.kill(instance);
    }
  }
  await expectNothingLostOrDoubled();
});

test('an instance that stood still past its session wakes up and does no harm', async () => {
  const second = await fleet.start('alerting');
  await fleet.ready();
  producing.start();
  await seconds(2);
  const zombie = fleet.of('alerting');
  zombie.signal('SIGSTOP');
  await seconds(SESSION_MS / 1_000 + 4);
  zombie.signal('SIGCONT');
  await seconds(4);
  await second.ready();
  await zombie.ready();
  await expectNothingLostOrDoubled();
});

test('the broker killed and started again three seconds later', async () => {
  producing.start();
  await seconds(2);
  const [broker] = bench.kafka.nodes;
  await broker?.kill();
  await seconds(3);
  await broker?.start();
  // Services may give up and be started again by whoever watches them.
  for (let turn = 0; turn < 20; turn++) {
    await seconds(1);
    await reviveEnded();
  }
  await fleet.ready();
  await expectNothingLostOrDoubled();
});

test('the database killed and started again three seconds later', async () => {
  producing.start();
  await seconds(2);
  await bench.postgres.kill();
  await seconds(3);
  await bench.postgres.start();
  for (let turn = 0; turn < 10; turn++) {
    await seconds(1);
    await reviveEnded();
  }
  await fleet.ready();
  await expectNothingLostOrDoubled();
});

/** What an orchestrator does. */
async function reviveEnded(): Promise<void> {
  for (const instance of [...fleet.instances]) {
    const code = await Promise.race([instance.ended, Promise.resolve('running' as const)]);
    if (code === 'running') continue;
    expect(code).not.toBe(0);
    await fleet.kill(instance);
    await fleet.start(instance.name);
  }
}

describe('poison', () => {
  const framed = (id: number, ...bytes: readonly number[]) => {
    const header = Buffer.alloc(5);
    header.writeUInt32BE(id, 1);
    return Buffer.concat([header, Buffer.from(bytes)]);
  };

  test.each([
    ['what is not Avro at all', Buffer.from('{"id":"x"}')],
    ['a schema that nobody knows', framed(4_000_000, 1, 2, 3)],
    ['a record that was cut short', framed(1, 2)],
    ['no value', null],
  ])(
    '%s stops nobody: the next record of another customer is handled within five seconds',
    async (_, value) => {
      const kafka = createKafka({ brokers: [bench.kafka.brokers], clientId: 'test', log: silentLogger });
      const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
      await producer.connect();
      const messages = Array.from({ length: PARTITIONS }, (__, partition) => ({
        key: 'poison',
        value,
        partition,
      }));
      await producer.send({ topic: `${prefix}complaints`, messages });
      await producer.disconnect();
      await producing.once();
      const until = performance.now() + 5_000;
      let found = 0;
      while (found === 0 && performance.now() < until) {
        found = (await postgres.query(RAISED, [])).length;
        await new Promise((resume) => setTimeout(resume, 50));
      }
      expect(found).toBe(1);
      await expectNothingLostOrDoubled();
      const parked = await postgres.query<{ reason: string }>(
        { name: 'test-parked', text: 'SELECT reason FROM dead_letter' },
        [],
      );
      expect(parked.map(({ reason }) => reason)).toEqual(Array(PARTITIONS).fill('not_decodable'));
    },
  );
});
