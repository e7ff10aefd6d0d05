import kafkajs, { type PartitionAssigner } from 'kafkajs';

/**
 * Gives the same partition number of every topic to the same instance.
 *
 * A key has its state, and all records about it, under one number; the assigner that comes with the client
 * counts over topics and would tear them apart. Numbers are dealt round to the members in order of their ids.
 */
export const coPartitioned: PartitionAssigner = ({ cluster }) => ({
  name: 'TocsinCoPartitioned',
  version: 1,
  async assign({ members, topics }) {
    const ids = members.map(({ memberId }) => memberId).sort();
    const partitions = new Map(
      topics.map((topic) => [
        topic,
        cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId),
      ]),
    );
    return dealt(ids, partitions).map(({ memberId, assignment }) => ({
      memberId,
      memberAssignment: kafkajs.AssignerProtocol.MemberAssignment.encode({
        version: 1,
        assignment,
        userData: Buffer.alloc(0),
      }),
    }));
  },
  protocol({ topics }) {
    return {
      name: 'TocsinCoPartitioned',
      metadata: kafkajs.AssignerProtocol.MemberMetadata.encode({
        version: 1,
        topics,
        userData: Buffer.alloc(0),
      }),
    };
  },
});

/** Who gets which partitions of which topics. */
export function dealt(
  members: readonly string[],
  partitions: ReadonlyMap<string, readonly number[]>,
): readonly { readonly memberId: string; readonly assignment: Record<string, number[]> }[] {
  return members.map((memberId, index) => ({
    memberId,
    assignment: Object.fromEntries(
      [...partitions].map(([topic, numbers]) => [
        topic,
        numbers.filter((number) => number % members.length === index).sort((a, b) => a - b),
      ]),
    ),
  }));
}
