import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, inject, type TestContext } from 'vitest';
import { Postgres } from '../../../../services/platform/database/postgres.ts';
import { balanceLedger } from '../../../../services/platform/distributed/ledger-sums.postgres.ts';
import {
  applyTopics,
  compareTopics,
  planTopics,
} from '../../../../services/platform/distributed/topic-plan.ts';
import { prefixed } from '../../../../services/platform/event-log/topic-names.ts';
import { type Bench, startBench } from '../../../bench-servers/bench.ts';
import { createDatabase } from '../../../bench-servers/postgres.ts';
import { registerAll } from '../../../distributed/support/register-all.ts';
import { whatWaits } from '../../../distributed/support/what-waits.ts';
import { askKafka } from '../../../support/kafka-admin.ts';
import { type InstanceOptions, ServiceFleet } from './child-services.ts';
import { Producing } from './producing.ts';

/** Opens scenes on these servers that end with the test which asked for them. */
export const scenesOn =
  (servers: () => Servers) =>
  async (
    { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
    options: SceneOptions = {},
  ): Promise<Scene> => {
    const scene = await openScene(servers(), options);
    onTestFinished(({ task }) => scene.close(task.result?.state === 'fail'));
    return scene;
  };

/** A scene for all tests of a group. */
export const sceneOn =
  (servers: () => Servers) =>
  (options: () => SceneOptions = () => ({})): (() => Scene) => {
    let scene: Scene;
    beforeAll(async () => {
      scene = await openScene(servers(), options());
    });
    afterAll(() => scene?.close());
    return () => scene;
  };

/** What a scene needs of the servers. */
export interface Servers {
  /** `host:port,host:port` */
  readonly brokers: string;
  readonly registryUrl: string;
  readonly postgresUrl: string;
}

/** The servers of all files together, which nobody kills. */
export const sharedServers = (): Servers => ({
  brokers: inject('kafkaBrokers'),
  registryUrl: inject('registryUrl'),
  postgresUrl: inject('postgresUrl'),
});

/** Servers of the test file's own: they are killed there. */
export function useBench(options: { readonly brokers?: 1 | 3 } = {}): () => Bench {
  let bench: Bench;
  beforeAll(async () => {
    bench = await startBench(options);
  });
  afterAll(() => bench?.stop());
  return () => bench;
}

export const serversOf = ({ kafka, registry, postgres }: Bench): Servers => ({
  brokers: kafka.brokers,
  registryUrl: registry.url,
  postgresUrl: postgres.url,
});

export interface SceneOptions extends InstanceOptions {
  readonly partitions?: number;
  /** Where services find the servers, where that is not where they are: behind a proxy. */
  readonly databaseUrl?: (real: string) => string;
  readonly registryUrl?: string;
  /** Default: six seconds, so that a dead member is noticed soon. */
  readonly sessionMs?: number;
}

export const SESSION_MS = 6_000;

/** What a fault has done. */
export interface Damage {
  /** Customers who were heard and have no alert. */
  readonly lost: readonly string[];
  /** Customers whose alert was opened more than once. */
  readonly doubled: readonly string[];
  /** Sums of the ledger that do not meet. */
  readonly unbalanced: readonly string[];
  /** What still was to be done when nobody would wait any longer. */
  readonly stuck: readonly string[];
}

export const NONE: Damage = { lost: [], doubled: [], unbalanced: [], stuck: [] };

/** Six services with topics, schemas and a database of their own, and somebody who sends them complaints. */
export interface Scene {
  readonly prefix: string;
  readonly partitions: number;
  readonly fleet: ServiceFleet;
  /** Straight to the database, past any proxy. */
  readonly postgres: Postgres;
  readonly producing: Producing;
  /** Stops producing, waits until all is done, and looks. Each customer who was heard must have one alert. */
  damage(waitMs?: number): Promise<Damage>;
  /** What is still to be done, in words. */
  waits(): Promise<readonly string[]>;
  /** Customers with an alert. */
  raised(): Promise<ReadonlySet<string>>;
  /** Records that were set aside. */
  parked(): Promise<readonly { readonly id: string; readonly reason: string }[]>;
  /** Ends all of it. The services' logs of a test that has failed are kept, and it is said where. */
  close(failed?: boolean): Promise<void>;
}

export async function openScene(servers: Servers, options: SceneOptions = {}): Promise<Scene> {
  const { partitions = 4, sessionMs = SESSION_MS } = options;
  const prefix = `f${randomUUID().slice(0, 8)}.`;
  const logs = mkdtempSync(join(tmpdir(), 'tocsin-scene-'));
  const database = await createDatabase(servers.postgresUrl, prefix.replace('.', ''));
  await makeTopics(servers, prefix, partitions);
  await registerAll(servers.registryUrl, prefix);
  const fleet = new ServiceFleet(
    {
      TOCSIN_KAFKA_BROKERS: servers.brokers,
      TOCSIN_REGISTRY_URL: options.registryUrl ?? servers.registryUrl,
      TOCSIN_DATABASE_URL: options.databaseUrl?.(database) ?? database,
      TOCSIN_DATABASE_CONNECTIONS: '6',
      TOCSIN_TOPIC_PREFIX: prefix,
      TOCSIN_PARTITIONS: String(partitions),
      TOCSIN_KAFKA_SESSION_MS: String(sessionMs),
      TOCSIN_LOG_LEVEL: 'warn',
    },
    logs,
  );
  await fleet.startAll(options);
  const postgres = new Postgres({ url: database, applicationName: 'test', connections: 3 });
  const producing = new Producing(() => fleet.of('ingestion').url);
  return {
    prefix,
    partitions,
    fleet,
    postgres,
    producing,
    damage: async (waitMs = STANDSTILL_WITHIN_MS) => {
      const customers = await producing.stop();
      const stuck = await untilStandstill(postgres, customers, waitMs);
      const raised = await raisedBy(postgres);
      const { checks } = await balanceLedger(postgres);
      return {
        lost: customers.filter((customer) => !raised.has(customer)),
        doubled: [...raised].filter(([, times]) => times !== 1).map(([subject]) => subject),
        unbalanced: checks
          .filter(({ meets }) => !meets)
          .map(({ says, left, right }) => `${says}: ${left} is not ${right}`),
        stuck,
      };
    },
    waits: () => whatWaits(postgres, Date.now()),
    raised: async () => new Set((await raisedBy(postgres)).keys()),
    parked: () => postgres.query<{ id: string; reason: string }>(PARKED, []),
    close: async (failed = false) => {
      producing.abandon();
      await producing.stop();
      await fleet.stop();
      await postgres.close();
      if (failed) process.stderr.write(`the logs of the failed test are kept in ${logs}\n`);
      else rmSync(logs, { recursive: true, force: true });
    },
  };
}

async function makeTopics({ brokers }: Servers, prefix: string, partitions: number): Promise<void> {
  const replication = brokers.split(',').length;
  const plan = planTopics({ partitions, replication, retentionDays: 30, names: prefixed(prefix) });
  await askKafka(brokers, async (admin) => applyTopics(admin, plan, await compareTopics(admin, plan)));
}

/** How often an alert was opened for each customer. */
async function raisedBy(postgres: Postgres): Promise<ReadonlyMap<string, number>> {
  const rows = await postgres.query<{ subject: string; raised: string }>(RAISED, []);
  return new Map(rows.map(({ subject, raised }) => [subject, Number(raised)]));
}

const RAISED = {
  name: 'test-raised',
  text: `SELECT subject, count(*) AS raised FROM loop_audit
         WHERE body::json ->> 'action' = 'raised' AND alert_key LIKE 'cancel-intent-in-%' GROUP BY subject`,
};

const PARKED = { name: 'test-parked', text: 'SELECT id, reason FROM dead_letter' };

/** A time box that runs out while the sums are drawn up would change them. */
const SOON_MS = 10_000;

/** Returns earlier; on a busy machine six processes need their time to begin again. */
const STANDSTILL_WITHIN_MS = 300_000;

/**
 * Waits until nothing is to be done and all these customers have an alert: what others have put into a topic is in no
 * ledger of ours and hides what still waits there. Answers what is left to do when the time is over.
 */
async function untilStandstill(
  postgres: Postgres,
  customers: readonly string[],
  waitMs: number,
): Promise<readonly string[]> {
  let waits: readonly string[] = [];
  const done = async (): Promise<boolean> => {
    waits = await whatWaits(postgres, Date.now() + SOON_MS);
    // Of records that were sent again it cannot tell how many of those before them were read; the ledger can.
    const { waiting } = await balanceLedger(postgres);
    if (waiting > 0) waits = [...waits, `records that were put out and not read: ${waiting}`];
    if (waits.length > 0) return false;
    const raised = await raisedBy(postgres);
    return customers.every((customer) => raised.has(customer));
  };
  await untilTrue(
    () =>
      done().catch((error: unknown) => {
        waits = [String(error)];
        return false;
      }),
    waitMs / 1_000,
  );
  return waits;
}

export const seconds = (count: number): Promise<void> =>
  new Promise((resume) => setTimeout(resume, count * 1_000));

/** Whether it became true within so many seconds. */
export async function untilTrue(question: () => Promise<boolean>, within: number): Promise<boolean> {
  const until = performance.now() + within * 1_000;
  for (;;) {
    if (await question()) return true;
    if (performance.now() > until) return false;
    await seconds(0.05);
  }
}
