import { expect, test } from 'vitest';
import { HOUR } from '../../../platform/time/clock.ts';
import { ruleSetOf, ruleText } from '../test-story.ts';
import { dependencesOf } from './order-of-arrival.ts';

/** By what in a rule the order of arrival decides, and why. */
function said(spec: string): string[] {
  const [rule] = ruleSetOf(ruleText('example', spec)).rules;
  if (rule === undefined) throw new Error('there is a rule');
  return dependencesOf(rule, { allowedLatenessMs: 6 * HOUR }).map(
    ({ because, what }) => `${what}: ${because}`,
  );
}

const WINDOWS = `  listen: [complaint.received]
  windows:
    n: {of: complaint.received, fn: count, over: 14d}
    different: {of: complaint.received, fn: distinct, field: product, over: 14d}
    least: {of: complaint.received, fn: min, field: sentiment, over: 14d}
    most: {of: complaint.received, fn: max, field: amount, over: 14d}
    transfers: {of: call_note.received, fn: sum, field: transfers, over: 14d}
    amount: {of: payment.failed, fn: sum, field: amount, over: 14d}
    mean: {of: complaint.received, fn: avg, field: sentiment, over: 14d}
    slope: {of: complaint.received, fn: trend, field: sentiment, over: 14d}
    latest: {of: complaint.received, fn: last, field: product, over: 14d}
    usual: {of: complaint.received, fn: count, over: 1d, baseline: {lookback: 7d, step: 1d}}
    risky: {of: complaint.received, fn: count, over: 14d, where: {risk_change: {gte: 10}}}
`;

test.each<[condition: string, says: readonly string[]]>([
  ['{n: {gte: 2}}', []],
  ['{n: {gt: 2, lte: 4}}', ['n: bounded-above']],
  ['{n: {eq: 2}}', ['n: wavers']],
  ['{not: {n: {lt: 2}}}', []],
  ['{not: {n: {gte: 2}}}', ['n: bounded-above']],
  ['{not: {not: {n: {gte: 2}}}}', []],
  ['{different: {gte: 2}}', []],
  ['{least: {lt: -0.5}}', []],
  ['{least: {gt: -0.5}}', ['least: bounded-above']],
  ['{most: {gte: 5}}', []],
  ['{most: {lte: 5}}', ['most: bounded-above']],
  ['{most: {exists: true}}', []],
  ['{most: {exists: false}}', ['most: bounded-above']],
  ['{transfers: {gte: 3}}', []],
  ['{amount: {gte: 3}}', ['amount: wavers']],
  ['{mean: {lt: 0}}', ['mean: wavers']],
  ['{mean: {exists: true}}', []],
  ['{slope: {lt: 0}}', ['slope: wavers']],
  ['{latest: {eq: dsl}}', ['latest: wavers']],
  ['{usual: {gte: 1}}', ['usual: wavers']],
  ['{ratio: {of: n, to: usual, gte: 2}}', ['n / usual: wavers']],
  ['{risky: {gte: 1}}', ['risky: scored-so-far']],
  ['{event.sentiment: {lt: 0}, not: {event.channel: {eq: email}}}', []],
  ['{event.text: {contains: lawyer}}', ['event.text: forgotten']],
  ['{event.risk_change: {gte: 5}}', ['event.risk_change: scored-so-far']],
  ['{profile.value_tier: {eq: gold}, profile.tenure_months: {lte: 2}}', []],
  ['{profile.churn_risk: {gte: 0.5}}', ['profile.churn_risk: scored-so-far']],
  ['{any: [{n: {gte: 2}}, {all: [{mean: {lt: 0}}]}]}', ['mean: wavers']],
])('of when: %s', (when, says) => {
  expect(said(`${WINDOWS}  when: ${when}`)).toEqual(says);
  expect(said(`${WINDOWS}  settle: 0s\n  when: ${when}`)).toEqual(says);
});

const counting = (more: string): string => `${WINDOWS}  when: {n: {gte: 2}}\n${more}`;

test.each<[more: string, says: readonly string[]]>([
  ['  severity: [{set: P1, if: {n: {gte: 4}}}, {set: P2}]', []],
  ['  severity: [{set: P3, if: {n: {gte: 4}}}, {set: P2}]', ['n: wavers']],
  ['  severity: [{set: P1, if: {n: {lt: 4}}}, {set: P2}]', ['n: bounded-above']],
  ['  severity: [{set: P3, if: {event.channel: {eq: email}}}, {set: P2}]', []],
  ['  suppress: {mute_if: {n: {gte: 9}}}', ['n: bounded-above']],
  ['  suppress: {mute_if: {profile.flags: {any_of: [deceased]}}}', []],
  ['  suppress: {merge_open: false}', []],
  [
    '  suppress: {merge_open: false}\n  severity: [{set: P1, if: {event.channel: {eq: email}}}, {set: P2}]',
    ['merge_open: false: first-comes'],
  ],
  ['  suppress: {dedupe_key: "{rule.id}:{customer_id}:{event.product}"}', []],
  ['  suppress: {dedupe_key: "{rule.id}:{customer_id}:{latest}"}', ['{latest}: wavers']],
])('beside a count: %s', (more, says) => {
  expect(said(counting(more))).toEqual(says);
});

test('of a rule that settles nothing depends on the order', () => {
  const mean =
    'listen: [complaint.received]\n  windows: {mean: {of: complaint.received, fn: avg, field: sentiment, over: 14d}}';
  expect(said(`  ${mean}\n  when: {mean: {lt: 0}}`)).toEqual(['mean: wavers']);
  expect(said(`  ${mean}\n  settle: 1h\n  when: {mean: {lt: 0}}`)).toEqual([]);
});

test.each<[sequence: string, when: string, says: readonly string[]]>([
  [
    '[{event: complaint.received, as: a}, {event: payment.failed, within: 2d}]',
    '{a.channel: {eq: email}}',
    [],
  ],
  [
    '[{event: complaint.received, as: a}, {event: payment.failed, as: b, within: 2d}]',
    '{b.amount: {gte: 5}}',
    ['b.amount: judged-once'],
  ],
  [
    '[{event: complaint.received}, {event: payment.failed, within: 2d}]',
    '{event.sentiment: {lt: 0}}',
    ['event.sentiment: judged-once'],
  ],
  [
    '[{event: complaint.received}, {absent: contact.logged, for: 2bd}]',
    '{profile.active: {eq: true}}',
    ['contact.logged: absence'],
  ],
  [
    '[{event: complaint.received}, {event: payment.failed, within: 2d}, {event: call_note.received, within: 2d}]',
    '{profile.active: {eq: true}}',
    ['sequence: judged-once'],
  ],
])('of the sequence %s when %s', (sequence, when, says) => {
  expect(said(`  listen: [complaint.received]\n  sequence: ${sequence}\n  when: ${when}`)).toEqual(says);
});

test.each<[windows: string, when: string, says: readonly string[]]>([
  ['n: {of: complaint.received, fn: count, over: 30m}', '{n: {gte: 3}}', []],
  ['n: {of: complaint.received, fn: count, over: 29m}', '{n: {gte: 3}}', ['n: out-of-reach']],
  [
    'n: {of: complaint.received, fn: count, over: 1h}',
    '{n: {gte: 3}, event.channel: {eq: email}}',
    ['event.channel: forgotten'],
  ],
  ['n: {of: complaint.received, fn: count, over: 1h}', '{n: {gte: 3}, product: {eq: dsl}}', []],
])('of a segment with %s when %s', (windows, when, says) => {
  const spec = `  listen: [complaint.received]\n  scope: segment\n  key: [product]\n  windows: {${windows}}\n  when: ${when}`;
  expect(said(spec)).toEqual(says);
});
