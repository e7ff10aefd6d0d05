import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { RULES_POSTGRES_MIGRATIONS } from '../../../services/action-management/adapters/kept-rule-sets.postgres.ts';
import { TOPICS, type Topic } from '../../../services/contracts/topics.ts';
import { PostgresDeadLetters } from '../../../services/platform/database/dead-letters.postgres.ts';
import { PostgresEffectQueue } from '../../../services/platform/database/effect-queue.postgres.ts';
import { ledgerEntries } from '../../../services/platform/database/ledger.postgres.ts';
import {
  migratePostgres,
  type PostgresMigration,
} from '../../../services/platform/database/migrate.postgres.ts';
import { PLATFORM_POSTGRES_MIGRATIONS } from '../../../services/platform/database/migrations.postgres.ts';
import { Postgres } from '../../../services/platform/database/postgres.ts';
import {
  PostgresPartitionStore,
  type PostgresViewWriter,
} from '../../../services/platform/database/state-store.postgres.ts';
import { registerSchemas } from '../../../services/platform/distributed/schema-registration.ts';
import { ourSchemas } from '../../../services/platform/distributed/servers.ts';
import { applyTopics, compareTopics, planTopics } from '../../../services/platform/distributed/topic-plan.ts';
import { createKafka } from '../../../services/platform/event-log/client.kafka.ts';
import { KafkaEventLog } from '../../../services/platform/event-log/event-log.kafka.ts';
import type { EventLog } from '../../../services/platform/event-log/event-log.ts';
import { OutboxPublisher } from '../../../services/platform/event-log/outbox-publisher.postgres.ts';
import { OutboxRelay } from '../../../services/platform/event-log/outbox-relay.kafka.ts';
import { KafkaReader } from '../../../services/platform/event-log/reader.kafka.ts';
import { RegistryCodec } from '../../../services/platform/event-log/schemas.registry.ts';
import { SenderThread } from '../../../services/platform/event-log/sender-thread.ts';
import { prefixed, type TopicNames } from '../../../services/platform/event-log/topic-names.ts';
import { silentLogger } from '../../../services/platform/logging/logger.ts';
import { ManualClock } from '../../../services/platform/time/clock.ts';
import { askKafka } from '../../support/kafka-admin.ts';
import { askPostgres } from './ask-postgres.ts';

/** A view that refuses the row `refuse`, to see that nothing of such a commit is stored. */
const NOTES: readonly PostgresMigration[] = [
  { id: '9001-notes', sql: 'CREATE TABLE note (id text PRIMARY KEY, body text NOT NULL)' },
];

const writeNotes: PostgresViewWriter = async (sql, changes) => {
  for (const { id, row } of changes) {
    if (row === 'refuse') throw new Error('the view refuses this row');
    if (row === null) await sql.query('DELETE FROM note WHERE id = $1', [id]);
    else {
      const upsert = 'INSERT INTO note VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET body = excluded.body';
      await sql.query(upsert, [id, JSON.stringify(row)]);
    }
  }
};

/** Stories play in the past, and Kafka removes what is older than it is to keep by the time that the record bears. */
const KEPT_DAYS = 10_000;

/** Topics, subjects and a database of one test's own, on the servers that all tests share. */
export async function ownNames(
  partitions: number,
  without: readonly Topic[] = [],
): Promise<{ names: TopicNames; prefix: string; databaseUrl: string }> {
  const prefix = `t${randomUUID().slice(0, 8)}.`;
  // Schemas are the same for all tests, and registering them takes a while.
  const names = { ...prefixed(prefix), subject: prefixed('').subject };
  const database = prefix.replace('.', '');
  await askPostgres(inject('postgresUrl'), `CREATE DATABASE ${database}`);
  const plan = planTopics({ partitions, replication: 1, retentionDays: KEPT_DAYS, names, without });
  await askKafka(inject('kafkaBrokers'), async (admin) =>
    applyTopics(admin, plan, await compareTopics(admin, plan)),
  );
  await registered();
  return { names, prefix, databaseUrl: inject('postgresUrl').replace(/\/postgres$/, `/${database}`) };
}

/** Making a topic takes time, and the contracts speak of three. */
const NOT_USED = (Object.keys(TOPICS) as Topic[]).filter(
  (topic) => !['complaints', 'call-notes', 'social-posts', 'dead-letters'].includes(topic),
);

let registering: Promise<unknown> | undefined;
function registered(): Promise<unknown> {
  registering ??= registerSchemas({ url: inject('registryUrl'), names: prefixed('') }, ourSchemas().all);
  return registering;
}

/** The adapters of the distributed mode over one partition, as the contract suites need them. */
export async function distributedFixture() {
  const { names, prefix, databaseUrl } = await ownNames(1, NOT_USED);
  const clock = new ManualClock('2026-03-02T08:00:00Z');
  const kafka = createKafka({ brokers: [inject('kafkaBrokers')], clientId: 'test', log: silentLogger });
  const codec = new RegistryCodec({ url: inject('registryUrl'), names, schemas: ourSchemas().newest, clock });
  await codec.warm(codec.topics());
  const access = { brokers: [inject('kafkaBrokers')], clientId: 'test' };
  const sender = new SenderThread({ kafka: access, prefix }, silentLogger);
  await sender.connect();
  const encode: RegistryCodec['encode'] = (fact) => codec.encode(fact);
  const views = new Map([['notes', writeNotes]]);
  const open = async () => {
    const postgres = new Postgres({ url: databaseUrl, applicationName: 'test', connections: 4 });
    await migratePostgres(postgres, [
      ...PLATFORM_POSTGRES_MIGRATIONS,
      ...RULES_POSTGRES_MIGRATIONS,
      ...NOTES,
    ]);
    await postgres.query(
      { name: 'owner', text: "INSERT INTO owner VALUES ('test', 0) ON CONFLICT DO NOTHING" },
      [],
    );
    const partition = () =>
      new PostgresPartitionStore({
        postgres,
        consumer: 'test',
        partition: 0,
        instance: 'test',
        encode,
        views,
        redeliveriesEveryMs: 0,
      });
    const stored = () => undefined;
    const publisher = new OutboxPublisher({
      postgres,
      consumer: 'test',
      partitions: 1,
      encode,
      clock,
      stored,
    });
    const reader = new KafkaReader({
      kafka,
      codec,
      names,
      topics: ['complaints', 'call-notes', 'social-posts'],
    });
    const relay = new OutboxRelay({
      postgres,
      sender,
      consumer: 'test',
      partition: 0,
      log: silentLogger,
    });
    const effects = new PostgresEffectQueue({
      postgres,
      consumer: 'test',
      partitions: () => [0],
      encode,
      clock,
      settled: stored,
    });
    return { postgres, partition, store: partition(), publisher, reader, relay, effects };
  };
  let parts = await open();
  const closeParts = async (): Promise<void> => {
    await parts.publisher.close();
    await parts.reader.close();
    await parts.postgres.close();
  };
  let databaseGone = false;
  const drain = async (): Promise<void> => {
    if (!databaseGone) await parts.relay.drain();
  };
  /** What is in the outbox is in the log before anybody reads: relays need a moment, tests do not wait. */
  const log: EventLog = {
    publish: (topic, records) => new KafkaEventLog(parts.publisher, parts.reader).publish(topic, records),
    read: async (topic, partition, offset, limit) => {
      await drain();
      return parts.reader.read(topic, partition, offset, limit);
    },
    fetch: async (topic, partition, offsets) => {
      await drain();
      return parts.reader.fetch(topic, partition, offsets);
    },
    endOffset: async (topic, partition) => {
      await drain();
      return parts.reader.endOffset(topic, partition);
    },
  };
  const database = databaseUrl.split('/').at(-1) ?? '';
  return {
    clock,
    log,
    get parts() {
      return parts;
    },
    deadLetters: () => new PostgresDeadLetters(parts.postgres),
    ledger: () => ledgerEntries(parts.postgres),
    notes: async () => {
      const rows = await parts.postgres.query<{ id: string; body: string }>(
        { name: 'notes', text: 'SELECT id, body FROM note ORDER BY id' },
        [],
      );
      return Object.fromEntries(rows.map(({ id, body }) => [id, JSON.parse(body) as unknown]));
    },
    reopen: async () => {
      await closeParts();
      parts = await open();
    },
    closeLog: () => parts.publisher.close(),
    storageGone: async () => {
      await drain();
      databaseGone = true;
      await askPostgres(inject('postgresUrl'), `ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
      await askPostgres(
        inject('postgresUrl'),
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`,
      );
    },
    storageBack: async () => {
      await askPostgres(inject('postgresUrl'), `ALTER DATABASE ${database} ALLOW_CONNECTIONS true`);
      databaseGone = false;
    },
    dispose: async () => {
      await closeParts();
      await sender.close();
    },
  };
}
