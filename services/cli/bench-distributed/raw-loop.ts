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
  /** What becomes of a record's bytes. Default: they are produced as they came. */
  readonly pass?: (value: Buffer) => Promise<Buffer>;
}

/** Of one partition: kafkajs takes longer over each record of a larger request. */
const RECORDS_IN_REQUEST = 500;

/**
 * The yardstick: a bare kafkajs consumer that produces each record again, batch by batch, with the same
 * acknowledgement and compression as our relays. Nothing is decided or stored. Answers records a second.
 */
export async function runRawLoop(options: RawLoopOptions): Promise<number> {
  const { kafka, from: topics, to, records, pass } = options;
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
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  let done = 0;
  let beganAt: number | undefined;
  const over = new Promise<number>((resolve, reject) => {
    // It begins again by itself when the group's coordinator is not there yet.
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) reject(payload.error);
    });
    void consumer
      .run({
        partitionsConsumedConcurrently: 4,
        eachBatch: async ({ batch, heartbeat }) => {
          beganAt ??= performance.now();
          for (let from = 0; from < batch.messages.length; from += RECORDS_IN_REQUEST) {
            const messages = await Promise.all(
              batch.messages.slice(from, from + RECORDS_IN_REQUEST).map(async ({ key, value }) => ({
                key,
                value: pass === undefined || value === null ? value : await pass(value),
              })),
            );
            await producer.send({
              topic: to,
              acks: -1,
              compression: kafkajs.CompressionTypes.ZSTD,
              messages,
            });
            await heartbeat();
          }
          done += batch.messages.length;
          if (done >= records) resolve((done / (performance.now() - beganAt)) * 1000);
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
