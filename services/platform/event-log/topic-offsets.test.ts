import { KafkaJSConnectionError } from 'kafkajs';
import { expect, test } from 'vitest';
import { StorageUnavailable } from './event-log.ts';
import { topicOffsets, topicOffsetsAt } from './topic-offsets.kafka.ts';

/** As kafkajs ends when its cluster has no leader for any partition. */
const stumbling = async (): Promise<never> => {
  throw new TypeError("Cannot destructure property 'partitions' of 'high.pop(...)' as it is undefined.");
};

test('a topic without leaders is one that cannot be asked now', async () => {
  const admin = { fetchTopicOffsets: stumbling, fetchTopicOffsetsByTimestamp: stumbling };
  await expect(topicOffsets(admin, 'signals')).rejects.toThrow(StorageUnavailable);
  await expect(topicOffsetsAt(admin, 'signals', 0)).rejects.toThrow(StorageUnavailable);
});

test('so are brokers that do not answer', async () => {
  const fetchTopicOffsets = () => Promise.reject(new KafkaJSConnectionError('Connection timeout'));
  await expect(topicOffsets({ fetchTopicOffsets }, 'signals')).rejects.toThrow(
    'Kafka does not answer: Connection timeout',
  );
});

test('other errors stay what they are', async () => {
  const fetchTopicOffsets = () => Promise.reject(new RangeError('a mistake'));
  await expect(topicOffsets({ fetchTopicOffsets }, 'signals')).rejects.toThrow(RangeError);
});

test('an answer is handed on', async () => {
  const offsets = [{ partition: 0, offset: '7', low: '2', high: '7' }];
  expect(await topicOffsets({ fetchTopicOffsets: async () => offsets }, 'signals')).toBe(offsets);
});
