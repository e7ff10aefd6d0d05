import { randomUUID } from 'node:crypto';
import type { Admin, Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Topic } from '../../contracts/topics.ts';
import type { TopicRecord } from '../keyed-process/keyed-process.ts';
import { StorageUnavailable } from './event-log.ts';
import { fetchedRecord } from './fetched-record.kafka.ts';
import type { FetchedRecord } from './input-feed.kafka.ts';
import type { RegistryCodec } from './schemas.registry.ts';
import type { TopicNames } from './topic-names.ts';
import { topicOffsets } from './topic-offsets.kafka.ts';
import { asUnavailable } from './unavailable.kafka.ts';

export interface KafkaReaderOptions {
  readonly kafka: Kafka;
  readonly codec: Pick<RegistryCodec, 'decode'>;
  readonly names: TopicNames;
  /** The topics that may be read. */
  readonly topics: readonly Topic[];
}

/**
 * Reads single places of the log, for pages that tell a story.
 *
 * The client can only read as a member of a group, so this is a group of its own, with one member, that never
 * commits anything and stands still on all partitions but the one that is asked for. Questions wait for one
 * another. Costs a few milliseconds a place: for people, not for processing.
 */
export class KafkaReader {
  readonly #options: KafkaReaderOptions;
  readonly #consumer: Consumer;
  readonly #admin: Admin;
  #connected: Promise<void> | undefined;
  #started: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #wanted: Wanted | undefined;

  constructor(options: KafkaReaderOptions) {
    this.#options = options;
    this.#admin = options.kafka.admin();
    this.#consumer = options.kafka.consumer({
      groupId: options.names.group(`reader-${randomUUID()}`),
      allowAutoTopicCreation: false,
      maxWaitTimeInMs: 50,
      maxBytesPerPartition: 512 * 1024,
      sessionTimeout: 30_000,
    });
  }

  /** At most `limit` records from `offset` on. */
  read<T extends Topic>(
    topic: T,
    partition: number,
    offset: number,
    limit: number,
  ): Promise<TopicRecord<T>[]> {
    return this.#inTurn(async () => {
      const { low, high } = await this.#range(topic, partition);
      const records: TopicRecord<T>[] = [];
      let next = Math.max(offset, low);
      while (records.length < limit && next < high) {
        const fetched = await this.#fetch(topic, partition, next);
        const last = fetched.at(-1);
        if (last === undefined) break;
        for (const record of fetched.slice(0, limit - records.length)) {
          const decoded = await this.#decoded<T>(topic, partition, record);
          if (decoded !== undefined) records.push(decoded);
        }
        next = last.offset + 1;
      }
      return records;
    });
  }

  /** The records at exactly these offsets, where they still exist. */
  fetch<T extends Topic>(topic: T, partition: number, offsets: readonly number[]): Promise<TopicRecord<T>[]> {
    return this.#inTurn(async () => {
      if (offsets.length === 0) return [];
      const { low, high } = await this.#range(topic, partition);
      const wanted = [...new Set(offsets)].filter((one) => one >= low && one < high).sort((a, b) => a - b);
      const found = new Map<number, TopicRecord<T>>();
      let buffer: readonly FetchedRecord[] = [];
      for (const offset of wanted) {
        if (!buffer.some((record) => record.offset >= offset)) {
          buffer = await this.#fetch(topic, partition, offset);
        }
        const record = buffer.find((one) => one.offset === offset);
        const decoded = record === undefined ? undefined : await this.#decoded<T>(topic, partition, record);
        if (decoded !== undefined) found.set(offset, decoded);
      }
      return offsets.flatMap((offset) => found.get(offset) ?? []);
    });
  }

  async endOffset(topic: Topic, partition: number): Promise<number> {
    await this.#connectAdmin();
    return (await this.#range(topic, partition)).high;
  }

  async close(): Promise<void> {
    await this.#turn;
    if (this.#started !== undefined) await this.#consumer.disconnect();
    if (this.#connected !== undefined) await this.#admin.disconnect();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      this.#started ??= this.#start().catch((error: unknown) => {
        this.#started = undefined;
        throw asUnavailable(error);
      });
      await this.#started;
      return work();
    });
    this.#turn = turn.then(nothing, nothing);
    return turn;
  }

  #connectAdmin(): Promise<void> {
    this.#connected ??= this.#admin.connect().catch((error: unknown) => {
      this.#connected = undefined;
      throw asUnavailable(error);
    });
    return this.#connected;
  }

  async #start(): Promise<void> {
    const topics = this.#options.topics.map((topic) => this.#options.names.of(topic));
    await this.#connectAdmin();
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics, fromBeginning: true });
    const joined = new Promise<void>((resolve) => {
      this.#consumer.on(this.#consumer.events.GROUP_JOIN, () => {
        this.#consumer.pause(topics.map((topic) => ({ topic })));
        resolve();
      });
    });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async (batch) => this.#take(batch),
    });
    await joined;
  }

  #take({ batch, isStale }: EachBatchPayload): void {
    const wanted = this.#wanted;
    if (wanted === undefined || isStale()) return;
    const { topic, partition, offset, resolve } = wanted;
    if (batch.topic !== topic || batch.partition !== partition) return;
    // The client's types do not tell from where a batch was fetched; an earlier question's may still come.
    if (Number((batch as { fetchedOffset?: string }).fetchedOffset) !== offset) return;
    const records = batch.messages.map(fetchedRecord).filter((record) => record.offset >= offset);
    resolve(records);
  }

  async #fetch(topic: Topic, partition: number, offset: number): Promise<readonly FetchedRecord[]> {
    const name = this.#options.names.of(topic);
    let timeout: NodeJS.Timeout | undefined;
    try {
      return await new Promise<readonly FetchedRecord[]>((resolve, reject) => {
        timeout = setTimeout(
          () => reject(new StorageUnavailable('busy', `no answer about ${topic}`)),
          ANSWER_WITHIN_MS,
        );
        this.#wanted = { topic: name, partition, offset, resolve };
        this.#consumer.seek({ topic: name, partition, offset: String(offset) });
        this.#consumer.resume([{ topic: name, partitions: [partition] }]);
      });
    } catch (error) {
      throw asUnavailable(error);
    } finally {
      clearTimeout(timeout);
      this.#wanted = undefined;
      this.#pause(name);
    }
  }

  #pause(name: string): void {
    try {
      // Without partitions: pausing one of them would let all others run.
      this.#consumer.pause([{ topic: name }]);
    } catch {
      // The client begins again after a crash; when it has joined, all is paused.
    }
  }

  async #range(topic: Topic, partition: number): Promise<{ readonly low: number; readonly high: number }> {
    const offsets = await topicOffsets(this.#admin, this.#options.names.of(topic));
    const found = offsets.find((one) => one.partition === partition);
    return { low: Number(found?.low ?? 0), high: Number(found?.high ?? 0) };
  }

  async #decoded<T extends Topic>(
    topic: T,
    partition: number,
    { offset, timestamp, key, value, trace }: FetchedRecord,
  ): Promise<TopicRecord<T> | undefined> {
    const decoded = await this.#options.codec.decode(topic, value);
    if (!decoded.ok) return undefined;
    // What was written to the topic under its schema has the topic's type.
    return {
      topic,
      key,
      value: decoded.value as TopicRecord<T>['value'],
      partition,
      offset,
      appendedAt: timestamp,
      ...(trace === undefined ? {} : { trace }),
    };
  }
}

/** A page waits for this. */
const ANSWER_WITHIN_MS = 5_000;

interface Wanted {
  /** Its name in Kafka. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly resolve: (records: readonly FetchedRecord[]) => void;
}

const nothing = (): void => undefined;
