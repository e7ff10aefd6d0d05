import './sender-parts.kafka.ts';
import { parentPort, workerData } from 'node:worker_threads';
import type { Logger } from '../logging/logger.ts';
import { createKafka, RETRY } from './client.kafka.ts';
import { kafkaSender } from './outbox-sender.kafka.ts';
import { keyPartitioner } from './partition-of.ts';
import type { SenderAnswer, SenderOrder, SenderStart } from './sender-thread.ts';
import { prefixed } from './topic-names.ts';

// `SenderThread` is the only one that starts this.
const { kafka, prefix } = workerData as SenderStart;

const answer = (words: SenderAnswer): void => parentPort?.postMessage(words);
const said = (error: unknown): { readonly name: string; readonly message: string } =>
  error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: 'Error', message: String(error) };
const logs = (level: keyof Logger) => (fields: object, message: string) =>
  answer({ type: 'log', level, fields, message });

const producer = createKafka({
  ...kafka,
  log: { debug: logs('debug'), info: logs('info'), warn: logs('warn'), error: logs('error') },
}).producer({
  allowAutoTopicCreation: false,
  createPartitioner: keyPartitioner,
  maxInFlightRequests: 1,
  // The relay repeats the whole batch. The client repeats only what went to brokers that have not answered; when a
  // partition has moved meanwhile to one that has, its records are sent nowhere, and the client says that they were.
  retry: { ...RETRY, retries: 0 },
});
const sender = kafkaSender(producer, prefixed(prefix));

parentPort?.on('message', (order: SenderOrder) => {
  if (order.type === 'close') {
    // Of this thread: a try to connect that is under way would keep it.
    void producer.disconnect().finally(() => process.exit(0));
    return;
  }
  const { id } = order;
  const doing = order.type === 'connect' ? producer.connect() : sender.send(order.origin, order.rows);
  doing.then(
    () => answer({ type: 'done', id }),
    (error: unknown) => answer({ type: 'failed', id, error: said(error) }),
  );
});
