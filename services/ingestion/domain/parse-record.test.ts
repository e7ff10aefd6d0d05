import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SOURCES } from '../../contracts/sources.ts';
import { DAY } from '../../platform/time/clock.ts';
import { parseRecord } from './parse-record.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const complaint = { id: 'k1', occurredAt: NOW - DAY, customerId: 'c1', text: 'Down again' };

/** `field: reason` of each problem. */
const faults = (value: unknown, source: (typeof SOURCES)[number] = 'complaints'): string[] => {
  const parsed = parseRecord(source, value, NOW);
  return parsed.ok ? [] : parsed.problems.map(({ field, reason }) => `${field}: ${reason}`);
};

test('a record comes out as it went in', () => {
  expect(parseRecord('complaints', complaint, NOW)).toEqual({ ok: true, record: complaint });
});

test('snake_case names and RFC 3339 text mean the same as ours', () => {
  const snake = { id: 'k1', occurred_at: '2026-11-21T12:00:00Z', customer_id: 'c1', text: 'Down again' };
  expect(parseRecord('complaints', snake, NOW)).toEqual({ ok: true, record: complaint });
});

test('null and blank text mean that the source did not say', () => {
  const sparse = { ...complaint, category: null, product: '  ', region: '' };
  expect(parseRecord('complaints', sparse, NOW)).toEqual({ ok: true, record: complaint });
});

test('a number is taken as an id by its digits', () => {
  expect(parseRecord('complaints', { ...complaint, id: 17 }, NOW)).toMatchObject({ record: { id: '17' } });
});

test.each([
  ['no id', { ...complaint, id: undefined }, ['id: missing']],
  ['a blank id', { ...complaint, id: ' ' }, ['id: missing']],
  ['nobody named', { ...complaint, customerId: undefined }, ['customerId: missing']],
  ['no time', { ...complaint, occurredAt: undefined }, ['occurredAt: missing']],
  ['a time before 2000', { ...complaint, occurredAt: '1999-12-31T23:59:59Z' }, ['occurredAt: out_of_range']],
  ['seconds for milliseconds', { ...complaint, occurredAt: 1_790_000_000 }, ['occurredAt: out_of_range']],
  ['a time in the far future', { ...complaint, occurredAt: NOW + DAY + 1 }, ['occurredAt: out_of_range']],
  [
    'a time without an offset',
    { ...complaint, occurredAt: '2026-11-21T12:00:00' },
    ['occurredAt: malformed'],
  ],
  [
    'a day that does not exist',
    { ...complaint, occurredAt: '2026-02-30T12:00:00Z' },
    ['occurredAt: malformed'],
  ],
  ['a time that is no number', { ...complaint, occurredAt: Number.NaN }, ['occurredAt: malformed']],
  ['text of a wrong type', { ...complaint, text: 5 }, ['text: wrong_type']],
  ['a NUL byte', { ...complaint, text: 'a\0b' }, ['text: not_unicode']],
  ['an unpaired surrogate', { ...complaint, text: 'a\ud83d' }, ['text: not_unicode']],
  ['an unpaired surrogate in an id', { ...complaint, id: '\udc00' }, ['id: not_unicode']],
  ['5 MB of text', { ...complaint, text: 'x'.repeat(5_000_000) }, ['text: too_long']],
  ['64 KiB counted in bytes', { ...complaint, text: 'ä'.repeat(32_769) }, ['text: too_long']],
  ['an unknown channel', { ...complaint, channel: 'fax' }, ['channel: not_allowed']],
  ['an unknown field', { ...complaint, custmerId: 'c1' }, ['custmerId: unknown_field']],
  ['a field given twice', { ...complaint, customer_id: 'c2' }, ['customerId: given_twice']],
  [
    'a reserved customer id',
    { ...complaint, customerId: 'quarantine:email:a@b.org' },
    ['customerId: not_allowed'],
  ],
  [
    'several faults at once',
    { text: 5, channel: 'fax' },
    ['text: wrong_type', 'channel: not_allowed', 'id: missing', 'occurredAt: missing', 'customerId: missing'],
  ],
  ['a list', [complaint], [': wrong_type']],
  ['nothing', null, [': wrong_type']],
])('%s is refused', (_, value, expected) => {
  expect(faults(value)).toEqual(expected);
});

test('a problem names the place, what was found and what is allowed', () => {
  const parsed = parseRecord('complaints', { ...complaint, chanel: 'web', satisfaction: 3 }, NOW);
  expect(parsed).toEqual({
    ok: false,
    problems: [
      {
        field: 'chanel',
        reason: 'unknown_field',
        found: 'a field that this source does not have',
        expected: 'did you mean "channel"?',
      },
      expect.objectContaining({
        field: 'satisfaction',
        expected: expect.stringContaining('one of id, occurredAt'),
      }),
    ],
  });
});

test('seconds sent as milliseconds are recognised in words', () => {
  const parsed = parseRecord('complaints', { ...complaint, occurredAt: 1_790_000_000 }, NOW);
  expect(JSON.stringify(parsed)).toContain('seconds instead of milliseconds?');
});

test('a CRM record needs its customer id and an event', () => {
  expect(faults({ id: 'r', occurredAt: NOW, email: 'a@b.org' }, 'crm-records')).toEqual([
    'customerId: missing',
    'event: missing',
  ]);
});

test('attributes are checked like fields, in either spelling', () => {
  const record = {
    id: 'r',
    occurredAt: NOW,
    customerId: 'c1',
    event: 'profile_updated',
    attributes: { value_tier: 'gold', tenureMonths: 12, extra: { plan: 'XL', lines: 2, paperless: true } },
  };
  expect(parseRecord('crm-records', record, NOW)).toEqual({
    ok: true,
    record: {
      ...record,
      attributes: { valueTier: 'gold', tenureMonths: 12, extra: { plan: 'XL', lines: 2, paperless: true } },
    },
  });
});

test.each([
  [{ tenureMonths: '12' }, ['attributes.tenureMonths: wrong_type']],
  [{ timezone: 'Europe/Atlantis' }, ['attributes.timezone: malformed']],
  [{ tier: 'gold' }, ['attributes.tier: unknown_field']],
  [{ extra: { plan: ['XL'] } }, ['attributes.extra.plan: wrong_type']],
  [JSON.parse('{"extra":{"__proto__":"x"}}'), ['attributes.extra: malformed']],
  ['gold', ['attributes: wrong_type']],
])('the attributes %j are refused', (attributes, expected) => {
  const record = { id: 'r', occurredAt: NOW, customerId: 'c1', event: 'profile_updated', attributes };
  expect(faults(record, 'crm-records')).toEqual(expected);
});

test('a malformed e-mail beside a customer id is reported, not refused', () => {
  const parsed = parseRecord('complaints', { ...complaint, email: 'n/a' }, NOW);
  expect(parsed).toMatchObject({ ok: true, identityProblems: [{ field: 'email', reason: 'malformed' }] });
});

test('a malformed e-mail that is all the record says of a person is refused', () => {
  expect(faults({ ...complaint, customerId: undefined, email: 'n/a' })).toEqual(['email: malformed']);
});

test('a handle without its network names nobody', () => {
  expect(faults({ id: 'p', occurredAt: NOW, text: 'hi', handle: '@ada' }, 'social-posts')).toEqual([
    'handle: malformed',
  ]);
});

test('a link that a browser would run is refused', () => {
  const post = { id: 'p', occurredAt: NOW, text: 'hi', handle: 'x:ada', url: 'javascript:alert(1)' };
  expect(faults(post, 'social-posts')).toEqual(['url: malformed']);
});

test('whatever comes in, the parser answers and never throws', () => {
  const keys = fc.constantFrom(
    'id',
    'occurredAt',
    'customer_id',
    'text',
    'handle',
    'emails',
    'attributes',
    'extra',
    '__proto__',
  );
  const value = fc.anything({ key: fc.oneof(keys, fc.string()), withNullPrototype: true, withBigInt: true });
  const record = fc.dictionary(keys, fc.oneof(value, fc.string(), fc.double(), fc.date()));
  fc.assert(
    fc.property(fc.constantFrom(...SOURCES), fc.oneof(value, record), (source, given) => {
      const parsed = parseRecord(source, given, NOW);
      expect(parsed.ok || parsed.problems.length > 0).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test('what the parser accepts, it accepts again unchanged', () => {
  const post = fc.record(
    {
      id: fc.oneof(fc.string({ minLength: 1 }), fc.integer()),
      occurredAt: fc.oneof(
        fc.integer({ min: 0, max: NOW + 3 * DAY }),
        fc.constant('2026-01-01T00:00:00+02:00'),
      ),
      text: fc.string({ unit: 'binary' }),
      handle: fc.string(),
      network: fc.constantFrom('x', 'Mastodon', ''),
      followers: fc.oneof(fc.nat(), fc.string()),
      customer_id: fc.string(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(post, (given) => {
      const once = parseRecord('social-posts', given, NOW);
      if (once.ok) expect(parseRecord('social-posts', once.record, NOW)).toEqual(once);
    }),
  );
});
