import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createScoringMetrics } from './metrics.ts';
import { createScorer } from './service.ts';
import { loadScoringSettings } from './settings.ts';

const settings = loadScoringSettings('rules');
if (!settings.ok) throw new Error(JSON.stringify(settings.problems));
const { value } = settings;

test('every band is there from the start', async () => {
  const registry = new Registry();
  createScoringMetrics(registry);
  const text = await registry.metrics();
  for (const band of ['low', 'medium', 'high', 'critical']) {
    expect(text).toContain(`tocsin_scores_total{model="risk",band="${band}"} 0`);
  }
  for (const band of ['negative', 'neutral', 'positive', 'unknown']) {
    expect(text).toContain(`tocsin_scores_total{model="sentiment",band="${band}"} 0`);
  }
});

test('a reload leaves one version per model', async () => {
  const registry = new Registry();
  const metrics = createScoringMetrics(registry);
  metrics.modelsLoaded({ ...value, lexicon: { ...value.lexicon, version: 'old' } });
  metrics.modelsLoaded(value);
  const text = await registry.metrics();
  expect(text.match(/tocsin_scoring_model_info\{/g)).toHaveLength(2);
  expect(text).not.toContain('"old"');
});

test('a timed scorer answers as the scorer it wraps', async () => {
  const registry = new Registry();
  const scorer = createScorer(value);
  const timed = createScoringMetrics(registry).timed(scorer);
  expect(timed.readText('Thank you so much')).toEqual(scorer.readText('Thank you so much'));
  expect(timed.version).toBe(scorer.version);
  expect(await registry.metrics()).toContain('tocsin_scoring_duration_seconds_count{model="sentiment"} 1');
});

test('missing files are problems with their names, both at once', () => {
  const missing = loadScoringSettings('no/such/folder');
  expect(missing.ok ? [] : missing.problems.map((problem) => problem.file)).toEqual([
    'no/such/folder/lexicon.yaml',
    'no/such/folder/risk-model.yaml',
  ]);
});
