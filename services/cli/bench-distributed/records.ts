import kafkajs, { type Kafka } from 'kafkajs';
import type { Source } from '../../contracts/sources.ts';
import type { Batch } from '../../embedded/bench/traffic.ts';
import { parseRecord } from '../../ingestion/domain/parse-record.ts';
import type { RegistryCodec } from '../../platform/event-log/schemas.registry.ts';
import type { TopicNames } from '../../platform/event-log/topic-names.ts';
import type { Emit } from '../../platform/keyed-process/keyed-process.ts';

/** One record as a company's own producer would send it. */
export interface SourceMessage {
  readonly source: Source;
  readonly key: string;
  readonly value: Buffer;
}

/** Encodes what the traffic made, in the wire format, under the key of the source. */
export function encodeBatch({ source, records }: Batch, codec: RegistryCodec, now: number): SourceMessage[] {
  return records.map((value) => {
    const parsed = parseRecord(source, value, now);
    if (!parsed.ok) throw new Error(`made-up traffic is not accepted: ${JSON.stringify(parsed.problems)}`);
    const { record } = parsed;
    const key = record.customerId ?? record.id;
    // A source topic's value is that source's record; TypeScript cannot follow so far.
    return { source, key, value: codec.encode({ topic: source, key, value: record } as Emit) };
  });
}

export interface SourceProducer {
  send(messages: readonly SourceMessage[]): Promise<void>;
  close(): Promise<void>;
}

export async function sourceProducer(kafka: Kafka, names: TopicNames): Promise<SourceProducer> {
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  return {
    send: async (messages) => {
      const topics = new Map<string, { key: string; value: Buffer }[]>();
      for (const { source, key, value } of messages) {
        const name = names.of(source);
        topics.set(name, [...(topics.get(name) ?? []), { key, value }]);
      }
      const topicMessages = [...topics].map(([topic, ofTopic]) => ({ topic, messages: ofTopic }));
      await producer.sendBatch({ acks: -1, compression: kafkajs.CompressionTypes.ZSTD, topicMessages });
    },
    close: () => producer.disconnect(),
  };
}
