import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  alerted,
  decided,
  delayed,
  inOrder,
  played,
  rule,
  rulesOf,
  type Said,
  shuffled,
} from '../test-support/any-order.ts';

const segment = (spec: string): string => `  scope: segment\n  key: [product]\n${spec}`;

/** What more signals cannot make undone. */
const growing = [
  rule(
    'burst',
    segment(`  listen: [complaint.received]
  windows: {half: {of: complaint.received, fn: count, over: 30m}}
  when: {half: {gte: 3}}
  severity: [{set: P1, if: {half: {gte: 5}}}, {set: P2, if: {half: {gte: 4}}}, {set: P3}]`),
  ),
  rule(
    'people',
    segment(`  listen: [complaint.received, payment.failed]
  windows:
    people: {of: [complaint.received, payment.failed], fn: distinct, field: customer_id, over: 40m}
    more: {of: complaint.received, fn: count, over: 100m}
    dear: {of: payment.failed, fn: sum, field: amount, over: 70m, where: {amount: {gte: 5}}}
  when: {all: [{people: {gte: 3}}, {any: [{more: {gte: 4}}, {dear: {gte: 25}}]}]}`),
  ),
  rule(
    'after-payments',
    segment(`  listen: [complaint.received]
  windows: {failed: {of: payment.failed, fn: count, over: 45m}}
  when: {failed: {gte: 2}}`),
  ),
];

/** What an earlier signal that comes late would have kept from matching. */
const wavering = [
  rule(
    'average',
    segment(`  listen: [payment.failed]
  windows: {mean: {of: payment.failed, fn: avg, field: amount, over: 1h}, n: {of: payment.failed, fn: count, over: 3h}}
  when: {mean: {lt: 3}, n: {lte: 4}}
  suppress: {cooldown: 90m, reopen_within: 20m}`),
  ),
  rule(
    'spike',
    segment(`  listen: [complaint.received]
  windows:
    now: {of: complaint.received, fn: count, over: 1h}
    usual: {of: complaint.received, fn: count, over: 1h, baseline: {lookback: 3h, step: 30m, floor: 0.5, warmup: 1h}}
  when: {ratio: {of: now, to: usual, gte: 2}, now: {gte: 2}}
  severity: [{set: P1, if: {ratio: {of: now, to: usual, gte: 4}}}, {set: P2}]
  suppress: {merge_open: false, cooldown: 1h}`),
  ),
  rule(
    'quiet',
    segment(`  listen: [complaint.received]
  windows: {people: {of: [complaint.received, payment.failed], fn: distinct, field: customer_id, over: 30m}}
  when: {not: {people: {gte: 2}}}`),
  ),
];

const settled = (time: string) =>
  about(
    ...[...growing, ...wavering].map(({ name, text }) => ({
      name,
      text: text.replace('\n  timebox:', `\n  settle: ${time}\n  timebox:`),
    })),
  );

function about(...files: readonly ReturnType<typeof rule>[]) {
  return { ruleSet: rulesOf(...files), closes: ['dsl', 'tv'] };
}
const GROWING = about(...growing);
const WAVERING = about(...wavering);
const SETTLED = settled('6h');

const said = shuffled(
  fc.record({
    minute: fc.oneof(fc.integer({ min: 0, max: 290 }), fc.integer({ min: 100, max: 160 })),
    type: fc.constantFrom<Said['type']>('complaint.received', 'payment.failed'),
    customerId: fc.constantFrom('c1', 'c2', 'c3', 'c4'),
    fields: fc.record({ product: fc.constantFrom('dsl', 'tv'), amount: fc.integer({ min: 0, max: 10 }) }),
  }),
  { minLength: 1, maxLength: 16 },
);

const ruleIds = (alerts: readonly string[]): string[] => alerts.map((alert) => alert.split(':')[0] ?? '');

test('about segments, too, any order of arrival and repeats lead to the same alerts', () => {
  const raised = new Set<string>();
  fc.assert(
    fc.property(said, ([list, withRepeats]) => {
      const found = alerted(GROWING, withRepeats);
      expect(found).toEqual(alerted(GROWING, inOrder(list)));
      for (const id of ruleIds(found)) raised.add(id);
    }),
    { numRuns: 300 },
  );
  expect([...raised].sort()).toEqual(GROWING.ruleSet.rules.map(({ id }) => id).sort());
});

test('about segments, too, what comes late may alert more and never less; a warm-up aside, which begins with the first signal', () => {
  let more = 0;
  const warm = (alerts: readonly string[]) => ruleIds(alerts).filter((id) => id !== 'spike');
  fc.assert(
    fc.property(said, ([list, withRepeats]) => {
      const found = alerted(WAVERING, withRepeats);
      const wanted = alerted(WAVERING, inOrder(list));
      expect(new Set(warm(found))).toEqual(new Set([...warm(found), ...warm(wanted)]));
      more += found.length > wanted.length ? 1 : 0;
    }),
    { numRuns: 200, seed: 1 },
  );
  expect(more).toBeGreaterThan(0);
});

test('a segment rule that settles alerts the same in any order of arrival, whatever it asks', () => {
  const raised = new Set<string>();
  fc.assert(
    fc.property(said, ([list, withRepeats]) => {
      const found = alerted(SETTLED, withRepeats);
      expect(found).toEqual(alerted(SETTLED, inOrder(list)));
      for (const id of ruleIds(found)) raised.add(id);
    }),
    { numRuns: 200 },
  );
  expect([...raised].sort()).toEqual(SETTLED.ruleSet.rules.map(({ id }) => id).sort());
});

test('with settle each alert about a segment opens at the same instant for the same reasons, whenever its signals arrive', () => {
  fc.assert(
    fc.property(delayed(said, fc.integer({ min: 0, max: 359 })), ({ inTime, late }) => {
      expect(decided(played(SETTLED, late))).toEqual(decided(played(SETTLED, inTime)));
    }),
    { numRuns: 200 },
  );
});

test('control: about a segment, signals that arrive later than settle may alert otherwise', () => {
  let different = 0;
  fc.assert(
    fc.property(delayed(said, fc.integer({ min: 0, max: 359 })), ({ inTime, late }) => {
      const hasty = settled('30m');
      const found = JSON.stringify(decided(played(hasty, late)));
      different += found === JSON.stringify(decided(played(hasty, inTime))) ? 0 : 1;
    }),
    { numRuns: 20, seed: 1 },
  );
  expect(different).toBeGreaterThan(0);
});
