import { randomUUID } from 'node:crypto';
import type { Admin, Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Topic } from '../../contracts/topics.ts';
import { SECOND } from '../time/clock.ts';
import { StorageUnavailable } from './event-log.ts';
import { fetchedRecord } from './fetched-record.kafka.ts';
import type { FetchedRecord } from './input-feed.kafka.ts';
import type { TopicNames } from './topic-names.ts';
import { topicOffsets, topicOffsetsAt } from './topic-offsets.kafka.ts';

/** Where reading begins: at an offset, or nowhere in particular yet. */
export type StartOf = (topic: Topic, partition: number) => number | undefined;

export interface DrainOptions {
  readonly kafka: Kafka;
  readonly names: TopicNames;
  readonly topics: readonly Topic[];
  readonly startOf: StartOf;
  /** For places that have no start: the first record from this instant on, epoch ms. Default: the first that is still there. */
  readonly since?: number | undefined;
  /** Takes records of one partition, in order; `next` is the place behind them. One call at a time. */
  readonly take: (
    topic: Topic,
    partition: number,
    records: readonly FetchedRecord[],
    next: number,
  ) => Promise<void>;
}

/** How many records there are to read, and how many were handed over. */
export interface DrainProgress {
  readonly total: number;
  readonly read: number;
}

/**
 * Hands over what topics hold now, all partitions, once: what comes while it reads is left for another time. Stores no
 * position. Rejects with `StorageUnavailable` when the brokers stop answering.
 */
export async function drainTopics(
  options: DrainOptions,
  onProgress: (progress: DrainProgress) => void = () => undefined,
): Promise<void> {
  const { kafka, names, topics } = options;
  const admin = kafka.admin();
  await admin.connect();
  let places: Map<string, Place>;
  try {
    places = await placesOf(admin, options);
  } finally {
    await admin.disconnect();
  }
  if (places.size === 0) return;
  const consumer = kafka.consumer({
    // A group of its own: the client can only read as a member of one.
    groupId: names.group(`drain-${randomUUID()}`),
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 200,
  });
  const drain = new Drain(options, places, onProgress);
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: topics.map((topic) => names.of(topic)), fromBeginning: true });
    await drain.run(consumer);
  } finally {
    await consumer.disconnect();
  }
}

/** What is to be read of one partition. */
interface Place {
  readonly topic: Topic;
  readonly partition: number;
  next: number;
  readonly end: number;
}

const placeId = (name: string, partition: number): string => `${name}/${partition}`;

async function placesOf(
  admin: Admin,
  { names, topics, startOf, since }: DrainOptions,
): Promise<Map<string, Place>> {
  const places = new Map<string, Place>();
  for (const topic of topics) {
    const name = names.of(topic);
    const later = since === undefined ? [] : await topicOffsetsAt(admin, name, since);
    for (const { partition, low, high } of await topicOffsets(admin, name)) {
      const first = later.find((one) => one.partition === partition)?.offset ?? low;
      const next = Math.max(Number(low), startOf(topic, partition) ?? Number(first));
      if (next < Number(high))
        places.set(placeId(name, partition), { topic, partition, next, end: Number(high) });
    }
  }
  return places;
}

class Drain {
  readonly #options: DrainOptions;
  readonly #places: ReadonlyMap<string, Place>;
  readonly #onProgress: (progress: DrainProgress) => void;
  readonly #total: number;
  #read = 0;
  #movedAt = performance.now();
  #done: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;

  constructor(
    options: DrainOptions,
    places: ReadonlyMap<string, Place>,
    onProgress: (progress: DrainProgress) => void,
  ) {
    this.#options = options;
    this.#places = places;
    this.#onProgress = onProgress;
    this.#total = [...places.values()].reduce((total, { next, end }) => total + end - next, 0);
  }

  async run(consumer: Consumer): Promise<void> {
    const over = new Promise<void>((resolve, reject) => {
      this.#done = resolve;
      this.#fail = reject;
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) this.#fail(payload.error);
    });
    await consumer.run({
      autoCommit: false,
      // One at a time, as the client does it when nothing else is asked.
      eachBatch: (batch) => this.#take(batch).catch((error: unknown) => this.#fail(error)),
    });
    for (const [id, { partition, next }] of this.#places) {
      consumer.seek({ topic: id.slice(0, id.lastIndexOf('/')), partition, offset: String(next) });
    }
    const watch = setInterval(() => {
      if (performance.now() - this.#movedAt < STALLED_MS) return;
      this.#fail(new StorageUnavailable('busy', `Kafka sent nothing for ${STALLED_MS / SECOND} s`));
    }, SECOND);
    try {
      await over;
    } finally {
      clearInterval(watch);
    }
  }

  /** After the client had to begin anew, records come again: those behind us are passed over. */
  async #take({ batch }: EachBatchPayload): Promise<void> {
    const place = this.#places.get(placeId(batch.topic, batch.partition));
    if (place === undefined || place.next >= place.end) return;
    const records = batch.messages
      .map(fetchedRecord)
      .filter(({ offset }) => offset >= place.next && offset < place.end);
    const next = Math.min(place.end, Number(batch.lastOffset()) + 1);
    if (next <= place.next) return;
    await this.#options.take(place.topic, place.partition, records, next);
    this.#read += next - place.next;
    place.next = next;
    this.#movedAt = performance.now();
    this.#onProgress({ total: this.#total, read: this.#read });
    if ([...this.#places.values()].every((one) => one.next >= one.end)) this.#done();
  }
}

/** Longer than a broker's restart. */
const STALLED_MS = 60 * SECOND;
