import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SIGNAL_TYPES } from '../../contracts/signal.ts';
import { extend, type Happening, type History, HistoryReader, withoutIdentity } from './history.ts';

const decimal = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const whole = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0 }), fc.maxSafeNat());
const identities = ['handle:x:ada', 'handle:y:ada', 'email:ada@example.org'] as const;

/** Few instants, so that several happen at the same one; and any at all. */
const happening: fc.Arbitrary<Happening> = fc.record(
  {
    at: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.maxSafeNat(), decimal),
    type: fc.constantFrom(...SIGNAL_TYPES),
    mood: fc.oneof(
      fc.integer({ min: -100, max: 100 }).map((hundredths) => hundredths / 100 + 0),
      decimal,
    ),
    intents: fc.integer({ min: 1, max: 1023 }),
    transfers: whole.filter((count) => count > 0),
    satisfaction: fc.oneof(fc.integer({ min: 1, max: 5 }), decimal),
    reach: whole,
    spoke: fc.constant(true),
    via: fc.constantFrom(...identities),
  },
  { requiredKeys: ['at', 'type'] },
);

const ALL = { most: Number.POSITIVE_INFINITY, since: Number.NEGATIVE_INFINITY };

const told = (happenings: readonly Happening[]): History =>
  happenings.reduce((history, one) => extend(history, one, ALL).kept, '');

/** A list as it was before there were histories: each at its place in time, after those of the same instant. */
const listed = (happenings: readonly Happening[]): readonly Happening[] =>
  happenings.toSorted((a, b) => a.at - b.at);

function read(history: History): object[] {
  const found: object[] = [];
  for (const reader = new HistoryReader(history); reader.next(); ) {
    const { at, type, hasMood, mood, intents, transfers, satisfaction, reach, spoke } = reader;
    found.push({
      at,
      type,
      mood: hasMood ? mood : undefined,
      intents,
      transfers,
      satisfaction,
      reach,
      spoke,
    });
  }
  return found;
}

const asRead = ({ via: _, ...happening }: Happening): object => ({
  mood: undefined,
  intents: 0,
  transfers: 0,
  satisfaction: undefined,
  reach: undefined,
  spoke: false,
  ...happening,
});

test('what happened is read as it was told, in order of time', () => {
  fc.assert(
    fc.property(fc.array(happening), (happenings) => {
      expect(read(told(happenings))).toEqual(listed(happenings).map(asRead));
    }),
  );
});

test('taking back an identity leaves what came by itself or through another one', () => {
  fc.assert(
    fc.property(fc.array(happening), fc.constantFrom(...identities), (happenings, identity) => {
      const rest = listed(happenings).filter(({ via }) => via !== identity);
      expect(read(withoutIdentity(told(happenings), identity))).toEqual(rest.map(asRead));
    }),
  );
});

test('too many and too old ones are divided off, and none is lost', () => {
  const instant = fc.integer({ min: 0, max: 9 });
  fc.assert(
    fc.property(
      fc.array(happening),
      fc.option(happening, { nil: undefined }),
      fc.nat(12),
      instant,
      (before, one, most, since) => {
        const { over, kept } = extend(told(before), one, { most, since });
        const list = listed(one === undefined ? before : [...before, one]);
        let first = Math.max(0, list.length - most);
        while (first < list.length && (list[first]?.at ?? 0) < since) first++;
        expect(read(over)).toEqual(list.slice(0, first).map(asRead));
        expect(read(kept)).toEqual(list.slice(first).map(asRead));
      },
    ),
  );
});

test('an ordinary happening takes few characters, none of which JSON has to escape', () => {
  const at = Date.parse('2026-03-02T12:00:00Z');
  const history = told([
    { at, type: 'complaint.received', mood: -0.34, intents: 5, transfers: 2 },
    { at, type: 'post.published', mood: 0.5, reach: 1200, via: 'handle:chirp:ada' },
  ]);
  expect(history.length).toBeLessThan(40);
  expect(JSON.stringify(history)).toHaveLength(history.length + 2);
});
