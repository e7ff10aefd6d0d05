import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HOUR, MINUTE } from '../../platform/time/clock.ts';
import type { Result } from './evaluate.ts';
import { assessed, play, ruleSetOf, ruleText, START } from './test-story.ts';

/** A busy machine tries fewer, and does not run into the time limit of a test. */
const ENOUGH_MS = 8_000;

/*
 * The compiled closures against an interpreter that reads the condition as it is written, looks everything up in plain
 * lists, and shares no code with them.
 */

interface Heard {
  readonly type: 'complaint.received' | 'payment.failed';
  readonly minute: number;
  readonly amount?: number | undefined;
  readonly product?: string | undefined;
  readonly sentiment?: number | undefined;
}
interface Customer {
  readonly valueTier?: string | undefined;
  readonly churnRisk?: number | undefined;
  readonly active?: boolean | undefined;
  readonly flags?: readonly string[] | undefined;
}
type Written = { readonly [key: string]: unknown };

/** Each is looked up below by its name, over the same history. */
const WINDOWS = {
  often: '{of: complaint.received, fn: count, over: 2h}',
  dear: '{of: payment.failed, fn: count, over: 3h, where: {amount: {gte: 10}}}',
  products: '{of: [complaint.received, payment.failed], fn: distinct, field: product, over: 4h}',
  owed: '{of: payment.failed, fn: sum, field: amount, over: 3h}',
  mood: '{of: complaint.received, fn: avg, field: sentiment, over: 4h, min_samples: 2}',
  worst: '{of: complaint.received, fn: min, field: sentiment, over: 1h}',
  most: '{of: payment.failed, fn: max, field: amount, over: 4h}',
  newest: '{of: [complaint.received, payment.failed], fn: last, field: product, over: 2h}',
  slope: '{of: complaint.received, fn: trend, field: sentiment, over: 4h, min_samples: 2, unit: per_hour}',
} as const;

function lookUp(name: string, heard: readonly Heard[], customer: Customer): unknown {
  const last = heard.at(-1);
  const now = last?.minute ?? 0;
  const within = (hours: number, ...types: Heard['type'][]) =>
    heard.filter(({ type, minute }) => types.includes(type) && minute > now - hours * 60);
  const known = <T>(values: readonly (T | undefined)[]) => values.filter((value) => value !== undefined);
  const complaints = (hours: number) => within(hours, 'complaint.received');
  const payments = (hours: number) => within(hours, 'payment.failed');
  switch (name) {
    case 'event.product':
      return last?.product;
    case 'event.amount':
      return last?.amount;
    case 'event.sentiment':
      return last?.sentiment;
    case 'profile.value_tier':
      return customer.valueTier;
    case 'profile.churn_risk':
      return customer.churnRisk;
    case 'profile.active':
      return customer.active;
    case 'profile.flags':
      return customer.flags;
    case 'often':
      return complaints(2).length;
    case 'dear':
      return payments(3).filter(({ amount = 0 }) => amount >= 10).length;
    case 'products': {
      const all = within(4, 'complaint.received', 'payment.failed');
      return new Set(known(all.map(({ product }) => product))).size;
    }
    case 'owed': {
      const amounts = known(payments(3).map(({ amount }) => amount));
      return amounts.length === 0 ? undefined : amounts.reduce((a, b) => a + b);
    }
    case 'mood': {
      const moods = known(complaints(4).map(({ sentiment }) => sentiment));
      return moods.length < 2 ? undefined : moods.reduce((a, b) => a + b) / moods.length;
    }
    case 'worst': {
      const moods = known(complaints(1).map(({ sentiment }) => sentiment));
      return moods.length === 0 ? undefined : Math.min(...moods);
    }
    case 'most': {
      const amounts = known(payments(4).map(({ amount }) => amount));
      return amounts.length === 0 ? undefined : Math.max(...amounts);
    }
    case 'newest':
      return known(within(2, 'complaint.received', 'payment.failed').map(({ product }) => product)).at(-1);
    case 'slope': {
      const points = complaints(4).flatMap(({ minute, sentiment }) =>
        sentiment === undefined ? [] : [[minute / 60, sentiment] as const],
      );
      if (points.length < 2) return undefined;
      const n = points.length;
      const [sx, sy] = [0, 1].map((i) => points.reduce((sum, point) => sum + (point[i] ?? 0), 0));
      const sxy = points.reduce((sum, [x, y]) => sum + x * y, 0);
      const sxx = points.reduce((sum, [x]) => sum + x * x, 0);
      return (n * sxy - (sx ?? 0) * (sy ?? 0)) / (n * sxx - (sx ?? 0) ** 2);
    }
    default:
      throw new Error(`the interpreter does not know ${name}`);
  }
}

/** True, false, or nothing where something is not known. */
function interpret(written: Written, read: (name: string) => unknown): boolean | undefined {
  const parts = Object.entries(written).map(([key, value]) => {
    if (key === 'all') return every((value as Written[]).map((part) => interpret(part, read)));
    if (key === 'any') return some((value as Written[]).map((part) => interpret(part, read)));
    if (key === 'not') return negated(interpret(value as Written, read));
    if (key === 'ratio') {
      const { of, to, ...operators } = value as { of: string; to: string };
      const [above, below] = [read(of), read(to)] as [number | undefined, number | undefined];
      const ratio = above === undefined || below === undefined || below === 0 ? undefined : above / below;
      return every(Object.entries(operators).map(([operator, wanted]) => compare(ratio, operator, wanted)));
    }
    const found = read(key);
    return every(
      Object.entries(value as Written).map(([operator, wanted]) => compare(found, operator, wanted)),
    );
  });
  return every(parts);
}

const every = (parts: readonly (boolean | undefined)[]): boolean | undefined =>
  parts.includes(false) ? false : parts.includes(undefined) ? undefined : true;
const some = (parts: readonly (boolean | undefined)[]): boolean | undefined =>
  parts.includes(true) ? true : parts.includes(undefined) ? undefined : false;
const negated = (truth: boolean | undefined): boolean | undefined =>
  truth === undefined ? undefined : !truth;

function compare(found: unknown, operator: string, wanted: unknown): boolean | undefined {
  if (operator === 'exists') return (found !== undefined) === wanted;
  if (found === undefined) return undefined;
  const folded = (value: unknown) => (typeof value === 'string' ? value.toLowerCase() : value);
  const list = (value: unknown) => (value as unknown[]).map(folded);
  switch (operator) {
    case 'eq':
      return folded(found) === folded(wanted);
    case 'ne':
      return folded(found) !== folded(wanted);
    case 'gt':
      return (found as number) > (wanted as number);
    case 'gte':
      return (found as number) >= (wanted as number);
    case 'lt':
      return (found as number) < (wanted as number);
    case 'lte':
      return (found as number) <= (wanted as number);
    case 'in':
      return list(wanted).includes(folded(found));
    case 'not_in':
      return !list(wanted).includes(folded(found));
    case 'any_of':
      return list(wanted).some((one) => list(found).includes(one));
    case 'contains':
      return Array.isArray(found)
        ? list(found).includes(folded(wanted))
        : String(found).toLowerCase().includes(String(wanted).toLowerCase());
    default:
      throw new Error(`the interpreter does not know ${operator}`);
  }
}

const product = fc.constantFrom('DSL', 'tv', 'mobile');
const maybe = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(values, { nil: undefined });
const hundredths = (min: number, max: number): fc.Arbitrary<number> =>
  fc.integer({ min: min * 100, max: max * 100 }).map((n) => n / 100);

const heard = fc
  .uniqueArray(
    fc.record({
      type: fc.constantFrom<Heard['type']>('complaint.received', 'payment.failed'),
      minute: fc.integer({ min: 0, max: 400 }),
      amount: maybe(fc.integer({ min: 0, max: 20 })),
      product: maybe(product),
      sentiment: maybe(hundredths(-1, 1)),
    }),
    { minLength: 1, maxLength: 8, selector: ({ minute }) => minute },
  )
  .map((list) => [...list].sort((a, b) => a.minute - b.minute));
const customer: fc.Arbitrary<Customer> = fc.record({
  valueTier: maybe(fc.constantFrom('Gold', 'silver')),
  churnRisk: maybe(hundredths(0, 1)),
  active: maybe(fc.boolean()),
  flags: maybe(fc.subarray(['vip', 'press', 'Deceased'])),
});

const number = (name: string, values: fc.Arbitrary<number>): fc.Arbitrary<Written> =>
  fc.oneof(
    fc
      .tuple(fc.constantFrom('eq', 'ne', 'gt', 'gte', 'lt', 'lte'), values)
      .map(([operator, value]) => ({ [name]: { [operator]: value } })),
    fc.tuple(values, values).map(([from, to]) => ({ [name]: { gte: from, lt: to } })),
    fc.boolean().map((known) => ({ [name]: { exists: known } })),
  );
const text = (name: string, values: fc.Arbitrary<string>): fc.Arbitrary<Written> =>
  fc.oneof(
    fc
      .tuple(fc.constantFrom('eq', 'ne', 'contains'), values)
      .map(([operator, value]) => ({ [name]: { [operator]: value } })),
    fc
      .tuple(fc.constantFrom('in', 'not_in'), fc.uniqueArray(values, { minLength: 1, maxLength: 2 }))
      .map(([operator, list]) => ({ [name]: { [operator]: list } })),
  );
const comparison: fc.Arbitrary<Written> = fc.oneof(
  number('often', fc.integer({ min: 0, max: 4 })),
  number('dear', fc.integer({ min: 0, max: 3 })),
  number('products', fc.integer({ min: 0, max: 3 })),
  number('owed', fc.integer({ min: 0, max: 40 })),
  number('most', fc.integer({ min: 0, max: 20 })),
  number('event.amount', fc.integer({ min: 0, max: 20 })),
  number('mood', hundredths(-1, 1)),
  number('worst', hundredths(-1, 1)),
  // Two ways of computing a slope differ in the last digits, so it is only compared with what it never is.
  fc.constantFrom({ slope: { gt: 0.0001234567 } }, { slope: { lte: -0.0001234567 } }),
  number('event.sentiment', hundredths(-1, 1)),
  number('profile.churn_risk', hundredths(0, 1)),
  text('profile.value_tier', fc.constantFrom('gold', 'SILVER')),
  text('event.product', product),
  text('newest', product),
  fc.boolean().map((value) => ({ 'profile.active': { eq: value } })),
  fc
    .subarray(['VIP', 'deceased', 'other'], { minLength: 1 })
    .map((list) => ({ 'profile.flags': { any_of: list } })),
  fc.integer({ min: 1, max: 3 }).map((gte) => ({ ratio: { of: 'often', to: 'dear', gte } })),
);
const { condition } = fc.letrec<{ condition: Written }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    comparison,
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
    tie('condition').map((not) => ({ not })),
  ),
}));

const windows = Object.entries(WINDOWS)
  .map(([name, window]) => `    ${name}: ${window}`)
  .join('\n');

test('compiled rules judge as an interpreter does that reads the rule as it is written', () => {
  const seen = new Set<Result>();
  fc.assert(
    fc.property(condition, heard, customer, (written, said, profile) => {
      const set = ruleSetOf(
        ruleText(
          'random',
          `  listen: [complaint.received, payment.failed]\n  windows:\n${windows}\n  when: ${JSON.stringify(written)}`,
        ),
      );
      const known = Object.fromEntries(Object.entries(profile).filter(([, value]) => value !== undefined));
      const results: Result[] = [];
      play(
        set,
        said.map(({ type, minute, amount, product: about, sentiment }, n) =>
          assessed({
            id: `s${n}`,
            type,
            at: START + 10 * HOUR + minute * MINUTE,
            profile: known,
            ...(sentiment === undefined ? {} : { sentiment }),
            signal: {
              ...(amount === undefined ? {} : { amount }),
              ...(about === undefined ? {} : { product: about }),
            },
          }),
        ),
        { onEvaluation: (_, { result }) => results.push(result) },
      );
      const plainly = said.map((_, n) =>
        interpret(written, (name) => lookUp(name, said.slice(0, n + 1), profile)),
      );
      expect(results).toEqual(
        plainly.map((truth) => (truth === undefined ? 'unknown' : truth ? 'match' : 'no_match')),
      );
      for (const result of results) seen.add(result);
    }),
    { numRuns: 200, interruptAfterTimeLimit: ENOUGH_MS },
  );
  expect(seen).toEqual(new Set(['match', 'no_match', 'unknown']));
});
