import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RuleSet } from '../../action-management/domain/compile.ts';
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

/** What matches once, more signals cannot make undone. */
const growing = rulesOf(
  rule(
    'burst',
    '  listen: [complaint.received]\n  windows: {hour: {of: complaint.received, fn: count, over: 1h}}\n  when: {hour: {gte: 3}}',
  ),
  rule(
    'many-products',
    `  listen: [complaint.received, payment.failed]
  windows:
    products: {of: [complaint.received, payment.failed], fn: distinct, field: product, over: 90m}
    most: {of: payment.failed, fn: max, field: amount, over: 2h}
    dear: {of: payment.failed, fn: count, over: 3h, where: {amount: {gte: 5}}}
  when: {any: [{products: {gte: 2}}, {most: {gte: 9}}, {dear: {gte: 2}}]}
  suppress: {dedupe_key: "{rule.id}:{customer_id}:{event.type}"}`,
  ),
  rule(
    'after-payment',
    `  listen: [complaint.received]
  windows: {failed_2h: {of: payment.failed, fn: count, over: 2h}}
  when: {failed_2h: {gte: 1}, event.product: {eq: dsl}}`,
  ),
  rule(
    'chain',
    `  listen: [complaint.received]
  sequence: [{event: complaint.received, as: a}, {event: payment.failed, within: 2h}]
  when: {event.channel: {exists: true}}`,
  ),
  rule(
    'no-contact',
    `  listen: [complaint.received]
  sequence: [{event: complaint.received}, {absent: contact.logged, for: 12h@24x7}]
  when: {event.channel: {exists: true}}`,
  ),
);

/** What an earlier signal that comes late would have kept from matching. */
const wavering = [
  rule(
    'average',
    '  listen: [payment.failed]\n  windows: {mean: {of: payment.failed, fn: avg, field: amount, over: 2h}}\n  when: {mean: {lt: 4}}',
  ),
  rule(
    'sinking',
    '  listen: [payment.failed]\n  windows: {slope: {of: payment.failed, fn: trend, field: amount, over: 3h, unit: per_hour}}\n  when: {slope: {lt: -1}}',
  ),
  rule(
    'nothing-else',
    '  listen: [complaint.received]\n  windows: {paid: {of: payment.failed, fn: count, over: 2h}, least: {of: payment.failed, fn: min, field: amount, over: 3h}}\n  when: {any: [{paid: {lte: 0}}, {least: {gte: 5}}]}',
  ),
  rule(
    'latest',
    '  listen: [complaint.received]\n  windows: {newest: {of: payment.failed, fn: last, field: product, over: 3h}}\n  when: {newest: {eq: tv}}',
  ),
];

/** What waits for that, of every kind that the language has. */
const settled = (time: string): RuleSet =>
  rulesOf(
    ...[
      ...wavering,
      rule(
        'moods',
        `  listen: [complaint.received, payment.failed]
  windows:
    mean: {of: payment.failed, fn: avg, field: amount, over: 2h}
    usual: {of: payment.failed, fn: count, over: 30m, baseline: {lookback: 2h, step: 30m, warmup: 30m}}
  when: {any: [{mean: {gte: 6}}, {not: {usual: {gte: 1}}}]}
  severity: [{set: P1, if: {mean: {gte: 8}}}, {set: P2, if: {event.type: {eq: payment.failed}}}, {set: P3}]
  suppress: {dedupe_key: "{rule.id}:{customer_id}:{event.product}", cooldown: 90m, reopen_within: 20m}`,
      ),
      rule(
        'not-merged',
        `  listen: [payment.failed]
  windows: {most: {of: payment.failed, fn: max, field: amount, over: 1h}}
  when: {most: {lte: 6}}
  suppress: {merge_open: false, cooldown: 1h, contact_fatigue: {max: 1, over: 2h}}`,
      ),
      rule('single', '  listen: [complaint.received]\n  when: {event.product: {eq: tv}}'),
      rule(
        'chain-of-means',
        `  listen: [complaint.received]
  windows: {mean: {of: payment.failed, fn: avg, field: amount, over: 2h}}
  sequence: [{event: complaint.received, as: a}, {event: payment.failed, as: b, within: 2h}]
  when: {mean: {lt: 7}, b.amount: {lte: 5}}`,
      ),
      rule(
        'nobody-called',
        `  listen: [complaint.received]
  windows: {newest: {of: payment.failed, fn: last, field: product, over: 3h}}
  sequence: [{event: complaint.received}, {absent: contact.logged, for: 1h@24x7}]
  when: {not: {newest: {eq: tv}}}`,
      ),
    ].map(({ name, text }) => ({
      name,
      text: text.replace('\n  timebox:', `\n  settle: ${time}\n  timebox:`),
    })),
  );

const about = (ruleSet: RuleSet) => ({ ruleSet, closes: ['c1', 'c2'] });
const GROWING = about(growing);
const WAVERING = about(rulesOf(...wavering));
const SETTLED = about(settled('6h'));

const said = shuffled(
  fc.record({
    minute: fc.integer({ min: 0, max: 290 }),
    type: fc.constantFrom<Said['type']>('complaint.received', 'payment.failed', 'contact.logged'),
    customerId: fc.constantFrom('c1', 'c2'),
    fields: fc.record({ product: fc.constantFrom('dsl', 'tv'), amount: fc.integer({ min: 0, max: 10 }) }),
  }),
  { minLength: 1, maxLength: 9 },
);

test('any order of arrival within the allowed lateness, and repeats, lead to the same alerts', () => {
  fc.assert(
    fc.property(said, ([list, withRepeats]) => {
      expect(alerted(GROWING, withRepeats)).toEqual(alerted(GROWING, inOrder(list)));
    }),
    { numRuns: 200 },
  );
});

test('what a signal that comes late would have kept from matching may alert, but no order loses an alert', () => {
  let more = 0;
  fc.assert(
    fc.property(said, ([list, withRepeats]) => {
      const found = alerted(WAVERING, withRepeats);
      const wanted = alerted(WAVERING, inOrder(list));
      expect(found).toEqual(expect.arrayContaining([...wanted]));
      more += found.length > wanted.length ? 1 : 0;
    }),
    { numRuns: 200, seed: 1 },
  );
  expect(more).toBeGreaterThan(0);
});

test('a rule that settles alerts the same in any order of arrival, whatever it asks', () => {
  const raised = new Set<string>();
  fc.assert(
    fc.property(said, ([list, withRepeats]) => {
      const found = alerted(SETTLED, withRepeats);
      expect(found).toEqual(alerted(SETTLED, inOrder(list)));
      for (const alert of found) raised.add(alert.split(':')[0] ?? '');
    }),
    { numRuns: 200 },
  );
  expect([...raised].sort()).toEqual(SETTLED.ruleSet.rules.map(({ id }) => id).sort());
});

test('with settle, signals may arrive that much later one by one: each alert opens at the same instant, with the same reasons and deadlines', () => {
  fc.assert(
    fc.property(delayed(said, fc.integer({ min: 0, max: 359 })), ({ inTime, late }) => {
      expect(decided(played(SETTLED, late))).toEqual(decided(played(SETTLED, inTime)));
    }),
    { numRuns: 200 },
  );
});

test('control: signals that arrive later than settle may alert otherwise', () => {
  let different = 0;
  fc.assert(
    fc.property(delayed(said, fc.integer({ min: 0, max: 359 })), ({ inTime, late }) => {
      const hasty = about(settled('30m'));
      const found = JSON.stringify(decided(played(hasty, late)));
      different += found === JSON.stringify(decided(played(hasty, inTime))) ? 0 : 1;
    }),
    { numRuns: 20, seed: 1 },
  );
  expect(different).toBeGreaterThan(0);
});
