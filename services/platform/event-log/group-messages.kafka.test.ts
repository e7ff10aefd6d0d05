import { createRequire } from 'node:module';
import fc from 'fast-check';
import type { Message, PartitionMetadata } from 'kafkajs';
import { expect, test } from 'vitest';
import { groupMessages, type Ungrouped, useGrouping } from './group-messages.kafka.ts';

const require = createRequire(import.meta.url);
const GROUP = 'kafkajs/src/producer/groupMessagesPerPartition';
const SEND = 'kafkajs/src/producer/sendMessages';

/** The client's; loaded before anybody has put another in its place. */
const clients = require(GROUP) as (ungrouped: Ungrouped) => Record<number, Message[]>;

const partitions = (count: number): PartitionMetadata[] =>
  Array.from({ length: count }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 1,
    replicas: [1],
    isr: [1],
  }));

/** By the key's number. */
const partitioner: Ungrouped['partitioner'] = ({ message, partitionMetadata }) =>
  Number(message.key) % partitionMetadata.length;

test('messages are grouped as the client groups them', () => {
  const keys = fc.array(fc.nat(40).map(String));
  fc.assert(
    fc.property(keys, fc.nat(5), (some, count) => {
      const messages = some.map((key, index) => ({ key, value: String(index) }));
      const ungrouped = { topic: 'signals', partitionMetadata: partitions(count), messages, partitioner };
      expect(groupMessages(ungrouped)).toEqual(clients(ungrouped));
    }),
  );
});

test('the client in use is one whose messages can be grouped here', async () => {
  expect(useGrouping()).toBe(true);
  const produced: unknown[] = [];
  const broker = {
    nodeId: 1,
    produce: ({ topicData }: { readonly topicData: unknown }) => {
      produced.push(topicData);
      return Promise.reject(new Error('enough'));
    },
  };
  const cluster = {
    isConnected: () => true,
    addMultipleTargetTopics: () => Promise.resolve(),
    refreshMetadataIfNecessary: () => Promise.resolve(),
    findTopicPartitionMetadata: () => partitions(2),
    findLeaderForPartitions: () => ({ 1: [0, 1] }),
    findBroker: () => Promise.resolve(broker),
  };
  const eosManager = {
    acquireBrokerLock: () => Promise.resolve(),
    releaseBrokerLock: () => undefined,
    isTransactional: () => false,
    getSequence: () => 0,
    updateSequence: () => undefined,
    getProducerId: () => -1,
    getProducerEpoch: () => 0,
  };
  const retrier = (work: (...args: unknown[]) => Promise<unknown>) =>
    work(
      (error: unknown) => {
        throw error;
      },
      0,
      0,
    );
  const send = (require(SEND) as (parts: object) => (batch: object) => Promise<unknown>)({
    logger: { debug: () => undefined, error: () => undefined },
    cluster,
    partitioner,
    eosManager,
    retrier,
  });
  // The client's own would `reduce` the list.
  const messages = Object.assign(
    ['1', '0', '3'].map((key) => ({ key, value: key })),
    { reduce: () => expect.unreachable('grouped by the client') },
  );
  await expect(send({ topicMessages: [{ topic: 'signals', messages }] })).rejects.toThrow('enough');
  expect(produced).toMatchObject([
    [{ partitions: [{ messages: [{ key: '0' }] }, { messages: [{ key: '1' }, { key: '3' }] }] }],
  ]);
});
