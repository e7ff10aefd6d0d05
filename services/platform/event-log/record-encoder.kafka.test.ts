import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BatchedMessage, encodeRecord, useRecordEncoder } from './record-encoder.kafka.ts';

const require = createRequire(import.meta.url);
const RECORD = 'kafkajs/src/protocol/recordBatch/record/v0';
const PRODUCE = 'kafkajs/src/protocol/requests/produce/v3/request';
type Encode = (message: BatchedMessage) => { readonly buffer: Buffer };

/** As the client makes it; loaded before anybody has put another in its place. */
const clients = require(RECORD) as Encode;

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const held = fc.oneof(bytes, fc.string({ unit: 'binary', maxLength: 300 }));
const message: fc.Arbitrary<BatchedMessage> = fc.record(
  {
    offsetDelta: fc.nat(2 ** 24),
    timestampDelta: fc.oneof(
      fc.integer({ min: -1_000, max: 1_000 }),
      fc.integer({ min: -(2 ** 45), max: 2 ** 45 }),
    ),
    key: fc.oneof(held, fc.constant(null)),
    value: fc.oneof(held, fc.constant(null)),
    headers: fc.dictionary(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.oneof(held, fc.array(held, { maxLength: 3 })),
      {
        maxKeys: 5,
      },
    ),
  },
  { requiredKeys: ['value'] },
);

test('a record has the same bytes as the client would give it', () => {
  fc.assert(
    fc.property(message, (one) => {
      expect(encodeRecord(one).buffer.toString('hex')).toBe(clients(one).buffer.toString('hex'));
    }),
  );
});

test('the client in use is one whose records can be put together here', async () => {
  expect(useRecordEncoder()).toBe(true);
  expect(require(RECORD)).toBe(encodeRecord);
  const produce = require(PRODUCE) as (request: object) => { encode(): Promise<{ readonly buffer: Buffer }> };
  const value = Buffer.from('a value that is not compressed');
  const topicData = [{ topic: 'signals', partitions: [{ partition: 0, messages: [{ key: 'k', value }] }] }];
  const { buffer } = await produce({ acks: -1, timeout: 1_000, topicData }).encode();
  expect(buffer.includes(encodeRecord({ key: 'k', value }).buffer)).toBe(true);
});
