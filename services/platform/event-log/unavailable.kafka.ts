import { StorageUnavailable } from './event-log.ts';

/** Whether the Kafka client says so; by its name, since it may come from another thread. */
export const isOfKafka = (error: unknown): error is Error =>
  error instanceof Error && error.name.startsWith('KafkaJS');

/**
 * What the client meets while the brokers cannot answer, as `StorageUnavailable`; other errors come back as they are.
 *
 * While no partition has a leader, just after all brokers were down, kafkajs stumbles over its own empty answer: a
 * `TypeError` that looks like a mistake in a program, and would end the process.
 */
export const asUnavailable = (error: unknown): unknown =>
  isOfKafka(error) || error instanceof TypeError
    ? new StorageUnavailable('closed', `Kafka does not answer: ${error.message}`, error)
    : error;
