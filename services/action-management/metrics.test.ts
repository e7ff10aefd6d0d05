import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { assessed, play, ruleSetOf, ruleText, START } from './domain/test-story.ts';
import { createActionManagementMetrics } from './metrics.ts';

const ALWAYS = '  listen: [complaint.received]\n  when: {event.channel: {eq: email}}';
const ruleSet = ruleSetOf(
  ruleText('loud', ALWAYS),
  ruleText('quiet', ALWAYS, 'shadow'),
  ruleText('sketch', ALWAYS, 'draft'),
);

async function linesOf(registry: Registry, name: string): Promise<string[]> {
  const text = await registry.getSingleMetricAsString(name);
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('every rule in force starts at 0 for every result, drafts do not appear', async () => {
  const registry = new Registry();
  createActionManagementMetrics(registry).rulesLoaded(ruleSet, START);
  const lines = await linesOf(registry, 'tocsin_rule_evaluations_total');
  expect(lines).toHaveLength(8);
  expect(lines).toContain('tocsin_rule_evaluations_total{rule="loud",stage="live",result="error"} 0');
});

test('judgements are counted by result, and stay counted over scrapes', async () => {
  const registry = new Registry();
  const metrics = createActionManagementMetrics(registry);
  metrics.rulesLoaded(ruleSet, START);
  const complaints = ['k1', 'k2'].map((id) => assessed({ id, type: 'complaint.received', at: START }));
  play(ruleSet, complaints, { onEvaluation: metrics.onEvaluation });
  const scrape = () => linesOf(registry, 'tocsin_rule_evaluations_total');
  expect(await scrape()).toEqual(await scrape());
  expect(await scrape()).toContain(
    'tocsin_rule_evaluations_total{rule="quiet",stage="shadow",result="match"} 2',
  );
});

test('rules judged in turn are timed in turn', async () => {
  const registry = new Registry();
  const metrics = createActionManagementMetrics(registry);
  const many = Array.from({ length: 70 }, (_, index) =>
    assessed({ id: `k${index}`, type: 'complaint.received', at: START + index }),
  );
  play(ruleSet, many, { judge: metrics.judge });
  const lines = await linesOf(registry, 'tocsin_rule_evaluation_duration_seconds');
  for (const rule of ['loud', 'quiet'])
    expect(lines.find((line) => line.includes(`_count{rule="${rule}"}`))).toMatch(/ [1-9]\d*$/);
});

test('a refused reload is visible until the next good one', async () => {
  const registry = new Registry();
  const metrics = createActionManagementMetrics(registry);
  const successful = () => linesOf(registry, 'tocsin_rules_last_reload_successful');
  metrics.rulesLoaded(ruleSet, START);
  expect(await successful()).toEqual(['tocsin_rules_last_reload_successful 1']);
  metrics.reloadFailed();
  expect(await successful()).toEqual(['tocsin_rules_last_reload_successful 0']);
  expect(await linesOf(registry, 'tocsin_rules_info')).toEqual([
    `tocsin_rules_info{hash="${ruleSet.hash}"} 1`,
  ]);
});
