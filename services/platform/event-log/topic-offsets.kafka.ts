import type { Admin } from 'kafkajs';
import { StorageUnavailable } from './event-log.ts';

/** Of a partition: its first record that is still there, and the number that the next one will get. */
export interface PartitionOffsets {
  readonly partition: number;
  readonly low: string;
  readonly high: string;
}

/**
 * Where each partition of a topic begins and ends. Rejects with `StorageUnavailable` while the brokers cannot say.
 *
 * While no partition has a leader, just after all brokers were down, kafkajs stumbles over its own empty answer: a
 * `TypeError` that looks like a mistake in a program, and would end the process.
 */
export const topicOffsets = (
  admin: Pick<Admin, 'fetchTopicOffsets'>,
  name: string,
): Promise<readonly PartitionOffsets[]> => admin.fetchTopicOffsets(name).catch(asUnavailable);

/** The first record of each partition from an instant on, epoch ms, or where it ends. Rejects as `topicOffsets` does. */
export const topicOffsetsAt = (
  admin: Pick<Admin, 'fetchTopicOffsetsByTimestamp'>,
  name: string,
  instant: number,
): Promise<readonly { readonly partition: number; readonly offset: string }[]> =>
  admin.fetchTopicOffsetsByTimestamp(name, instant).catch(asUnavailable);

function asUnavailable(error: unknown): never {
  const kafkas = error instanceof Error && (error.name.startsWith('KafkaJS') || error instanceof TypeError);
  throw kafkas ? new StorageUnavailable('closed', `Kafka does not answer: ${error.message}`, error) : error;
}
