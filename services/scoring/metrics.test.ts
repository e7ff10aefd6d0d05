import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { Sentiment } from '../contracts/assessment.ts';
import type { Emit } from '../platform/keyed-process/keyed-process.ts';
import type { FitFile } from './domain/risk-model.ts';
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

test('scores are counted by tenth, beside the shares that a fitted model expects', async () => {
  const registry = new Registry();
  const metrics = createScoringMetrics(registry);
  const scores = [0.4, 0.1, 0.1, 0, 0.1, 0, 0.1, 0, 0.1, 0.1];
  const model = { version: 'fit-1', scores, judge: () => ({ sentiment: UNREAD, negative: 0 }) };
  metrics.modelsLoaded({ ...value, sentimentModel: model, riskModel: { ...value.riskModel, fit: FITTED } });
  metrics.onFact(assessed(-1, 0));
  metrics.onFact(assessed(-0.85, 99.9));
  metrics.onFact(assessed(1, 100));
  const text = await registry.metrics();
  expect(text).toContain('tocsin_score_tenths_total{model="sentiment",tenth="1"} 2');
  expect(text).toContain('tocsin_score_tenths_total{model="sentiment",tenth="10"} 1');
  expect(text).toContain('tocsin_score_tenths_total{model="sentiment",tenth="5"} 0');
  expect(text).toContain('tocsin_score_tenths_total{model="risk",tenth="10"} 2');
  expect(text).toContain('tocsin_score_expected_ratio{model="sentiment",tenth="1"} 0.4');
  expect(text).toContain('tocsin_score_expected_ratio{model="risk",tenth="10"} 0.1');
  expect(text).toContain('tocsin_scoring_model_info{model="sentiment",version="fit-1"} 1');
  metrics.modelsLoaded(value);
  expect(await registry.metrics()).not.toContain('tocsin_score_expected_ratio{');
});

const FITTED: FitFile = {
  label: 'left=yes',
  rows: 1000,
  outcomes: 100,
  seed: 1,
  held_out: { folds: 5, auc: 0.8, auc_95: [0.7, 0.9], lift_top10: 2, brier: 0.1, brier_if_recalibrated: 0.1 },
  left_out: [],
  score_bands: [0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0, 0.1],
};

const UNREAD: Sentiment = { label: 'unknown', words: [] };

const assessed = (score: number, riskScore: number): Emit => ({
  topic: 'assessments',
  key: 'c1',
  value: {
    id: 'complaints/1',
    customerId: 'c1',
    assessedAt: 0,
    signal: {
      id: 'complaints/1',
      type: 'complaint.received',
      customerId: 'c1',
      quarantined: false,
      occurredAt: 0,
      receivedAt: 0,
      source: 'complaints',
      channel: 'email',
    },
    sentiment: { score, label: 'negative', words: [] },
    intents: [],
    riskScore,
    riskContributions: [],
    profile: {},
    modelVersion: 'v',
  },
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
