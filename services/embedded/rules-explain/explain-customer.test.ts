import { expect, test } from 'vitest';
import {
  assessed,
  ruleSetOf,
  ruleText,
  type Said,
  START,
} from '../../action-management/domain/test-story.ts';
import type { Stage } from '../../contracts/alert-request.ts';
import type { TopicRecord } from '../../platform/keyed-process/keyed-process.ts';
import { DAY, HOUR, MINUTE } from '../../platform/time/clock.ts';
import { BUILT_IN_CALENDARS } from '../../settings/calendars.ts';
import {
  type AlertRecord,
  type CustomerRecords,
  explainCustomer,
  type RulesThen,
} from './explain-customer.ts';
import { explanationWords } from './explanation-words.ts';

const ruleSet = ruleSetOf(
  ruleText(
    'repeat',
    `  listen: [complaint.received]
  windows: {complaints_14d: {of: complaint.received, fn: count, over: 14d}}
  when: {all: [{complaints_14d: {gte: 2}}, {profile.churn_risk: {gte: 0.5}}]}
  suppress: {mute_if: {profile.flags: {any_of: [deceased]}}}`,
  ),
  ruleText('paid', '  listen: [payment.failed]\n  when: {event.amount: {gte: 100}}'),
);

const given: RulesThen = { sets: [{ at: START, ruleSet }], calendars: BUILT_IN_CALENDARS };

function record(n: number, said: Partial<Said>): TopicRecord<'assessments'> {
  const value = assessed({ id: `k${n}`, type: 'complaint.received', at: START + n * HOUR, ...said });
  return { topic: 'assessments', key: 'c1', value, partition: 0, offset: n, appendedAt: value.assessedAt };
}

const recorded = (
  assessments: CustomerRecords['assessments'],
  events: CustomerRecords['events'] = [],
): CustomerRecords => ({ assessments, events, ruleSetHashes: [] });

function told(...story: readonly Partial<Said>[]) {
  const explanation = explainCustomer(given, recorded(story.map((said, n) => record(n, said))));
  if (explanation === undefined) throw new Error('something was recorded');
  return explanation;
}

const judged = (explanation: ReturnType<typeof told>, rule: string) =>
  explanation.rules.find((one) => one.rule === rule)?.judged;

test('a rule that did not match tells each condition with its value', () => {
  const explanation = told({ profile: { churnRisk: 0.9 } });
  expect(judged(explanation, 'repeat')).toMatchObject({
    result: 'no_match',
    condition: {
      truth: 'false',
      parts: [
        { truth: 'false', value: 1 },
        { truth: 'true', value: 0.9 },
      ],
    },
  });
  expect(explanationWords(explanation)).toContain('✗ complaints in the last 14 days: 1 (at least 2)');
});

test('what was not known then is unknown, although the next signal says it', () => {
  const [before, after] = [told({}, {}), told({}, {}, { profile: { churnRisk: 0.6 } })];
  expect(judged(before, 'repeat')?.result).toBe('unknown');
  expect(judged(after, 'repeat')?.result).toBe('match');
});

test('each signal is judged at its own time, not at the time of the question', () => {
  const explanation = told(
    { profile: { churnRisk: 0.9 } },
    { at: START + 20 * DAY, profile: { churnRisk: 0.9 } },
  );
  expect(judged(explanation, 'repeat')).toMatchObject({ result: 'no_match', at: START + 20 * DAY });
});

test('a match that was held back tells why', () => {
  const explanation = told({}, { profile: { churnRisk: 0.9, flags: ['deceased'] } });
  expect(judged(explanation, 'repeat')).toMatchObject({ result: 'match', held: { reason: 'mute' } });
  expect(explanationWords(explanation)).toContain('held back: mute (flags: deceased');
});

test('a rule that heard nothing says what it listens to', () => {
  const explanation = told({});
  expect(judged(explanation, 'paid')).toBeUndefined();
  expect(explanationWords(explanation)).toContain('- paid: not judged, listens to payment.failed');
});

test('each signal is judged by the rules of its time, and says so where they are not the last ones', () => {
  const later = ruleSetOf(
    ruleText('repeat', '  listen: [complaint.received]\n  when: {event.channel: {eq: email}}'),
  );
  const sets: RulesThen['sets'] = [...given.sets, { at: START + 2 * HOUR, ruleSet: later }];
  const judgedAt = (...hours: number[]) =>
    explainCustomer(
      { ...given, sets },
      recorded(hours.map((hour, n) => record(n, { at: START + hour * HOUR }))),
    );
  const before = judgedAt(0, 1);
  expect(before?.rules[0]?.judged).toMatchObject({ result: 'unknown', ruleSetHash: ruleSet.hash });
  expect(before && explanationWords(before)).toContain(`by set ${ruleSet.hash}`);
  const after = judgedAt(0, 3);
  expect(after?.rules[0]?.judged).toMatchObject({ result: 'match', ruleSetHash: later.hash });
});

test('an alert that told nobody says so: its rule is in shadow, or in canary and not for this customer', () => {
  const raised = (stage: Stage): AlertRecord => ({
    type: 'raised',
    at: START,
    ruleId: 'repeat',
    label: 'T-1',
    stage,
  });
  const words = (stage: Stage) => {
    const explanation = explainCustomer(given, recorded([record(0, {})], [raised(stage)]));
    return explanation === undefined ? '' : explanationWords(explanation);
  };
  expect(words('shadow')).toMatch(/raised T-1 silently, nobody is told: /);
  for (const stage of ['live', 'canary'] as const) expect(words(stage)).toMatch(/raised T-1$/m);
});

test('of somebody of whom nothing is recorded there is nothing to tell', () => {
  expect(explainCustomer(given, recorded([]))).toBeUndefined();
});

test('a rule that waits says until when, and what it judged once the time has passed', () => {
  const waiting = ruleSetOf(
    ruleText('patient', '  listen: [complaint.received]\n  settle: 10m\n  when: {event.sentiment: {lt: 0}}'),
  );
  const asked = (minutes: number) =>
    explainCustomer(
      { ...given, sets: [{ at: START, ruleSet: waiting }] },
      recorded([record(0, { sentiment: -0.5 })]),
      START + minutes * MINUTE,
    );
  expect(asked(5)?.rules[0]).toMatchObject({ rule: 'patient', waitsUntil: START + 10 * MINUTE });
  expect(explanationWords(asked(5) ?? told())).toContain('    waits until 2026-03-02 08:10 before it judges');
  expect(asked(11)?.rules[0]).toMatchObject({ judged: { result: 'match', at: START + 10 * MINUTE } });
  expect(asked(11)?.rules[0]?.waitsUntil).toBeUndefined();
});
