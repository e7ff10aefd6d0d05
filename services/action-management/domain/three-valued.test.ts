import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Result } from './evaluate.ts';
import type { Said } from './test-story.ts';
import { assessed, play, ruleSetOf, ruleText, START } from './test-story.ts';

/** How one complaint is judged by a rule with this condition. */
function judged(when: string, said: Partial<Said> = {}, more = ''): Result {
  const rule = ruleText('example', `  listen: [complaint.received]\n  when: ${when}\n${more}`);
  const results: Result[] = [];
  const complaint = assessed({ id: 'k1', type: 'complaint.received', at: START, ...said });
  play(ruleSetOf(rule), [complaint], { onEvaluation: (_, { result }) => results.push(result) });
  return results[0] ?? 'error';
}

const profile = {
  valueTier: 'Gold',
  churnRisk: 0.8,
  active: true,
  flags: ['vip'],
  openComplaints: 2,
};

test.each([
  ['{profile.value_tier: {eq: gold}}', 'match'],
  ['{profile.value_tier: {ne: gold}}', 'no_match'],
  ['{profile.value_tier: {in: [silver, GOLD]}}', 'match'],
  ['{profile.value_tier: {not_in: [silver]}}', 'match'],
  ['{profile.churn_risk: {gt: 0.8}}', 'no_match'],
  ['{profile.churn_risk: {gte: 0.8}}', 'match'],
  ['{profile.churn_risk: {lt: 0.8}}', 'no_match'],
  ['{profile.churn_risk: {lte: 0.8}}', 'match'],
  ['{profile.churn_risk: {gte: 0.5, lt: 0.9}}', 'match'],
  ['{profile.active: {eq: true}}', 'match'],
  ['{profile.flags: {any_of: [vip, press]}}', 'match'],
  ['{profile.flags: {any_of: [deceased]}}', 'no_match'],
  ['{profile.flags: {contains: VIP}}', 'match'],
  ['{event.text: {contains: "Router"}}', 'match'],
  ['{event.text: {matches: "rout(er|ing)\\\\b"}}', 'match'],
  ['{event.text: {matches: "^(a+)+$"}}', 'no_match'],
  ['{event.intents: {any_of: [leave]}}', 'match'],
  ['{event.intents: {any_of: [legal]}}', 'no_match'],
  ['{event.channel: {eq: email}}', 'match'],
  ['{profile.region: {exists: false}}', 'match'],
  ['{profile.value_tier: {exists: true}}', 'match'],
  ['{profile.value_tier: {eq: gold}, profile.active: {eq: false}}', 'no_match'],
])('%s is %s', (when, result) => {
  const text = 'My router broke again';
  expect(judged(when, { profile, intents: ['leave'], signal: { text } })).toBe(result);
});

test.each([
  '{profile.region: {eq: north}}',
  '{profile.region: {ne: north}}',
  '{profile.region: {not_in: [north]}}',
  '{not: {profile.region: {eq: north}}}',
  '{profile.flags: {any_of: [deceased]}}',
  '{not: {profile.flags: {any_of: [deceased]}}}',
  '{event.sentiment: {lt: 0}}',
  '{all: [{event.channel: {eq: email}}, {profile.region: {eq: north}}]}',
  '{any: [{event.channel: {eq: phone}}, {profile.region: {eq: north}}]}',
  '{event.risk_change: {gte: 0}}',
])('missing data never fires %s, and is not false either', (when) => {
  expect(judged(when)).toBe('unknown');
});

test.each([
  ['{all: [{event.channel: {eq: phone}}, {profile.region: {eq: north}}]}', 'no_match'],
  ['{any: [{event.channel: {eq: email}}, {profile.region: {eq: north}}]}', 'match'],
])('%s is decided by what is known: %s', (when, result) => {
  expect(judged(when)).toBe(result);
});

test('a text as long as a book does not slow a nasty pattern down', () => {
  const started = performance.now();
  const text = 'a'.repeat(1_000_000);
  expect(judged('{event.text: {matches: "^(a+)+b$"}}', { signal: { text } })).toBe('no_match');
  expect(performance.now() - started).toBeLessThan(500);
});

/** A plain reading of the logic, to hold the closures against. */
type Plain = { all: Plain[] } | { any: Plain[] } | { not: Plain } | 'yes' | 'no' | 'missing';
type Logic = boolean | undefined;

function interpret(plain: Plain): Logic {
  if (plain === 'yes') return true;
  if (plain === 'no') return false;
  if (plain === 'missing') return undefined;
  if ('not' in plain) {
    const inner = interpret(plain.not);
    return inner === undefined ? undefined : !inner;
  }
  const parts: Logic[] = ('all' in plain ? plain.all : plain.any).map(interpret);
  const decisive = 'any' in plain;
  if (parts.includes(decisive)) return decisive;
  return parts.includes(undefined) ? undefined : !decisive;
}

const LEAVES = {
  yes: '{event.channel: {eq: email}}',
  no: '{event.channel: {eq: phone}}',
  missing: '{profile.region: {eq: north}}',
};

function written(plain: Plain): string {
  if (typeof plain === 'string') return LEAVES[plain];
  if ('not' in plain) return `{not: ${written(plain.not)}}`;
  return 'all' in plain
    ? `{all: [${plain.all.map(written).join(', ')}]}`
    : `{any: [${plain.any.map(written).join(', ')}]}`;
}

test('closures agree with a plain interpreter on any nesting of all, any and not', () => {
  const { tree } = fc.letrec<{ tree: Plain; leaf: Plain }>((tie) => ({
    leaf: fc.constantFrom<Plain>('yes', 'no', 'missing'),
    tree: fc.oneof(
      { maxDepth: 3, depthSize: 'medium' },
      tie('leaf'),
      fc.record({ all: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ any: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ not: tie('tree') }),
    ),
  }));
  fc.assert(
    fc.property(tree, (plain) => {
      const logic = interpret(plain);
      const expected = logic === undefined ? 'unknown' : logic ? 'match' : 'no_match';
      expect(judged(written(plain))).toBe(expected);
    }),
    { numRuns: 200 },
  );
});
