import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import kafkajs, { type Kafka } from 'kafkajs';
import type { RegistryAccess } from '../../platform/distributed/schema-registration.ts';
import { unframed } from '../../platform/event-log/wire-format.ts';

export interface RawLoopOptions {
  readonly kafka: Kafka;
  readonly group: string;
  /** The topics that hold the records. */
  readonly from: readonly string[];
  readonly to: string;
  readonly records: number;
  /** Records before the clock starts, if they come in several batches: code that runs for the first time is slow. */
  readonly warmUp: number;
  /** What becomes of a record's bytes. Default: they are produced as they came. */
  readonly pass?: (value: Buffer) => Promise<Buffer>;
}

/**
 * The yardstick: a bare kafkajs consumer that produces each record again, batch by batch, with the same
 * acknowledgement and compression as our relays. Nothing is decided or stored. Answers records a second.
 */
export async function runRawLoop(options: RawLoopOptions): Promise<number> {
  const { kafka, from, to, records, warmUp, pass } = options;
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  const consumer = kafka.consumer({
    groupId: options.group,
    allowAutoTopicCreation: false,
    maxBytesPerPartition: 1024 * 1024,
  });
  await producer.connect();
  await consumer.connect();
  await consumer.subscribe({ topics: [...from], fromBeginning: true });
  let done = 0;
  let start: { readonly done: number; readonly at: number } | undefined;
  const over = new Promise<number>((resolve, reject) => {
    // It begins again by itself when the group's coordinator is not there yet.
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) reject(payload.error);
    });
    void consumer
      .run({
        partitionsConsumedConcurrently: 4,
        eachBatch: async ({ batch, heartbeat }) => {
          start ??= { done, at: performance.now() };
          const messages = await Promise.all(
            batch.messages.map(async ({ key, value }) => ({
              key,
              value: pass === undefined || value === null ? value : await pass(value),
            })),
          );
          await producer.send({ topic: to, acks: -1, compression: kafkajs.CompressionTypes.ZSTD, messages });
          done += messages.length;
          // Only while enough is left to be measured: a batch may hold many.
          if (start.done === 0 && done >= warmUp && done < records / 2)
            start = { done, at: performance.now() };
          if (done >= records) resolve(((done - start.done) / (performance.now() - start.at)) * 1000);
          await heartbeat();
        },
      })
      .catch(reject);
  });
  try {
    return await over;
  } finally {
    await consumer.disconnect();
    await producer.disconnect();
  }
}

/**
 * What every service does that reads Avro and writes Avro: the registry's own client decodes a value and encodes it
 * again under the same schema.
 */
export function throughAvro({ url, username, password }: RegistryAccess): (value: Buffer) => Promise<Buffer> {
  const registry = new SchemaRegistry({
    host: url,
    ...(username === undefined || password === undefined ? {} : { auth: { username, password } }),
  });
  return async (value) => registry.encode(schemaIdOf(value), await registry.decode(value));
}

function schemaIdOf(value: Buffer): number {
  const parts = unframed(value);
  if (parts === undefined) throw new Error('a record of the bench is not in the wire format');
  return parts.schemaId;
}
