import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileRuleSet } from '../../action-management/domain/compile.ts';
import { dependencesOf } from '../../action-management/domain/lint/order-of-arrival.ts';
import { SIGNAL_TYPES } from '../../contracts/signal.ts';
import { readRulesFolder, SHIPPED_RULES } from '../rules-folder.ts';
import {
  alerted,
  delayed,
  inOrder,
  played,
  type Said,
  shuffled,
  type World,
} from '../test-support/any-order.ts';

const folder = await readRulesFolder(SHIPPED_RULES);
const { defaults, hash, rules } = folder.ruleSet;
const dependent = rules.filter((rule) => dependencesOf(rule, defaults).length > 0);
const independent = rules.filter((rule) => dependencesOf(rule, defaults).length === 0);

const unhappy = { value_tier: 'gold', churn_risk: 0.7, sentiment: -0.4, active: true } as const;
const profiles = {
  c1: {
    ...unhappy,
    open_complaints: 1,
    complaints_30d: 2,
    tenure_months: 1,
    days_to_renewal: 20,
    usage_trend: -0.5,
  },
  c2: { ...unhappy, open_complaints: 2, tenure_months: 1, days_to_renewal: 50 },
  c3: { value_tier: 'silver', open_complaints: 1, usage_trend: -0.4, complaints_30d: 1, days_to_renewal: 80 },
  c4: { ...unhappy, flags: ['deceased'] },
};

const world = (judged: typeof rules): World => ({
  ruleSet: compileRuleSet(judged, defaults, hash),
  settings: folder,
  profiles: Object.fromEntries(
    Object.entries(profiles).map(([id, said]) => [
      id,
      // Profiles are read by their own names, in camel case.
      Object.fromEntries(
        Object.entries(said).map(([name, value]) => [
          name.replace(/_(\w)/g, (_, c: string) => c.toUpperCase()),
          value,
        ]),
      ),
    ]),
  ),
  closes: [],
});
const INDEPENDENT = world(independent);
/** Those that depend on the order, or would if they did not settle. */
const DEPENDENT = world(
  rules.map((rule) => ({ ...rule, settleMs: 0 })).filter((rule) => dependencesOf(rule, defaults).length > 0),
);

const customerId = fc.constantFrom('c1', 'c2', 'c3', 'c4', 'c5', 'c6');
const fields = fc.record(
  {
    sentiment: fc.constantFrom(-0.8, -0.45, -0.15, 0, 0.6),
    intents: fc.subarray(
      ['leave', 'competitor', 'legal', 'broken_promise', 'manager', 'praise', 'repeat_story'],
      {
        maxLength: 2,
      },
    ),
    satisfaction: fc.integer({ min: 1, max: 5 }),
    transfers: fc.integer({ min: 0, max: 3 }),
    followers: fc.constantFrom(10, 6_000, 60_000),
    shares: fc.constantFrom(0, 30),
    amount: fc.constantFrom(20, 600),
    days_late: fc.constantFrom(1, 4, 8),
    product: fc.constantFrom('dsl', 'dsl', 'tocsin-synthetic'),
    region: fc.constant('north'),
    reached: fc.boolean(),
  },
  { requiredKeys: ['region', 'product'] },
);
const anything: fc.Arbitrary<Said> = fc.record({
  minute: fc.integer({ min: 0, max: 290 }),
  type: fc.constantFrom(...SIGNAL_TYPES),
  customerId,
  fields,
});
/** Many at once, as in an outage. */
const outage: fc.Arbitrary<Said> = fc.record({
  minute: fc.integer({ min: 100, max: 128 }),
  type: fc.constant('outage.reported'),
  customerId,
  fields,
});
const complaint: fc.Arbitrary<Said> = fc.record({
  minute: fc.integer({ min: 130, max: 200 }),
  type: fc.constantFrom('complaint.received', 'complaint.resolved'),
  customerId: fc.constantFrom('c1', 'c3'),
  fields,
});
const said = shuffled(
  fc.oneof(
    { weight: 3, arbitrary: anything },
    { weight: 2, arbitrary: outage },
    { weight: 1, arbitrary: complaint },
  ),
  { minLength: 16, maxLength: 28 },
);

/** Weeks: so long do some rules wait for what does not come. */
const HOURS = 24 * 40;
/**
 * All arrives within an hour, after an outage of hours: a settling rule waits that long once more from the first signal on.
 * Began it earlier, what is on time would be judged before the rest is there.
 */
const BACKLOG = { hours: HOURS, from: 6 * 60 } as const;
const told = (alerts: ReturnType<typeof played>): readonly string[] =>
  alerts.map(({ alertKey, cycle, severity }) => `${alertKey} ${cycle} ${severity}`);
const ruleOf = (alert: string): string => alert.split(':')[0] ?? '';

test('lint knows the rules of both kinds', () => {
  expect(independent.length).toBeGreaterThanOrEqual(15);
  expect(dependent.length).toBeGreaterThanOrEqual(5);
});

test('every shipped rule that lint calls independent of the order of arrival ends in the same alerts in any order', () => {
  const raised = new Set<string>();
  fc.assert(
    fc.property(said, ([list, withRepeats]) => {
      const found = alerted(INDEPENDENT, withRepeats, BACKLOG);
      expect(found).toEqual(alerted(INDEPENDENT, inOrder(list), BACKLOG));
      for (const alert of found) raised.add(ruleOf(alert));
    }),
    { numRuns: 100 },
  );
  const unseen = independent.map(({ id }) => id).filter((id) => !raised.has(id));
  // Some need much to come together and are seen in one run of twenty.
  expect(unseen.length, `not seen: ${unseen.join(', ')}`).toBeLessThanOrEqual(3);
});

/** The shortest time that a shipped rule waits for what comes late. */
const SETTLE_MINUTES = 60;

test('and whatever delay each of its signals has, as long as it is shorter than what settling rules wait', () => {
  fc.assert(
    fc.property(delayed(said, fc.integer({ min: 0, max: SETTLE_MINUTES - 1 })), ({ inTime, late }) => {
      expect(told(played(INDEPENDENT, late, HOURS))).toEqual(told(played(INDEPENDENT, inTime, HOURS)));
    }),
    { numRuns: 100 },
  );
});

test('control: the others, and those that settle if they did not, do end in other alerts', () => {
  let different = 0;
  fc.assert(
    fc.property(delayed(said, fc.integer({ min: 0, max: 300 })), ({ inTime, late }) => {
      const found = told(played(DEPENDENT, late, HOURS)).join();
      different += found === told(played(DEPENDENT, inTime, HOURS)).join() ? 0 : 1;
    }),
    { numRuns: 150, seed: 1 },
  );
  expect(different).toBeGreaterThan(0);
});
