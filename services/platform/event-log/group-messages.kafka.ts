import type { Message, PartitionMetadata } from 'kafkajs';
import { replacePart } from './replace-part.kafka.ts';

/** What the client hands over to be divided. */
export interface Ungrouped {
  readonly topic: string;
  readonly partitionMetadata: readonly PartitionMetadata[];
  readonly messages: readonly Message[];
  partitioner(args: {
    readonly topic: string;
    readonly partitionMetadata: readonly PartitionMetadata[];
    readonly message: Message;
  }): number;
}

/**
 * The messages of a topic by partition, each in its order. What kafkajs does, which copies the list of a partition for each message
 * that it adds: of five hundred messages each leaves two and a half kilobytes of garbage.
 */
export function groupMessages({
  topic,
  partitionMetadata,
  messages,
  partitioner,
}: Ungrouped): Record<number, Message[]> {
  const groups: Record<number, Message[]> = {};
  if (partitionMetadata.length === 0) return groups;
  for (const message of messages) {
    const partition = partitioner({ topic, partitionMetadata, message });
    const group = groups[partition];
    if (group === undefined) groups[partition] = [message];
    else group.push(message);
  }
  return groups;
}

/** Lets kafkajs in this thread group with `groupMessages`. Answers whether it does. To be called before the client is loaded. */
export const useGrouping = (): boolean => replacePart('producer/groupMessagesPerPartition', groupMessages);
