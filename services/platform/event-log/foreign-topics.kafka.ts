import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Logger } from '../logging/logger.ts';
import { StorageUnavailable } from './event-log.ts';
import type { ForeignValue } from './schemas.registry.ts';

/** A record of a topic that belongs to somebody else. */
export interface ForeignRecord {
  /** Its name in Kafka. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly bytes: Buffer | null;
  /** What its writer's schema says that it is, or why nobody can read it. */
  readonly read: ForeignValue;
}

export interface ForeignTopicsOptions {
  readonly kafka: Kafka;
  readonly group: string;
  readonly topics: readonly string[];
  readonly decode: (bytes: Buffer | null) => Promise<ForeignValue>;
  /** Stores what the records say. Those of a batch that was not stored come again. */
  readonly handle: (records: readonly ForeignRecord[]) => Promise<void>;
  readonly log: Logger;
}

/**
 * Reads topics that others own: any number of partitions, any key, their own schemas.
 *
 * At least once, each partition in order: offsets are committed to Kafka after `handle` has stored a batch, so
 * whoever handles must know a repeat when it comes. While nothing can be stored, it waits and stays in its group.
 * Runs until `stop`; rejects when it cannot go on.
 */
export async function readForeignTopics(options: ForeignTopicsOptions, stop: AbortSignal): Promise<void> {
  const consumer = options.kafka.consumer({
    groupId: options.group,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 200,
    maxBytesPerPartition: 1024 * 1024,
  });
  const failed = new Promise<never>((_, reject) => {
    // A consumer that stays down in a process that lives on would be the worst of all.
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) reject(payload.error);
    });
  });
  const stopped = new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    stop.addEventListener('abort', () => resolve(), { once: true });
  });
  try {
    await Promise.race([start(consumer, options, stop), failed]);
    await Promise.race([stopped, failed]);
  } finally {
    await consumer.disconnect();
  }
}

async function start(consumer: Consumer, options: ForeignTopicsOptions, stop: AbortSignal): Promise<void> {
  await consumer.connect();
  await consumer.subscribe({ topics: [...options.topics], fromBeginning: true });
  await consumer.run({
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: 4,
    eachBatch: (batch) => takeBatch(batch, options, stop),
  });
}

async function takeBatch(
  { batch, resolveOffset, heartbeat, isRunning, isStale }: EachBatchPayload,
  { decode, handle, log }: ForeignTopicsOptions,
  stop: AbortSignal,
): Promise<void> {
  const goesOn = (): boolean => isRunning() && !isStale() && !stop.aborted;
  for (let from = 0; from < batch.messages.length && goesOn(); ) {
    const messages = batch.messages.slice(from, from + RECORDS_TOGETHER);
    try {
      const records: ForeignRecord[] = [];
      for (const { offset, key, value } of messages) {
        const { topic, partition } = batch;
        const place = { topic, partition, offset: Number(offset), key: key?.toString('utf8') ?? '' };
        records.push({ ...place, bytes: value, read: await decode(value) });
      }
      await handle(records);
    } catch (error) {
      if (!(error instanceof StorageUnavailable)) throw error;
      log.warn({ topic: batch.topic, reason: error.reason }, 'records of a source cannot be stored now');
      await new Promise((resume) => setTimeout(resume, AGAIN_AFTER_MS));
      await heartbeat();
      continue;
    }
    from += messages.length;
    const last = messages.at(-1);
    if (last !== undefined) resolveOffset(last.offset);
    await heartbeat();
  }
}

/** One transaction each. */
const RECORDS_TOGETHER = 500;
const AGAIN_AFTER_MS = 1_000;
