import fc from 'fast-check';
import { fastify } from 'fastify';
import { beforeAll, expect, test } from 'vitest';
import { SOURCES, type Source } from '../../contracts/sources.ts';
import { parseRecord, type RecordProblem } from './parse-record.ts';
import { RECORD_FIELDS, snakeCase } from './record-fields.ts';
import { recordSchema } from './record-schema.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const least = {
  id: 'r-1',
  occurredAt: '2026-11-22T10:00:00Z',
  customerId: 'c-1',
  event: 'profile_updated',
  text: 'Down again',
};
/** A record with what its source cannot do without. */
const leastOf = (source: Source): Record<string, unknown> =>
  Object.fromEntries(Object.entries(least).filter(([name]) => name in RECORD_FIELDS[source]));

/** Fastify brings a reader of JSON Schema; it is to change nothing of what it reads. */
const validators = new Map<Source, (record: unknown) => boolean>();
beforeAll(async () => {
  const customOptions = {
    coerceTypes: false,
    removeAdditional: false,
    useDefaults: false,
    allowUnionTypes: true,
  } as const;
  const app = fastify({ ajv: { customOptions } });
  app.get('/', async (request) => {
    for (const source of SOURCES)
      validators.set(source, request.compileValidationSchema(recordSchema(source)));
    return {};
  });
  await app.inject('/');
  await app.close();
});
const fits = (source: Source, record: unknown): boolean => validators.get(source)?.(record) === true;
const taken = (source: Source, record: unknown): boolean => parseRecord(source, record, NOW).ok;

const VALUES: readonly unknown[] = [
  ...[
    'text',
    'x'.repeat(70_000),
    'https://example.org/1',
    'Europe/Berlin',
    'en',
    'email',
    'inbound',
    'resolved',
  ],
  ...['2026-11-22T10:00:00Z', 0, 1, 1.5, -1e15, 1e15, NOW, true, null, {}, [], ['a'], [{}]],
  ...[
    Array.from({ length: 60 }, String),
    { plan: 'gold', seats: 3 },
    { name: 'Ada' },
    { name: 7 },
    { nmae: 'Ada' },
  ],
];

test.each(SOURCES)(
  '%s: what the parser refuses for its shape, the schema refuses too, field by field',
  (source) => {
    expect([fits(source, leastOf(source)), taken(source, leastOf(source))]).toEqual([true, true]);
    const tooMild: string[] = [];
    const tooHard: string[] = [];
    for (const name of Object.keys(RECORD_FIELDS[source])) {
      for (const value of VALUES) {
        const record = { ...leastOf(source), [name]: value };
        const parsed = parseRecord(source, record, NOW);
        const shape = parsed.ok || parsed.problems.every(ofContent);
        if (fits(source, record) && !shape) tooMild.push(`${name}: ${JSON.stringify(value)?.slice(0, 60)}`);
        if (!fits(source, record) && parsed.ok)
          tooHard.push(`${name}: ${JSON.stringify(value)?.slice(0, 60)}`);
      }
    }
    expect({ tooMild, tooHard }).toEqual({ tooMild: [], tooHard: [] });
  },
);

/** A fault of what a value says, where a schema speaks of its shape; or of an id, for which a header can stand in. */
const ofContent = ({ field, reason }: RecordProblem): boolean =>
  ['malformed', 'out_of_range', 'too_long', 'not_unicode'].includes(reason) ||
  (field === 'id' && reason === 'missing');

test.each(SOURCES)('%s: a record lacks what it needs in the eyes of both, or of neither', (source) => {
  const names = Object.keys(leastOf(source)).filter((name) => name !== 'id');
  fc.assert(
    fc.property(fc.subarray(names), fc.boolean(), (kept, snake) => {
      const record = Object.fromEntries(
        ['id', ...kept].map((name) => [snake ? snakeCase(name) : name, leastOf(source)[name]]),
      );
      expect(fits(source, record)).toBe(taken(source, record));
    }),
  );
});

test('an unknown field is refused by both', () => {
  const record = { ...leastOf('complaints'), custmerId: 'c-2' };
  expect([fits('complaints', record), taken('complaints', record)]).toEqual([false, false]);
});
