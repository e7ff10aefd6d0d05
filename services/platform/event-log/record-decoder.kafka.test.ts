import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type BatchContext,
  type DecodedRecord,
  decodeRecord,
  type UnreadRecord,
  useRecordDecoder,
} from './record-decoder.kafka.ts';
import { type BatchedMessage, encodeRecord } from './record-encoder.kafka.ts';

const require = createRequire(import.meta.url);
const RECORD = 'kafkajs/src/protocol/recordBatch/record/v0/decoder';
const BATCH = 'kafkajs/src/protocol/recordBatch/v0/decoder';
type Decode = (record: UnreadRecord, context: BatchContext) => DecodedRecord;
interface ClientsDecoder extends UnreadRecord {
  readVarIntBytes(): Buffer;
}

/** As the client reads it; loaded before anybody has put another in its place. */
const clients = require(RECORD) as Decode;
const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => ClientsDecoder;

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const message: fc.Arbitrary<BatchedMessage> = fc.record(
  {
    offsetDelta: fc.nat(2 ** 24),
    timestampDelta: fc.oneof(
      fc.constant(0),
      fc.integer({ min: -1_000, max: 1_000 }),
      fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
    ),
    key: fc.oneof(bytes, fc.constant(null)),
    value: fc.oneof(bytes, fc.constant(null)),
    headers: fc.dictionary(
      // Under `valueOf` and its like the client finds what every object has, and makes a list with that.
      fc.string({ unit: 'binary', maxLength: 20 }).filter((name) => !(name in {})),
      fc.oneof(bytes, fc.array(bytes, { maxLength: 3 })),
      { maxKeys: 5 },
    ),
  },
  { requiredKeys: ['value'] },
);
const context: fc.Arbitrary<BatchContext> = fc.record(
  {
    firstOffset: fc.oneof(fc.nat(), fc.maxSafeNat()).map(String),
    firstTimestamp: fc.oneof(fc.nat(), fc.integer({ min: -1, max: 2 ** 45 })).map(String),
    maxTimestamp: fc.nat().map(String),
    timestampType: fc.constantFrom(-1, 0, 1),
    magicByte: fc.constant(2),
    isControlBatch: fc.boolean(),
  },
  { requiredKeys: ['firstOffset', 'firstTimestamp', 'maxTimestamp', 'timestampType'] },
);

/** What lies behind the length of a record. */
const unread = (one: BatchedMessage): ClientsDecoder =>
  new Decoder(new Decoder(encodeRecord(one).buffer).readVarIntBytes());

test('a record is read as the client would read it, to its end', () => {
  fc.assert(
    fc.property(message, context, (one, batch) => {
      const record = unread(one);
      expect(decodeRecord(record, batch)).toEqual(clients(unread(one), batch));
      expect(record.offset).toBe(record.buffer.length);
    }),
  );
});

test('a record that is cut short is not read', () => {
  const { buffer } = unread({ value: Buffer.from('a value'), key: 'k' });
  for (let length = 0; length < 4; length++) {
    const record = new Decoder(buffer.subarray(0, length));
    const batch = { firstOffset: '0', firstTimestamp: '0', maxTimestamp: '0', timestampType: 0 };
    expect(() => decodeRecord(record, batch)).toThrow(RangeError);
  }
});

test('the client in use is one whose records can be read here', async () => {
  expect(useRecordDecoder()).toBe(true);
  const read = require(BATCH) as (batch: UnreadRecord) => Promise<{ readonly records: DecodedRecord[] }>;
  const value = Buffer.from('a value');
  const record = encodeRecord({ key: 'k', value, offsetDelta: 3, headers: { id: 'i' } }).buffer;
  const batch = (record: Buffer): UnreadRecord => {
    // Epoch, magic, checksum, attributes, last offset, two times, producer's id, epoch and sequence; the number of records.
    const inner = Buffer.alloc(4 + 1 + 4 + 2 + 4 + 8 + 8 + 8 + 2 + 4 + 4);
    inner.writeInt32BE(1, inner.length - 4);
    const outer = Buffer.alloc(8 + 4);
    outer.writeBigInt64BE(40n, 0);
    outer.writeInt32BE(inner.length + record.length, 8);
    return new Decoder(Buffer.concat([outer, inner, record]));
  };
  const { records } = await read(batch(record));
  expect(records).toMatchObject([
    { offset: '43', key: Buffer.from('k'), value, headers: { id: Buffer.from('i') } },
  ]);
  // The client's own would make something of it.
  await expect(read(batch(record.subarray(0, 3)))).rejects.toThrow(RangeError);
});
