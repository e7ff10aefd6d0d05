import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { CompiledRule, RuleSet } from './domain/compile.ts';
import { assessed, inputOf, ruleSetOf, ruleText, START } from './domain/test-story.ts';
import { createActionManagementMetrics } from './metrics.ts';
import { createActionManagementProcesses, ERRORS_TO_QUARANTINE, RuleSetHolder } from './service.ts';

const ALWAYS = '  listen: [complaint.received]\n  when: {event.channel: {eq: email}}';

/** No rule of the language throws, so one is broken by hand. */
function withBroken(set: RuleSet, id: string): RuleSet {
  const breaking = (rule: CompiledRule): CompiledRule => ({
    ...rule,
    when: () => {
      throw new Error('broken by hand');
    },
  });
  const listening = [...set.listening].map(
    ([type, rules]) => [type, rules.map((rule) => (rule.rule.id === id ? breaking(rule) : rule))] as const,
  );
  return { ...set, listening: new Map(listening) };
}

const set = withBroken(ruleSetOf(ruleText('a-broken', ALWAYS), ruleText('b-good', ALWAYS)), 'a-broken');

/** Judges so many complaints, and answers which rules judged each. */
function judging(ruleSet: RuleSetHolder) {
  let judged: string[] = [];
  const [rules] = createActionManagementProcesses({
    ruleSet,
    onEvaluation: ({ rule }, { result }) => judged.push(`${rule.id} ${result}`),
  });
  return (id: string): readonly string[] => {
    judged = [];
    rules.onInput(undefined, inputOf(assessed({ id, type: 'complaint.received', at: START })), START);
    return judged;
  };
}

test('a rule that errs twenty times is judged no more, the others are; released it is judged again', async () => {
  const registry = new Registry();
  const told: string[] = [];
  const holder = new RuleSetHolder(set, ({ rule, errors }) => told.push(`${rule} ${errors}`));
  createActionManagementMetrics(registry).watchQuarantine(holder);
  const metric = () => registry.getSingleMetricAsString('tocsin_rules_quarantined');
  const complain = judging(holder);
  for (let n = 1; n < ERRORS_TO_QUARANTINE; n++) complain(`k${n}`);
  expect(holder.quarantined()).toEqual([]);
  expect(await metric()).toContain('tocsin_rules_quarantined{rule="a-broken"} 0');

  expect(complain('k20')).toEqual(['a-broken error', 'b-good match']);
  expect(complain('k21')).toEqual(['b-good match']);
  expect(holder.quarantined()).toEqual([{ rule: 'a-broken', errors: 20, error: 'broken by hand' }]);
  expect(told).toEqual(['a-broken 20']);
  expect(await metric()).toContain('tocsin_rules_quarantined{rule="a-broken"} 1');
  expect(await metric()).toContain('tocsin_rules_quarantined{rule="b-good"} 0');
  expect(holder.current.hash).toBe(set.hash);
  expect(holder.current.rules).toBe(set.rules);

  expect(holder.release('b-good')).toBe(false);
  expect(holder.release('a-broken')).toBe(true);
  expect(complain('k22')).toEqual(['a-broken error', 'b-good match']);
});

test('another set is judged whole', () => {
  const holder = new RuleSetHolder(set);
  const complain = judging(holder);
  for (let n = 1; n <= ERRORS_TO_QUARANTINE; n++) complain(`k${n}`);
  holder.replace(ruleSetOf(ruleText('a-broken', ALWAYS), ruleText('b-good', ALWAYS)));
  expect(holder.quarantined()).toEqual([]);
  expect(complain('k21')).toEqual(['a-broken match', 'b-good match']);
});
