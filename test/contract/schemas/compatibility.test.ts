import { describe, expect, test } from 'vitest';
import { avroCodec } from '../../../services/platform/codec/avro.ts';
import { incompatibilities } from '../../../services/platform/codec/schema-compatibility.ts';
import { loadSchemas, type TopicSchema } from '../../../services/platform/codec/schema-files.ts';

test('every version of every schema reads every other version of its topic', () => {
  expect(incompatibilities(loadSchemas('schemas'))).toEqual([]);
});

const customerId = { name: 'customerId', type: 'string' };
const held = { name: 'held', type: 'boolean' };
const since = { name: 'since', type: { type: 'long', logicalType: 'timestamp-millis' } };
const note = { name: 'note', type: ['null', 'string'], default: null };

const v1 = version(1, [customerId, held, since]);

describe('compatible changes', () => {
  test.each([
    ['a field with a default is added', version(2, [customerId, held, since, note])],
    ['fields change places', version(2, [since, customerId, held])],
    ['a doc changes', version(2, [{ ...customerId, doc: 'The customer.' }, held, since])],
  ])('%s', (_, v2) => {
    expect(incompatibilities([v1, v2])).toEqual([]);
  });
});

describe('incompatible changes are found, with the direction that breaks', () => {
  test.each([
    [
      'a field without a default is added',
      version(2, [customerId, held, since, { ...note, default: undefined }]),
      ['v2 reads v1'],
    ],
    ['a field without a default is removed', version(2, [customerId, held]), ['v1 reads v2']],
    [
      'a field is renamed',
      version(2, [customerId, { ...held, name: 'hold' }, since]),
      ['v1 reads v2', 'v2 reads v1'],
    ],
    ['a type is widened', version(2, [customerId, held, { name: 'since', type: 'double' }]), ['v1 reads v2']],
    [
      'a field may be null from now on',
      version(2, [{ ...customerId, type: ['null', 'string'], default: null }, held, since]),
      ['v1 reads v2'],
    ],
    ['the record is renamed', version(2, [customerId, held, since], 'Hold'), ['v1 reads v2', 'v2 reads v1']],
  ])('%s', (_, v2, broken) => {
    expect(incompatibilities([v1, v2]).map(direction)).toEqual(broken);
  });
});

test('a version is compared with all earlier ones, not only with the last', () => {
  const withNote = version(2, [customerId, held, since, note]);
  const otherNote = version(3, [
    customerId,
    held,
    since,
    { name: 'note', type: ['null', 'long'], default: null },
  ]);
  const withoutNote = version(2, [customerId, held, since]);

  expect(incompatibilities([v1, withoutNote, otherNote])).toEqual([]);
  expect(incompatibilities([v1, withNote, otherNote]).map(direction)).toEqual(['v2 reads v3', 'v3 reads v2']);
});

test('a reader takes what another version wrote, and leaves absent what that one did not know', () => {
  const value = { customerId: 'C-1', held: true, since: 1_772_443_800_000, alertKeys: [] };
  const writer = version(1, [customerId, held, since, alertKeys]);
  const reader = version(2, [note, alertKeys, since, held, customerId]);

  expect(avroCodec(reader).readerOf(writer)(avroCodec(writer).encode(value))).toStrictEqual(value);
  expect(() => avroCodec(reader).readerOf(version(1, [customerId]))).toThrow(/since|held|alertKeys/);
});

const alertKeys = { name: 'alertKeys', type: { type: 'array', items: 'string' } };

function version(number: number, fields: readonly object[], name = 'ContactHold') {
  const json = { type: 'record', name, namespace: 'tocsin.v1', fields };
  return { topic: 'contact-holds', version: number, file: `v${number}`, json } as const satisfies TopicSchema;
}

const direction = ({ reader, writer }: { readonly reader: string; readonly writer: string }): string =>
  `${reader} reads ${writer}`;
