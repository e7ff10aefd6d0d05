import kafkajs, { type Kafka } from 'kafkajs';
import type { Topic } from '../../contracts/topics.ts';
import { partitionOf } from '../../platform/event-log/partition-of.ts';
import type { RegistryCodec } from '../../platform/event-log/schemas.registry.ts';
import type { TopicNames } from '../../platform/event-log/topic-names.ts';
import type { Emit, TopicRecord } from '../../platform/keyed-process/keyed-process.ts';
import { crashPoint } from '../../platform/process/crash-point.ts';
import type { DataFileReader } from './data-file.ts';

/** Topics that pages read stories from: all of them goes along, in order. */
export const STORY_TOPICS = ['assessments', 'alerts'] as const;
/** Topics of which others read the latest value of each key. */
export const LATEST_TOPICS = ['contact-holds', 'silences'] as const;

export interface HistoryOptions {
  readonly kafka: Kafka;
  readonly names: TopicNames;
  readonly codec: RegistryCodec;
  readonly partitions: number;
}

/** Where the records of a topic lie now. */
export class Moved {
  readonly #places: number[] = [];
  /** The end of each partition. */
  readonly ends: number[];

  constructor(partitions: number) {
    this.ends = Array.from({ length: partitions }, () => 0);
  }

  put(from: number, partition: number, offset: number): void {
    this.#places[from] = offset;
    this.ends[partition] = Math.max(this.ends[partition] ?? 0, offset + 1);
  }

  /** Nothing when retention had removed the record. */
  at(from: number): number | undefined {
    return this.#places[from];
  }
}

/**
 * Brings to Kafka what must be there: stories, and the latest value of each compacted key. A run that was interrupted
 * leaves records that nothing points to and nobody has read; they are counted as given and stepped over.
 */
export async function moveHistory(
  file: DataFileReader,
  options: HistoryOptions,
): Promise<ReadonlyMap<Topic, Moved>> {
  const producer = options.kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const moved = new Map<Topic, Moved>();
  try {
    const send = async (topic: Topic, records: readonly TopicRecord<Topic>[], into: Moved): Promise<void> => {
      for (const [partition, ofPartition] of byPartition(records, options.partitions)) {
        const [answer] = await producer.send({
          topic: options.names.of(topic),
          acks: -1,
          compression: kafkajs.CompressionTypes.ZSTD,
          messages: ofPartition.map((record) => ({
            partition,
            key: record.key,
            timestamp: String(record.appendedAt),
            // A topic's records have its values; the generic record cannot say so.
            value: options.codec.encode(record as Emit),
          })),
        });
        const base = Number(answer?.baseOffset);
        crashPoint('cp1');
        for (const [index, { offset }] of ofPartition.entries()) into.put(offset, partition, base + index);
      }
    };
    for (const topic of STORY_TOPICS) {
      const into = new Moved(options.partitions);
      moved.set(topic, into);
      for (const records of file.records(topic)) await send(topic, records, into);
    }
    for (const topic of LATEST_TOPICS) {
      const into = new Moved(options.partitions);
      moved.set(topic, into);
      const latest = new Map<string, TopicRecord<Topic>>();
      for (const records of file.records(topic)) for (const record of records) latest.set(record.key, record);
      await send(topic, [...latest.values()], into);
    }
    return moved;
  } finally {
    await producer.disconnect();
  }
}

function byPartition(
  records: readonly TopicRecord<Topic>[],
  partitions: number,
): ReadonlyMap<number, readonly TopicRecord<Topic>[]> {
  const found = new Map<number, TopicRecord<Topic>[]>();
  for (const record of records) {
    const partition = partitionOf(record.key, partitions);
    found.set(partition, [...(found.get(partition) ?? []), record]);
  }
  return found;
}
