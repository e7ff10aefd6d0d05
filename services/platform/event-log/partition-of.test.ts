import fc from 'fast-check';
import kafkajs, { type PartitionMetadata } from 'kafkajs';
import { expect, test } from 'vitest';
import { keyPartitioner } from './partition-of.ts';

test('a record lies where every other client of Kafka would put it', () => {
  const theirs = kafkajs.Partitioners.DefaultPartitioner();
  const ours = keyPartitioner();
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 50 }), (key, partitions) => {
      const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => place(partitionId));
      const given = { topic: 'signals', partitionMetadata, message: { key, value: '' } };
      expect(ours(given)).toBe(theirs(given));
    }),
  );
});

const place = (partitionId: number): PartitionMetadata => ({
  partitionId,
  partitionErrorCode: 0,
  leader: 1,
  replicas: [1],
  isr: [1],
});
