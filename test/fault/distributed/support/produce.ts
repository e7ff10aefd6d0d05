import kafkajs, { type Message } from 'kafkajs';
import { createKafka } from '../../../../services/platform/event-log/client.kafka.ts';
import { silentLogger } from '../../../../services/platform/logging/logger.ts';
import type { Servers } from './scene.ts';

/** Sends values to partitions of a topic, as somebody else's producer would. */
export async function produce(
  { brokers }: Pick<Servers, 'brokers'>,
  topic: string,
  values: readonly { readonly partition: number; readonly value: Buffer | null }[],
): Promise<void> {
  const kafka = createKafka({ brokers: brokers.split(','), clientId: 'test', log: silentLogger });
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  const messages: Message[] = values.map((one) => ({ key: 'of somebody else', ...one }));
  await producer.send({ topic, messages });
  await producer.disconnect();
}

/** The same value for each partition. */
export const inEach = <T>(partitions: number, value: T): readonly { partition: number; value: T }[] =>
  Array.from({ length: partitions }, (_, partition) => ({ partition, value }));

/** Bytes in the wire format of a registry, under a schema id. */
export function framed(id: number, ...bytes: readonly number[]): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  return Buffer.concat([header, Buffer.from(bytes)]);
}
