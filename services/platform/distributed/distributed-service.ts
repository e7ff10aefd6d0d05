import { hostname } from 'node:os';
import type { Registry } from 'prom-client';
import type { DeadLetter } from '../../contracts/dead-letter.ts';
import type { Topic } from '../../contracts/topics.ts';
import { PostgresDeadLetters } from '../database/dead-letters.postgres.ts';
import { PostgresEffectQueue } from '../database/effect-queue.postgres.ts';
import { IntakeLedger } from '../database/intake-ledger.postgres.ts';
import { migratePostgres, type PostgresMigration } from '../database/migrate.postgres.ts';
import { PLATFORM_POSTGRES_MIGRATIONS } from '../database/migrations.postgres.ts';
import type { NamedSql, Postgres } from '../database/postgres.ts';
import { watchQuietStates } from '../database/quiet-states.postgres.ts';
import { type Forgetting, watchRetention } from '../database/retention.postgres.ts';
import { PostgresPartitionStore, type PostgresViewWriter } from '../database/state-store.postgres.ts';
import { checkBroker } from '../event-log/broker-versions.kafka.ts';
import { KafkaEventLog } from '../event-log/event-log.kafka.ts';
import type { EventLog } from '../event-log/event-log.ts';
import { type Following, type FollowOptions, followTopic } from '../event-log/follow-topic.kafka.ts';
import { type ForeignRecord, readForeignTopics } from '../event-log/foreign-topics.kafka.ts';
import { KafkaInputFeed } from '../event-log/input-feed.kafka.ts';
import { OutboxPublisher } from '../event-log/outbox-publisher.postgres.ts';
import { OutboxRelay } from '../event-log/outbox-relay.kafka.ts';
import type { OutboxSender } from '../event-log/outbox-sender.ts';
import { KafkaReader } from '../event-log/reader.kafka.ts';
import { useRecordDecoder } from '../event-log/record-decoder.kafka.ts';
import type { RegistryCodec } from '../event-log/schemas.registry.ts';
import { SenderThread } from '../event-log/sender-thread.ts';
import { OVER_THE_NETWORK } from '../keyed-process/batch-size.ts';
import { GroupRunner } from '../keyed-process/group-runner.kafka.ts';
import type { KeyedProcess, KeySpace } from '../keyed-process/keyed-process.ts';
import type { OpenPartition } from '../keyed-process/open-partition.ts';
import { Runner, type RunnerObserver } from '../keyed-process/runner.ts';
import { Topology } from '../keyed-process/topology.ts';
import type { Logger } from '../logging/logger.ts';
import { createKafkaMetrics, type KafkaMetrics } from '../metrics/kafka-metrics.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import type { Clock } from '../time/clock.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { OwnedStates, type StateWatcher } from './owned-states.ts';
import { checkDatabase, refusing, shadowed } from './replay.ts';
import { noticeRestore } from './restored.ts';
import { codecOf, connectKafka, kafkaAccessOf, kafkaOf, namesOf, postgresOf } from './servers.ts';
import { registerServiceMetrics } from './service-metrics.ts';
import { type ServiceSettings, tlsOf } from './settings.ts';
import { notLooking, watchProgress } from './watch-progress.ts';

export interface DistributedServiceOptions {
  /** Names the consumer group, and the rows in the database. */
  readonly name: string;
  readonly processes: readonly KeyedProcess<never>[] | readonly KeyedProcess<unknown>[];
  readonly settings: ServiceSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: Registry;
  readonly lifecycle: Lifecycle;
  /** Tables of the service's own read models. */
  readonly migrations?: readonly PostgresMigration[];
  /** What of them is forgotten when it is too old. */
  readonly forgetting?: Forgetting;
  /** Key spaces whose states may be forgotten when nothing was written under their key for as long as the settings say. */
  readonly quiet?: readonly KeySpace[];
  readonly views?: (postgres: Postgres) => ReadonlyMap<string, PostgresViewWriter>;
  /** Topics whose single records the service reads for people. */
  readonly reads?: readonly Topic[];
  readonly observers?: readonly RunnerObserver[];
  /** Who must know what is stored of the partitions that run here. */
  readonly states?: StateWatcher;
  readonly tracing?: Tracing | undefined;
}

/** One service of the distributed mode, connected and ready to run. */
export interface DistributedService {
  readonly postgres: Postgres;
  readonly eventLog: EventLog;
  readonly effects: PostgresEffectQueue;
  readonly intake: IntakeLedger;
  /** Reads topics that others own, in their own schemas, until `stop`; see `readForeignTopics`. */
  readForeign(
    topics: readonly string[],
    handle: (records: readonly ForeignRecord[]) => Promise<void>,
    stop: AbortSignal,
  ): Promise<void>;
  /** Learns all records of a topic, in every instance; see `followTopic`. Call it before `run`. */
  follow<T extends Topic>(topic: T, how: Pick<FollowOptions<T>, 'from' | 'wants' | 'learn'>): Promise<void>;
  /** Keeps what never came as far as a process, for people; see `DeadLetters`. */
  park(letter: DeadLetter): Promise<void>;
  /** Adds somebody who is told after each commit. */
  observe(observer: RunnerObserver): void;
  /** Runs the partitions that are assigned to this instance until `stop`; rejects when it cannot go on. */
  run(stop: AbortSignal): Promise<void>;
  /** Why the service cannot do its work now; nothing when it can. */
  notReady(): string | undefined;
  /** Says that there may be something to do: the clock was moved. */
  wake(): void;
  /** When a partition looked for work, the one that did so the longest ago; epoch ms. */
  lastScanAt(): number;
}

/**
 * Connects a service to Kafka, the registry and PostgreSQL: checks the brokers' versions, brings the tables up to
 * date, and looks up the ids of our schemas. Throws what is wrong; nothing runs before `run`.
 */
export async function openDistributedService(
  options: DistributedServiceOptions,
): Promise<DistributedService> {
  const { name, settings, clock, log, registry, lifecycle } = options;
  const names = namesOf(settings);
  await checkBroker(settings.TOCSIN_KAFKA_BROKERS, tlsOf(settings));
  const postgres = postgresOf(settings, `tocsin ${name}`, {
    connections: settings.TOCSIN_DATABASE_CONNECTIONS,
  });
  lifecycle.onClose('database', () => postgres.close());
  await migratePostgres(postgres, [...PLATFORM_POSTGRES_MIGRATIONS, ...(options.migrations ?? [])]);
  const { TOCSIN_REPLAY_FROM: replayFrom } = settings;
  await checkDatabase(postgres, name, replayFrom);
  if (await noticeRestore(postgres))
    log.warn({ service: name }, 'the database was restored: facts are numbered anew');
  await postgres.query(ADD_OWNERS, [name, settings.TOCSIN_PARTITIONS - 1]);

  const reading = replayFrom === undefined ? name : `${name}-replay`;
  const metrics = createKafkaMetrics(registry, name, names.group(reading));
  const codec = codecOf(settings, clock, metrics.registryRequest);
  await codec.warm(codec.topics());
  useRecordDecoder();
  const kafka = kafkaOf(settings, `tocsin-${name}`, log);
  const sender = new SenderThread(
    { kafka: kafkaAccessOf(settings, `tocsin-${name}`), prefix: settings.TOCSIN_TOPIC_PREFIX },
    log,
  );
  lifecycle.onClose('kafka producer', () => sender.close());
  await connectKafka(settings, sender);

  const topology = new Topology(options.processes as readonly KeyedProcess<unknown>[], []);
  const observers: RunnerObserver[] = [...(options.observers ?? [])];
  const { states: watcher } = options;
  const partitionCount = settings.TOCSIN_PARTITIONS;
  const owned =
    watcher === undefined
      ? undefined
      : new OwnedStates({ postgres, consumer: name, partitions: partitionCount, watcher, log });
  const open = new PartitionOpener({
    options,
    codec,
    postgres,
    sender,
    topology,
    observers,
    metrics,
    owned,
  });
  const group = new GroupRunner({
    kafka,
    service: reading,
    ...(replayFrom === undefined ? {} : { from: replayFrom }),
    names,
    topics: topology.inputsFromLog(() => false),
    open: (partition, onRoom) => open.open(partition, onRoom),
    log,
    clock,
    onRebalance: metrics.rebalanced,
    onCrash: metrics.crashed,
    sessionTimeoutMs: settings.TOCSIN_KAFKA_SESSION_MS,
  });
  const lastScanAt = (): number =>
    Math.min(clock.now(), ...group.opened().map((partition) => partition.lastScanAt));
  const partitions = () => group.partitions();
  observers.push(
    registerServiceMetrics(registry, { name, postgres, topology, partitions, lastScanAt, clock }),
  );
  metrics.watch(
    () => group.lags(),
    () => group.ready,
  );

  const publisher = new OutboxPublisher({
    postgres,
    consumer: name,
    partitions: settings.TOCSIN_PARTITIONS,
    encode: (fact) => codec.encode(fact),
    clock,
    stored: () => open.wakeRelays(),
  });
  lifecycle.onClose('publisher', () => publisher.close());
  const reader = new KafkaReader({ kafka, codec, names, topics: options.reads ?? [] });
  lifecycle.onClose('kafka reader', () => reader.close());
  const intake = new IntakeLedger(postgres, name);
  lifecycle.onClose('ledger of the intake', () => intake.write());
  const effects = new PostgresEffectQueue({
    postgres,
    consumer: name,
    partitions: () => group.partitions(),
    encode: (fact) => codec.encode(fact),
    clock,
    settled: () => open.wakeRelays(),
  });

  const followings: Following[] = [];
  let trouble: string | undefined;
  let failure: unknown;
  observers.push({
    onStorageTrouble: ({ reason, message }, retryInMs) => {
      trouble = `the database or the registry cannot be used (${reason})`;
      log.error({ reason, message, retryInMs }, 'a pass could not be committed');
    },
    onPass: () => {
      trouble = undefined;
    },
  });
  return {
    postgres,
    eventLog: new KafkaEventLog(replayFrom === undefined ? publisher : refusing, reader),
    effects,
    intake,
    readForeign: (topics, handle, stop) =>
      readForeignTopics(
        {
          kafka,
          group: names.group(`${name}-sources`),
          topics,
          decode: (bytes) => codec.decodeForeign(bytes),
          handle,
          log,
        },
        stop,
      ),
    follow: async (topic, how) => {
      const following = await followTopic({ kafka, codec, names, topic, log, ...how });
      lifecycle.onClose(`follower of ${topic}`, () => following.stop());
      followings.push(following);
    },
    park: async (letter) => {
      await new PostgresDeadLetters(postgres).park(name, letter);
      await publisher.publish('dead-letters', [{ id: letter.id, key: letter.id, value: letter }]);
    },
    observe: (observer) => observers.push(observer),
    run: async (stop) => {
      const watch = new AbortController();
      const until = AbortSignal.any([stop, watch.signal]);
      const { forgetting = { tables: [], statements: [] }, quiet = [] } = options;
      const days = settings.TOCSIN_RETENTION_DAYS;
      const retaining = watchRetention(postgres, { forgetting, days, clock }, until);
      const quietDays = settings.TOCSIN_QUIET_CUSTOMER_DAYS;
      const forgettingQuiet =
        quietDays === undefined || quiet.length === 0
          ? Promise.resolve()
          : watchQuietStates(
              postgres,
              {
                consumer: name,
                keySpaces: quiet,
                days: quietDays,
                clock,
                isOurTurn: () => group.partitions().includes(0),
                onForgotten: (states) => {
                  metrics.forgotten(states);
                  log.info({ service: name, states, quietDays }, 'quiet customers were forgotten');
                },
              },
              until,
            );
      try {
        const stalled = new Promise<never>((_, reject) => {
          watchProgress({ group, clock, healthy: () => trouble === undefined }, until).catch(reject);
        });
        await Promise.race([
          group.run(until),
          stalled,
          sender.failed,
          failing(retaining),
          failing(forgettingQuiet),
          ...followings.map(({ failed }) => failed),
        ]);
      } catch (error) {
        failure = error;
        throw error;
      } finally {
        watch.abort();
        await Promise.allSettled([retaining, forgettingQuiet]);
      }
    },
    notReady: () => {
      if (failure !== undefined) return `stopped: ${String((failure as Error).message)}`;
      if (!group.ready) return 'waiting for partitions';
      return trouble ?? notLooking(group.opened(), clock.now());
    },
    wake: () => {
      for (const partition of group.opened()) partition.wake();
    },
    lastScanAt,
  };
}

/** Sequence numbers are given out before anybody has taken the partition: to what comes in from outside. */
const ADD_OWNERS: NamedSql = {
  name: 'add-owners',
  text: `INSERT INTO owner (consumer, partition) SELECT $1, partition FROM generate_series(0, $2::integer) AS partition
         ON CONFLICT DO NOTHING`,
};

/** Rejects as the work does; that it ends well means nothing. */
const failing = (work: Promise<void>): Promise<never> =>
  new Promise((_, reject) => {
    work.catch(reject);
  });

/** Also those who are added while partitions are open. */
const toAll = (observers: readonly RunnerObserver[]): RunnerObserver => ({
  onFact: (fact) => {
    for (const observer of observers) observer.onFact?.(fact);
  },
  onPass: (pass) => {
    for (const observer of observers) observer.onPass?.(pass);
  },
  onTimerFired: (timer) => {
    for (const observer of observers) observer.onTimerFired?.(timer);
  },
  onStorageTrouble: (error, retryInMs) => {
    for (const observer of observers) observer.onStorageTrouble?.(error, retryInMs);
  },
});

interface OpenerParts {
  readonly options: DistributedServiceOptions;
  readonly codec: RegistryCodec;
  readonly postgres: Postgres;
  readonly sender: OutboxSender;
  readonly topology: Topology;
  readonly observers: readonly RunnerObserver[];
  readonly metrics: KafkaMetrics;
  readonly owned: OwnedStates | undefined;
}

/** Opens partitions: each with a store, a feed, a runner and a relay of its own. */
class PartitionOpener {
  readonly #parts: OpenerParts;
  readonly #relays = new Set<OutboxRelay>();

  constructor(parts: OpenerParts) {
    this.#parts = parts;
  }

  wakeRelays(): void {
    for (const relay of this.#relays) relay.wake();
  }

  open(partition: number, onRoom: (topic: Topic) => void): OpenPartition {
    const { options, codec, postgres, sender, topology, observers, metrics, owned } = this.#parts;
    const { name, clock, log, settings } = options;
    const feed = new KafkaInputFeed(partition, codec, onRoom);
    const relay = new OutboxRelay({
      postgres,
      sender,
      consumer: name,
      partition,
      log,
      onProduceError: metrics.produceFailed,
    });
    const store = new PostgresPartitionStore({
      postgres,
      consumer: name,
      partition,
      instance: `${hostname()}/${process.pid}`,
      encode: (fact) => codec.encode(fact),
      views: options.views?.(postgres) ?? new Map(),
      origins: feed,
      onCommit: metrics.committed,
      onFacts: (row) => relay.offer(row),
    });
    const runner = new Runner({
      topology,
      store: settings.TOCSIN_REPLAY_FROM === undefined ? store : shadowed(store),
      openFeed: () => feed,
      clock,
      observers: [{ onPass: () => relay.wake() }, toAll(observers)],
      cachedRows: CACHED_ROWS,
      pace: OVER_THE_NETWORK,
      tracing: options.tracing,
    });
    return {
      positions: (topics) => store.positions(topics),
      feed,
      wake: () => runner.wake(),
      get lastScanAt() {
        return runner.lastScanAt;
      },
      run: async (stop) => {
        this.#relays.add(relay);
        owned?.taken(partition);
        const ending = new AbortController();
        const relaying = relay.run(AbortSignal.any([stop, ending.signal]));
        try {
          await runner.run(stop);
        } finally {
          this.#relays.delete(relay);
          owned?.lost(partition);
          ending.abort();
          await relaying;
        }
      },
    };
  }
}

/** Per partition: rows of about 1 KiB, at most 40 MB in two generations. */
const CACHED_ROWS = 20_000;
