import type { Admin, Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Topic } from '../../contracts/topics.ts';
import { coPartitioned } from '../event-log/co-partitioned.kafka.ts';
import { StorageUnavailable } from '../event-log/event-log.ts';
import { fetchedRecord } from '../event-log/fetched-record.kafka.ts';
import { type Lag, PartitionEnds } from '../event-log/partition-ends.ts';
import type { TopicNames } from '../event-log/topic-names.ts';
import { topicOffsets, topicOffsetsAt } from '../event-log/topic-offsets.kafka.ts';
import type { Logger } from '../logging/logger.ts';
import { describeError } from '../process/run-process.ts';
import type { Clock } from '../time/clock.ts';
import { pause } from '../time/rest.ts';
import type { OpenPartition, Unfetched } from './open-partition.ts';
import { PositionTaken } from './state-store.ts';

export interface GroupRunnerOptions {
  readonly kafka: Kafka;
  /** The service: its consumer group. */
  readonly service: string;
  readonly names: TopicNames;
  readonly topics: readonly Topic[];
  /** Opens one partition that was assigned; called again after it was lost and came back. */
  readonly open: (partition: number, onRoom: (topic: Topic) => void) => OpenPartition;
  readonly log: Logger;
  readonly clock: Clock;
  /** Where to begin what was never read: the first record from this instant on, epoch ms. Default: the first. */
  readonly from?: number;
  readonly onRebalance?: () => void;
  readonly onCrash?: (restarted: boolean) => void;
  /** Default: `SESSION_TIMEOUT_MS`. Shorter finds a dead member sooner. */
  readonly sessionTimeoutMs?: number;
}

/** A member that is not heard of for so long has lost its partitions. Deployments should not cause that. */
const SESSION_TIMEOUT_MS = 30_000;
const REBALANCE_TIMEOUT_MS = 60_000;
const HEARTBEAT_MS = 1_000;
/** A broker that answers for each single record keeps both sides busy with answers. */
const MIN_BYTES = 64 * 1024;
/** So late may a record be fetched for that; and so often it is asked for, also when there is nothing. */
const MAX_WAIT_MS = 50;
/** Ends of partitions of which nothing is fetched. */
const ENDS_EVERY_MS = 15_000;
const FETCHES_WITHIN_MS = 60_000;
const MAX_BYTES_PER_PARTITION = 1024 * 1024;
/** How long a partition that its runner had to leave rests before it is opened again, if it is still ours. */
const REOPEN_AFTER_MS = 5_000;
const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 5_000;

/**
 * Runs the partitions that the service's consumer group assigns to this instance.
 *
 * Kafka says which partitions are ours; the store says where each of them stands, and fences whoever had it
 * before. The group's own offsets are not used. Fetching only fills the partitions' feeds, so the member stays
 * in its group however long a pass takes; a feed that is full pauses its topic.
 */
export class GroupRunner {
  readonly #options: GroupRunnerOptions;
  readonly #consumer: Consumer;
  readonly #admin: Admin;
  readonly #slots = new Map<number, Slot>();
  #fail: (error: unknown) => void = nothing;
  #joined = false;
  /** False while the client begins again after a crash: it can be told nothing then, and hears it all when it has joined. */
  #told = false;
  #stopped = false;
  #fetchedAt = performance.now();
  readonly #ends: PartitionEnds;
  readonly #ending = new AbortController();

  constructor(options: GroupRunnerOptions) {
    this.#options = options;
    this.#admin = options.kafka.admin();
    this.#ends = new PartitionEnds(options.clock);
    this.#consumer = options.kafka.consumer({
      groupId: options.names.group(options.service),
      allowAutoTopicCreation: false,
      partitionAssigners: [coPartitioned],
      sessionTimeout: options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      heartbeatInterval: Math.min(HEARTBEAT_MS, (options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS) / 3),
      minBytes: MIN_BYTES,
      maxWaitTimeInMs: MAX_WAIT_MS,
      maxBytesPerPartition: MAX_BYTES_PER_PARTITION,
    });
  }

  /** Runs until `stop`, then hands its partitions over. Rejects when it cannot go on. */
  async run(stop: AbortSignal): Promise<void> {
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    const stopped = new Promise<void>((resolve) => {
      if (stop.aborted) resolve();
      stop.addEventListener('abort', () => resolve(), { once: true });
    });
    try {
      await Promise.race([this.#start(), failed]);
      await Promise.race([stopped, failed]);
    } finally {
      await this.#stop();
    }
  }

  /** The partitions that run here now. */
  partitions(): readonly number[] {
    return [...this.#slots].filter(([, slot]) => slot.running).map(([partition]) => partition);
  }

  opened(): readonly OpenPartition[] {
    return [...this.#slots.values()].flatMap((slot) => (slot.running ? [slot.opened] : []));
  }

  /** What the log holds beyond what was fetched, of topics that have room for it. Nothing while the client is fetching. */
  async unfetched(): Promise<readonly Unfetched[]> {
    if (this.#isFetching()) return [];
    const { topics, names } = this.#options;
    const unfetched: Unfetched[] = [];
    for (const topic of topics) {
      const offsets = await topicOffsets(this.#admin, names.of(topic));
      for (const [partition, { running, opened }] of this.#slots) {
        const end = Number(offsets.find((one) => one.partition === partition)?.high ?? 0);
        const next = opened.feed.tail(topic);
        const full = opened.feed.waiting().some((one) => one.topic === topic && one.full);
        if (running && !full && next < end) unfetched.push({ topic, partition, next, end });
      }
    }
    return unfetched;
  }

  /** How far this instance is behind, in each topic of each partition that runs here. */
  lags(): readonly Lag[] {
    return [...this.#slots].flatMap(([partition, { running, opened }]) =>
      running ? opened.feed.waiting().map((one) => this.#lagOf(partition, one)) : [],
    );
  }

  #lagOf(partition: number, one: ReturnType<OpenPartition['feed']['waiting']>[number]): Lag {
    const lag = this.#ends.lag(one.topic, partition, one);
    return one.since === undefined && this.#isFetching() ? { ...lag, records: 0, seconds: 0 } : lag;
  }

  /** The client asks for more all the time. What it is not given is not there: a log may end with places without a record. */
  #isFetching(): boolean {
    return performance.now() - this.#fetchedAt < FETCHES_WITHIN_MS;
  }

  /** Whether this instance is a member of its group, with everything that it was assigned open. */
  get ready(): boolean {
    return this.#joined && [...this.#slots.values()].every((slot) => slot.running);
  }

  async #start(): Promise<void> {
    const { topics, onCrash } = this.#options;
    const { GROUP_JOIN, REBALANCING, STOP, CRASH, FETCH } = this.#consumer.events;
    this.#consumer.on(FETCH, () => {
      this.#fetchedAt = performance.now();
    });
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      this.#told = true;
      this.#assigned(payload.memberAssignment);
    });
    this.#consumer.on(STOP, () => {
      this.#told = false;
    });
    this.#consumer.on(REBALANCING, () => this.#options.onRebalance?.());
    this.#consumer.on(CRASH, ({ payload }) => {
      this.#joined = false;
      onCrash?.(payload.restart);
      // A consumer that stays down in a process that lives on would be the worst of all.
      if (!payload.restart) this.#fail(payload.error);
    });
    await this.#admin.connect();
    await this.#consumer.connect();
    await this.#consumer.subscribe({
      topics: topics.map((topic) => this.#options.names.of(topic)),
      fromBeginning: true,
    });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 4,
      eachBatch: async (batch) => this.#fetched(batch),
    });
    void this.#lookAtEnds();
  }

  async #lookAtEnds(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      for (const topic of this.#options.topics) {
        // While no broker answers, what is known stays.
        const offsets = await topicOffsets(this.#admin, this.#options.names.of(topic)).catch(() => []);
        for (const { partition, high } of offsets) this.#ends.note(topic, partition, Number(high));
      }
      await pause(ENDS_EVERY_MS, signal);
    }
  }

  #assigned(assignment: Readonly<Record<string, readonly number[]>>): void {
    if (this.#stopped) return;
    this.#options.onRebalance?.();
    const wanted = topicsByPartition(assignment, this.#options.names);
    this.#options.log.info({ partitions: [...wanted.keys()] }, 'partitions assigned');
    for (const [partition, slot] of this.#slots) {
      if (wanted.has(partition)) continue;
      this.#slots.delete(partition);
      void this.#close(partition, slot);
    }
    for (const [partition, topics] of wanted) {
      const slot = this.#slots.get(partition);
      if (slot?.running === true) this.#fetchFromTails(partition, slot);
      else if (slot === undefined) this.#add(partition, topics);
      else this.#pause(partition, topics);
    }
    this.#joined = true;
  }

  #add(partition: number, topics: readonly Topic[]): void {
    this.#pause(partition, topics);
    const slot = this.#newSlot(partition, topics);
    this.#slots.set(partition, slot);
    slot.work = this.#keepOpen(partition, slot).catch((error: unknown) => this.#fail(error));
  }

  #newSlot(partition: number, topics: readonly Topic[]): Slot {
    const onRoom = (topic: Topic): void => {
      if (this.#slots.get(partition) === slot && slot.running) this.#resume(partition, [topic]);
    };
    const slot: Slot = {
      topics,
      stop: new AbortController(),
      opened: this.#options.open(partition, onRoom),
      onRoom,
      running: false,
      work: Promise.resolve(),
    };
    return slot;
  }

  /** Opens the partition and runs it; when its runner had to leave it while it is still ours, once more. */
  async #keepOpen(partition: number, slot: Slot): Promise<void> {
    const { signal } = slot.stop;
    while (!signal.aborted) {
      try {
        await this.#begin(partition, slot);
        if (signal.aborted) return;
        await slot.opened.run(signal);
      } catch (error) {
        if (!(error instanceof PositionTaken)) throw error;
        this.#options.log.warn({ partition, reason: error.message }, 'the partition has another owner');
      } finally {
        slot.running = false;
      }
      if (signal.aborted) return;
      this.#pause(partition, slot.topics);
      await pause(REOPEN_AFTER_MS, signal);
      slot.opened = this.#options.open(partition, slot.onRoom);
    }
  }

  /** Takes the partition in the store and sets the consumer to where it stands. */
  async #begin(partition: number, slot: Slot): Promise<void> {
    let retryInMs = FIRST_RETRY_MS;
    while (!slot.stop.signal.aborted) {
      try {
        const positions = await slot.opened.positions(slot.topics);
        const starts = await this.#starts(partition, positions);
        if (slot.stop.signal.aborted) return;
        for (const [topic, offset, inOrderUntil] of starts)
          slot.opened.feed.begin(topic, offset, inOrderUntil);
        slot.running = true;
        this.#fetchFromTails(partition, slot);
        return;
      } catch (error) {
        if (!(error instanceof StorageUnavailable)) throw error;
        this.#options.log.warn(
          { partition, error: describeError(error).split('\n')[0] },
          'cannot open a partition yet',
        );
        await pause(retryInMs, slot.stop.signal);
        retryInMs = Math.min(LAST_RETRY_MS, retryInMs * 2);
      }
    }
  }

  /** Where each topic is read from: its position, or the first record that retention has left. */
  async #starts(
    partition: number,
    positions: ReadonlyMap<Topic, number>,
  ): Promise<readonly (readonly [topic: Topic, offset: number, inOrderUntil: number])[]> {
    return Promise.all(
      [...positions].map(async ([topic, position]) => {
        const offsets = await topicOffsets(this.#admin, this.#options.names.of(topic));
        const found = offsets.find((one) => one.partition === partition);
        if (found === undefined)
          throw new StorageUnavailable('closed', `Kafka says nothing of ${topic}/${partition} now`);
        const [low, end] = [Number(found.low), Number(found.high)];
        if (position > end) {
          throw new StorageUnavailable(
            'closed',
            `${topic}/${partition} was read up to ${position} and ends at ${end}: Kafka has lost records or is another one; see infra/runbooks/backup-and-upgrade.md`,
          );
        }
        if (position > 0 && low > position) {
          this.#options.log.error(
            { topic, partition, position, low },
            'records were removed by retention before they were read',
          );
        }
        const { from } = this.#options;
        if (position === 0 && from !== undefined) {
          return [topic, await this.#offsetAt(topic, partition, from), end] as const;
        }
        return [topic, Math.max(position, low), from === undefined ? 0 : end] as const;
      }),
    );
  }

  async #offsetAt(topic: Topic, partition: number, instant: number): Promise<number> {
    const offsets = await topicOffsetsAt(this.#admin, this.#options.names.of(topic), instant);
    return Number(offsets.find((one) => one.partition === partition)?.offset ?? 0);
  }

  #fetchFromTails(partition: number, slot: Slot): void {
    if (!this.#told) return;
    for (const topic of slot.topics) {
      const offset = String(slot.opened.feed.tail(topic));
      this.#consumer.seek({ topic: this.#options.names.of(topic), partition, offset });
    }
    this.#resume(partition, slot.topics);
  }

  #fetched({ batch, resolveOffset, isStale, pause: pauseTopic }: EachBatchPayload): void {
    const slot = this.#slots.get(batch.partition);
    const topic = this.#options.names.topic(batch.topic);
    if (slot === undefined || topic === undefined || !slot.running || isStale()) return;
    const records = batch.messages.map(fetchedRecord);
    const next = Number(batch.lastOffset()) + 1;
    this.#ends.note(topic, batch.partition, Number(batch.highWatermark));
    if (slot.opened.feed.push(topic, records, next)) pauseTopic();
    resolveOffset(batch.lastOffset());
    slot.opened.wake();
  }

  #pause(partition: number, topics: readonly Topic[]): void {
    if (!this.#told) return;
    this.#consumer.pause(
      topics.map((topic) => ({ topic: this.#options.names.of(topic), partitions: [partition] })),
    );
  }

  #resume(partition: number, topics: readonly Topic[]): void {
    if (!this.#told) return;
    this.#consumer.resume(
      topics.map((topic) => ({ topic: this.#options.names.of(topic), partitions: [partition] })),
    );
  }

  async #close(partition: number, slot: Slot): Promise<void> {
    slot.stop.abort();
    await slot.work;
    this.#options.log.info({ partition }, 'partition handed over');
  }

  async #stop(): Promise<void> {
    this.#stopped = true;
    this.#ending.abort();
    await Promise.all([...this.#slots].map(([partition, slot]) => this.#close(partition, slot)));
    this.#slots.clear();
    await Promise.allSettled([this.#consumer.disconnect(), this.#admin.disconnect()]);
    this.#joined = false;
  }
}

interface Slot {
  readonly topics: readonly Topic[];
  readonly stop: AbortController;
  readonly onRoom: (topic: Topic) => void;
  opened: OpenPartition;
  /** Its positions are known and its runner works. */
  running: boolean;
  work: Promise<void>;
}

const nothing = (): void => undefined;

function topicsByPartition(
  assignment: Readonly<Record<string, readonly number[]>>,
  names: TopicNames,
): ReadonlyMap<number, readonly Topic[]> {
  const wanted = new Map<number, Topic[]>();
  for (const [name, partitions] of Object.entries(assignment)) {
    const topic = names.topic(name);
    if (topic === undefined) continue;
    for (const partition of partitions) wanted.set(partition, [...(wanted.get(partition) ?? []), topic]);
  }
  return wanted;
}
