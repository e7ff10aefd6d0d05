import type { Admin } from 'kafkajs';
import { asUnavailable } from './unavailable.kafka.ts';

/** Of a partition: its first record that is still there, and the number that the next one will get. */
export interface PartitionOffsets {
  readonly partition: number;
  readonly low: string;
  readonly high: string;
}

/** Where each partition of a topic begins and ends. Rejects with `StorageUnavailable` while the brokers cannot say. */
export const topicOffsets = (
  admin: Pick<Admin, 'fetchTopicOffsets'>,
  name: string,
): Promise<readonly PartitionOffsets[]> => admin.fetchTopicOffsets(name).catch(orUnavailable);

/** The first record of each partition from an instant on, epoch ms, or where it ends. Rejects as `topicOffsets` does. */
export const topicOffsetsAt = (
  admin: Pick<Admin, 'fetchTopicOffsetsByTimestamp'>,
  name: string,
  instant: number,
): Promise<readonly { readonly partition: number; readonly offset: string }[]> =>
  admin.fetchTopicOffsetsByTimestamp(name, instant).catch(orUnavailable);

const orUnavailable = (error: unknown): never => {
  throw asUnavailable(error);
};
