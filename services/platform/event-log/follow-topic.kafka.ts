import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Admin, Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Topic } from '../../contracts/topics.ts';
import type { Emit } from '../keyed-process/keyed-process.ts';
import type { Logger } from '../logging/logger.ts';
import { SECOND } from '../time/clock.ts';
import { pause } from '../time/rest.ts';
import { fetchedRecord } from './fetched-record.kafka.ts';
import type { RegistryCodec } from './schemas.registry.ts';
import type { TopicNames } from './topic-names.ts';
import { topicOffsets } from './topic-offsets.kafka.ts';

/** A fact of one topic. */
export type FactOf<T extends Topic> = Extract<Emit, { readonly topic: T }>;

export interface FollowOptions<T extends Topic> {
  readonly kafka: Kafka;
  readonly codec: Pick<RegistryCodec, 'decode'>;
  readonly names: TopicNames;
  readonly topic: T;
  /** `beginning`: all that the topic holds, then what comes. `end`: what comes. */
  readonly from: 'beginning' | 'end';
  /** What is not wanted is not read. Default: everything. */
  readonly wants?: (key: string) => boolean;
  readonly learn: (fact: FactOf<T>) => void;
  readonly log: Logger;
}

export interface Following {
  /** Rejects when it cannot go on. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/**
 * Hands the records of all partitions of a topic to this instance, whatever the others do: for what every instance must
 * know. Resolves once everything that was there has been handed over.
 *
 * Each partition in order; again from `from` on after the client had to begin anew, so whoever learns must bear repeats.
 * How far it has come is stored nowhere, and the ledger counts nothing of it.
 */
export async function followTopic<T extends Topic>(options: FollowOptions<T>): Promise<Following> {
  const follower = new TopicFollower(options);
  try {
    await Promise.race([follower.start(), follower.failed, tooLate(options.topic)]);
  } catch (error) {
    await follower.stop();
    throw error;
  }
  return follower;
}

class TopicFollower<T extends Topic> implements Following {
  readonly failed: Promise<never>;
  readonly #options: FollowOptions<T>;
  readonly #admin: Admin;
  readonly #consumer: Consumer;
  readonly #ending = new AbortController();
  /** Ends of the partitions that hold records which were not handed over yet. */
  readonly #behind = new Map<number, number>();
  #caughtUp: () => void = nothing;
  #fetchedAt = performance.now();

  constructor(options: FollowOptions<T>) {
    this.#options = options;
    this.#admin = options.kafka.admin();
    this.#consumer = options.kafka.consumer({
      groupId: options.names.group(`follower-${randomUUID()}`),
      allowAutoTopicCreation: false,
      maxWaitTimeInMs: MAX_WAIT_MS,
      maxBytesPerPartition: 512 * 1024,
    });
    this.failed = new Promise<never>((_, reject) => {
      const { CRASH, FETCH } = this.#consumer.events;
      this.#consumer.on(FETCH, () => {
        this.#fetchedAt = performance.now();
      });
      this.#consumer.on(CRASH, ({ payload }) => {
        if (!payload.restart) reject(payload.error);
      });
      this.#watch().catch(reject);
    });
    this.failed.catch(nothing);
  }

  async start(): Promise<void> {
    const { names, topic, from } = this.#options;
    const name = names.of(topic);
    await this.#admin.connect();
    const offsets = await topicOffsets(this.#admin, name);
    for (const { partition, low, high } of offsets) {
      if (from === 'beginning' && Number(low) < Number(high)) this.#behind.set(partition, Number(high));
    }
    const caughtUp = new Promise<void>((resolve) => {
      this.#caughtUp = resolve;
    });
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [name], fromBeginning: from === 'beginning' });
    await this.#consumer.run({ autoCommit: false, eachBatch: (batch) => this.#take(batch) });
    // Told exactly, so that nothing is missed while the client is still joining.
    if (from === 'end') {
      for (const { partition, high } of offsets)
        this.#consumer.seek({ topic: name, partition, offset: high });
    }
    if (this.#behind.size > 0) await caughtUp;
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await Promise.allSettled([this.#consumer.disconnect(), this.#admin.disconnect()]);
  }

  async #take({ batch, isStale }: EachBatchPayload): Promise<void> {
    const { topic, wants, learn, codec, log } = this.#options;
    for (const { key, value, offset } of batch.messages.map(fetchedRecord)) {
      if (isStale()) return;
      // What was taken back, its key alone is left, is not told: what was learnt of it passes with the process.
      if (value === null || wants?.(key) === false) continue;
      const decoded = await codec.decode(topic, value);
      // What was written to the topic under its schema has the topic's type.
      if (decoded.ok) learn({ topic, key, value: decoded.value } as FactOf<T>);
      else log.warn({ topic, offset, detail: decoded.detail }, 'a record cannot be read and is passed over');
    }
    const { partition } = batch;
    if (Number(batch.lastOffset()) + 1 >= (this.#behind.get(partition) ?? 0)) this.#behind.delete(partition);
    if (this.#behind.size === 0) this.#caughtUp();
  }

  /** Rejects when the client asks for nothing any more although the brokers answer. */
  async #watch(): Promise<void> {
    const { signal } = this.#ending;
    const { topic, names } = this.#options;
    // After all brokers were down the client may need a moment, too.
    let answering = performance.now();
    while (!signal.aborted) {
      await pause(LOOK_EVERY_MS, signal);
      if (signal.aborted || performance.now() - this.#fetchedAt < LOOK_EVERY_MS) continue;
      const answers = await topicOffsets(this.#admin, names.of(topic)).catch(() => undefined);
      const now = performance.now();
      if (answers === undefined) answering = now;
      else if (now - Math.max(answering, this.#fetchedAt) > STALLED_MS)
        throw new Error(`nothing of ${topic} was asked for within ${STALLED_MS / SECOND} s`);
    }
  }
}

const nothing = (): void => undefined;

/** Also how long the client waits for something new. */
const MAX_WAIT_MS = 500;
/** It asks twice a second, also when there is nothing. */
const STALLED_MS = 120 * SECOND;
const LOOK_EVERY_MS = 15 * SECOND;
/** What is followed is small: a few thousand records at most. */
const CAUGHT_UP_WITHIN_MS = 60 * SECOND;

async function tooLate(topic: Topic): Promise<never> {
  await setTimeout(CAUGHT_UP_WITHIN_MS, undefined, { ref: false });
  throw new Error(`${topic} could not be read within ${CAUGHT_UP_WITHIN_MS / SECOND} s`);
}
