import { randomUUID } from 'node:crypto';
import type { EachBatchPayload, Kafka } from 'kafkajs';
import type { Topic } from '../../contracts/topics.ts';
import type { Emit } from '../keyed-process/keyed-process.ts';
import type { Logger } from '../logging/logger.ts';
import { SECOND } from '../time/clock.ts';
import { fetchedRecord } from './fetched-record.kafka.ts';
import type { RegistryCodec } from './schemas.registry.ts';
import type { TopicNames } from './topic-names.ts';

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
  const { kafka, names, topic, from, log } = options;
  const name = names.of(topic);
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(name).finally(() => admin.disconnect());
  const behind = new Map(
    offsets
      .filter(({ low, high }) => from === 'beginning' && Number(low) < Number(high))
      .map(({ partition, high }) => [partition, Number(high)]),
  );
  const consumer = kafka.consumer({
    groupId: names.group(`follower-${randomUUID()}`),
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: MAX_WAIT_MS,
    maxBytesPerPartition: 512 * 1024,
  });
  const failed = new Promise<never>((_, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) reject(payload.error);
    });
  });
  failed.catch(() => undefined);
  let caughtUp: () => void = () => undefined;
  const isCaughtUp = new Promise<void>((resolve) => {
    caughtUp = resolve;
    if (behind.size === 0) resolve();
  });
  const take = async ({ batch, isStale }: EachBatchPayload): Promise<void> => {
    for (const message of batch.messages) {
      const { key, value, offset } = fetchedRecord(message);
      if (isStale()) return;
      if (options.wants?.(key) === false) continue;
      const decoded = await options.codec.decode(topic, value);
      // What was written to the topic under its schema has the topic's type.
      if (decoded.ok) options.learn({ topic, key, value: decoded.value } as FactOf<T>);
      else log.warn({ topic, offset, detail: decoded.detail }, 'a record cannot be read and is passed over');
    }
    if (Number(batch.lastOffset()) + 1 >= (behind.get(batch.partition) ?? 0)) behind.delete(batch.partition);
    if (behind.size === 0) caughtUp();
  };
  await consumer.connect();
  await consumer.subscribe({ topics: [name], fromBeginning: from === 'beginning' });
  await consumer.run({ autoCommit: false, eachBatch: take });
  // Told exactly, so that nothing is missed while the client is still joining.
  if (from === 'end')
    for (const { partition, high } of offsets) consumer.seek({ topic: name, partition, offset: high });
  const stop = (): Promise<void> => consumer.disconnect();
  try {
    await Promise.race([isCaughtUp, failed, tooLate(topic)]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { failed, stop };
}

/** Also how long the client waits for something new. */
const MAX_WAIT_MS = 500;
/** What is followed is small: a few thousand records at most. */
const CAUGHT_UP_WITHIN_MS = 60 * SECOND;

const tooLate = (topic: Topic): Promise<never> =>
  new Promise((_, reject) => {
    const why = `${topic} could not be read within ${CAUGHT_UP_WITHIN_MS / SECOND} s`;
    setTimeout(() => reject(new Error(why)), CAUGHT_UP_WITHIN_MS).unref();
  });
