import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CompiledRule } from '../compile.ts';
import { factsOf } from '../facts.ts';
import { assessed, ruleSetOf, ruleText, START } from '../test-story.ts';
import { TRUE } from '../truth.ts';
import { allOf, implies, isNever, listeningTo, waysOf } from './ways.ts';

/** A busy machine tries fewer, and does not run into the time limit of a test. */
const ENOUGH_MS = 8_000;

/*
 * Lint may only claim what is certain. So random conditions are judged on random facts, and whatever lint says of
 * them must hold on all of these.
 */

const number = fc.integer({ min: 0, max: 4 }).map((n) => n / 4);
const tier = fc.constantFrom('gold', 'Silver', 'BRONZE');
const flag = fc.constantFrom('vip', 'Legal', 'late');
const channel = fc.constantFrom('email', 'phone', 'chat');
const count = fc.integer({ min: 0, max: 3 });

const comparison = fc.oneof(
  fc
    .tuple(fc.constantFrom('gt', 'gte', 'lt', 'lte', 'eq', 'ne'), number)
    .map(([operator, value]) => `profile.churn_risk: {${operator}: ${value}}`),
  fc
    .tuple(fc.constantFrom('in', 'not_in'), fc.array(tier, { minLength: 1, maxLength: 2 }))
    .map(([operator, list]) => `profile.value_tier: {${operator}: [${list.join(', ')}]}`),
  fc
    .tuple(fc.constantFrom('contains', 'eq', 'ne'), tier)
    .map(([operator, value]) => `profile.value_tier: {${operator}: ${value}}`),
  fc
    .array(flag, { minLength: 1, maxLength: 2 })
    .map((list) => `profile.flags: {any_of: [${list.join(', ')}]}`),
  flag.map((value) => `profile.flags: {contains: ${value}}`),
  fc
    .tuple(fc.constantFrom('eq', 'ne'), channel)
    .map(([operator, value]) => `event.channel: {${operator}: ${value}}`),
  fc.boolean().map((known) => `profile.churn_risk: {exists: ${known}}`),
  fc
    .tuple(fc.constantFrom('short', 'long'), fc.constantFrom('gt', 'gte', 'lt', 'eq'), count)
    .map(([name, operator, value]) => `${name}: {${operator}: ${value}}`),
);

const condition = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthSize: 'medium' },
    comparison,
    fc
      .tuple(fc.constantFrom('all', 'any'), fc.array(tie('node'), { minLength: 1, maxLength: 3 }))
      .map(([join, parts]) => `${join}: [${parts.map((part) => `{${part}}`).join(', ')}]`),
    tie('node').map((part) => `not: {${part}}`),
  ),
})).node;

const facts = fc.record({
  churnRisk: fc.option(number, { nil: undefined }),
  valueTier: fc.option(tier, { nil: undefined }),
  flags: fc.option(fc.array(flag, { maxLength: 2 }), { nil: undefined }),
  channel,
  ages: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 4 }),
});

const HOURS = 3_600_000;

function factsFor({
  ages,
  channel: over,
  ...profile
}: typeof facts extends fc.Arbitrary<infer F> ? F : never) {
  const known = Object.fromEntries(Object.entries(profile).filter(([, value]) => value !== undefined));
  const assessment = assessed({
    id: 's',
    type: 'complaint.received',
    at: START,
    profile: known,
    signal: { channel: over },
  });
  const signals = ages
    .toSorted((a, b) => b - a)
    .map((age, n) => ({ id: `${n}`, type: 'complaint.received' as const, at: START - age * HOURS }));
  return factsOf(assessment, signals, START);
}

function ruleOf(when: string): CompiledRule {
  const text = ruleText(
    'r',
    `  listen: [complaint.received]
  windows:
    short: {of: complaint.received, fn: count, over: 4h}
    long: {of: complaint.received, fn: count, over: 8h}
  when: {${when}}`,
  );
  const [rule] = ruleSetOf(text).listening.get('complaint.received') ?? [];
  if (rule === undefined) throw new Error('the rule listens');
  return rule;
}

test('what lint says can never be true is never true', () => {
  fc.assert(
    fc.property(condition, fc.array(facts, { minLength: 20, maxLength: 20 }), (when, samples) => {
      const rule = ruleOf(when);
      const never = isNever(allOf([listeningTo(['complaint.received']), waysOf(rule.rule.when)]));
      return !never || samples.every((sample) => rule.when(factsFor(sample)) !== TRUE);
    }),
    { numRuns: 300, interruptAfterTimeLimit: ENOUGH_MS },
  );
});

test('what lint says is covered by another is true only when the other is', () => {
  let claims = 0;
  fc.assert(
    fc.property(condition, condition, fc.array(facts, { minLength: 20, maxLength: 20 }), (a, b, samples) => {
      const [narrow, wide] = [ruleOf(a), ruleOf(b)];
      if (!implies(waysOf(narrow.rule.when), waysOf(wide.rule.when))) return true;
      claims += 1;
      return samples.every((sample) => {
        const judged = factsFor(sample);
        return narrow.when(judged) !== TRUE || wide.when(judged) === TRUE;
      });
    }),
    { numRuns: 400, interruptAfterTimeLimit: ENOUGH_MS },
  );
  expect(claims).toBeGreaterThan(5);
});

test('a condition covers itself and everything narrower', () => {
  const ways = (when: string) => waysOf(ruleOf(when).rule.when);
  expect(implies(ways('short: {gte: 2}'), ways('long: {gte: 1}'))).toBe(true);
  expect(implies(ways('long: {gte: 2}'), ways('short: {gte: 2}'))).toBe(false);
  expect(implies(ways('profile.churn_risk: {gte: 0.7}'), ways('profile.churn_risk: {exists: true}'))).toBe(
    true,
  );
  expect(
    implies(ways('profile.value_tier: {eq: gold}'), ways('not: {profile.value_tier: {in: [silver]}}')),
  ).toBe(true);
});
