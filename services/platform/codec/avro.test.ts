import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ContactHold } from '../../contracts/alert.ts';
import { avroCodec, avroType } from './avro.ts';
import { AvroBytes } from './avro-bytes.ts';
import { fromAvroOf } from './avro-shape.ts';
import { NotEncodable, writerOf } from './avro-writer.ts';
import { loadSchemas } from './schema-files.ts';

const file = 'v1.avsc';
const reading = {
  type: 'record',
  name: 'Reading',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'score', type: ['null', 'double'], default: null },
    { name: 'count', type: ['null', 'int'], default: null },
    { name: 'at', type: ['null', { type: 'long', logicalType: 'timestamp-millis' }], default: null },
    {
      name: 'tags',
      type: {
        type: 'array',
        items: { type: 'record', name: 'Tag', fields: [{ name: 'word', type: 'string' }] },
      },
      default: [],
    },
    {
      name: 'extra',
      type: ['null', { type: 'map', values: ['string', 'double', 'boolean'] }],
      default: null,
    },
  ],
};
const type = avroType({ file, json: reading });
const write = writerOf(type);
const fromAvro = fromAvroOf(type);
function bytesOf(value: unknown): Buffer {
  const out = new AvroBytes();
  out.begin(Buffer.of());
  write(out, value);
  return out.taken();
}
const roundTrip = (value: unknown): unknown => fromAvro(type.fromBuffer(bytesOf(value)));

test('what is absent stays absent', () => {
  expect(roundTrip({ id: 'a', tags: [] })).toStrictEqual({ id: 'a', tags: [] });
  expect(roundTrip({ id: 'a', tags: [], score: undefined })).toStrictEqual({ id: 'a', tags: [] });
});

test('numbers, words and truth values of one map come back as they were', () => {
  const value = {
    id: 'a',
    score: -0.25,
    count: 3,
    at: -1,
    tags: [{ word: 'ü' }],
    extra: { a: 1.5, b: 'x', c: false },
  };
  expect(roundTrip(value)).toStrictEqual(value);
});

test('the value given in is not touched', () => {
  const value = Object.freeze({ id: 'a', tags: Object.freeze([]) });
  bytesOf(value);
  expect(value).toStrictEqual({ id: 'a', tags: [] });
});

const anyText = fc.string({ unit: 'binary', maxLength: 200 });

test('the bytes are those of the encoder that the decoder comes with', () => {
  const value = fc.record(
    {
      id: anyText,
      score: fc.double({ noNaN: true, noDefaultInfinity: true }),
      count: fc.integer(),
      at: fc.oneof(fc.integer({ min: -(2 ** 52), max: 2 ** 52 - 1 }), fc.integer({ min: -200, max: 200 })),
      tags: fc.array(fc.record({ word: anyText })),
      extra: fc.dictionary(
        anyText,
        fc.oneof(anyText, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean()),
      ),
    },
    { requiredKeys: ['id', 'tags'] },
  );
  fc.assert(
    fc.property(value, (given) => {
      expect(bytesOf(given)).toEqual(type.toBuffer(given));
    }),
  );
});

describe('a value that would not come back as it was is refused with its place', () => {
  test.each([
    ['undeclared field', { id: 'a', tags: [], colour: 'red' }, 'colour: Reading has no such field'],
    ['missing field', { tags: [] }, 'id: found nothing, expected well-formed text'],
    ['half a character', { id: '\ud83d', tags: [] }, 'id: found string, expected well-formed text'],
    [
      'half a character in a long text',
      { id: `${'x'.repeat(80)}\udc00`, tags: [] },
      'id: found string, expected well-formed text',
    ],
    [
      'half a character in the name of a map',
      { id: 'a', tags: [], extra: { '\ud83d': 1 } },
      'extra.\ud83d: found string, expected well-formed text',
    ],
    ['NaN', { id: 'a', tags: [], score: Number.NaN }, 'score: found NaN, expected a finite number'],
    [
      'fraction in a count',
      { id: 'a', tags: [], count: 1.5 },
      'count: found 1.5, expected an integer of 32 bits',
    ],
    [
      'too large a count',
      { id: 'a', tags: [], count: 2 ** 31 },
      'count: found 2147483648, expected an integer of 32 bits',
    ],
    [
      'a long that avsc changes',
      { id: 'a', tags: [], at: -(2 ** 52) - 1 },
      'at: found -4503599627370497, expected an integer below 2^52',
    ],
    [
      'deep inside',
      { id: 'a', tags: [{ word: 'x' }, { word: 7 }] },
      'tags.1.word: found 7, expected well-formed text',
    ],
    [
      'in a map',
      { id: 'a', tags: [], extra: { 'Plan name': [] } },
      'extra.Plan name: found an array, expected well-formed text or a finite number or true or false',
    ],
    ['not a record', 'text of a customer', 'value: found string, expected a Reading'],
  ])('%s', (_, value, message) => {
    expect(() => bytesOf(value)).toThrow(
      new NotEncodable([], message.split(': ').slice(1).join(': ')).complaint,
    );
    expect(() => bytesOf(value)).toThrow(message);
  });
});

test.each([
  ['unions that JavaScript cannot tell apart', ['null', 'int', 'long']],
  ['a type name that does not exist', 'txet'],
])('a schema with %s is refused with its file', (_, fieldType) => {
  const json = { type: 'record', name: 'Broken', fields: [{ name: 'a', type: fieldType }] };
  expect(() => avroType({ file, json })).toThrow(/^v1\.avsc: /);
});

test('bytes that are cut short or too long are refused', () => {
  const schema = loadSchemas('schemas').find(({ topic }) => topic === 'contact-holds');
  const hold: ContactHold = { customerId: 'C-1', held: true, since: 0, alertKeys: ['r/C-1'] };
  if (schema === undefined) throw new Error('contact-holds has a schema');
  const codec = avroCodec({ ...schema, topic: 'contact-holds' });
  const bytes = codec.encode(hold);

  expect(codec.decode(bytes)).toEqual(hold);
  expect(() => codec.decode(bytes.subarray(0, -1))).toThrow();
  expect(() => codec.decode(Buffer.concat([bytes, Buffer.of(0)]))).toThrow();
});

test('values of any size are written once and come back', () => {
  const schema = loadSchemas('schemas').find(({ topic }) => topic === 'contact-holds');
  if (schema === undefined) throw new Error('contact-holds has a schema');
  const codec = avroCodec({ ...schema, topic: 'contact-holds' });
  for (const length of [10, 100_000, 1_000_000, 20]) {
    const hold: ContactHold = { customerId: 'C'.repeat(length), held: true, since: 0, alertKeys: [] };
    const bytes = codec.encode(hold, Buffer.of(7, 8));
    expect([...bytes.subarray(0, 2)]).toEqual([7, 8]);
    expect(codec.decode(bytes.subarray(2))).toEqual(hold);
  }
});
