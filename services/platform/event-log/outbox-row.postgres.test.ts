import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type OutboxFact, readFacts, storedFacts } from './outbox-row.postgres.ts';

const fact: fc.Arbitrary<OutboxFact> = fc.record(
  {
    topic: fc.constantFrom('assessments', 'alerts'),
    key: fc.string({ unit: 'grapheme' }),
    id: fc.string({ unit: 'grapheme' }),
    value: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
    trace: fc.constant(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`),
  },
  { requiredKeys: ['topic', 'key', 'id', 'value'] },
);

test('facts come out of their row as they went in, however many they are', () => {
  fc.assert(
    fc.property(fc.array(fact, { maxLength: 80 }), (facts) => {
      const { facts: known, payload } = storedFacts(facts);
      expect(readFacts(known, payload)).toEqual(facts);
    }),
  );
});

test('the facts of a large pass take a fraction of their bytes', () => {
  const value = Buffer.from('a complaint about the bill, and why the customer may leave '.repeat(10));
  const facts = Array.from(
    { length: 100 },
    (_, n): OutboxFact => ({
      topic: 'assessments',
      key: `customer-${n}`,
      id: `complaints/${n}`,
      value,
    }),
  );
  const { facts: known, payload } = storedFacts(facts);
  expect(known.length + payload.length).toBeLessThan((100 * value.length) / 10);
  expect(readFacts(known, payload)).toEqual(facts);
});

test('a row as the version before has left it is read', () => {
  const known = JSON.stringify([
    { t: 'alerts', k: 'k1', i: 'i1', n: 2 },
    { t: 'alerts', k: 'k2', i: 'i2', p: Buffer.from('base64').toString('base64') },
    { t: 'alerts', k: 'k3', i: 'i3', n: 3 },
  ]);
  expect(readFacts(known, Buffer.from('ababc')).map(({ value }) => value.toString())).toEqual([
    'ab',
    'base64',
    'abc',
  ]);
});

test('a row without its payload is not sent', () => {
  const large = storedFacts([{ topic: 'alerts', key: 'k', id: 'i', value: Buffer.alloc(10_000) }]);
  const small = storedFacts([{ topic: 'alerts', key: 'k', id: 'i', value: Buffer.alloc(10) }]);
  for (const { facts } of [large, small])
    expect(() => readFacts(facts, null)).toThrow('has lost its payload');
});
