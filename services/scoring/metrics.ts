import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { SentimentLabel } from '../contracts/assessment.ts';
import type { Emit } from '../platform/keyed-process/keyed-process.ts';
import { Tally } from '../platform/metrics/registry.ts';
import { SCORE_TENTHS } from './domain/sentiment-model.ts';
import type { Scorer } from './ports.ts';
import type { ScoringSettings } from './settings.ts';

const RISK_BANDS = ['low', 'medium', 'high', 'critical'] as const;
type RiskBand = (typeof RISK_BANDS)[number];
const MOODS: readonly SentimentLabel[] = ['negative', 'neutral', 'positive', 'unknown'];

/** A band shift is the first sign of drift: of customers, of texts, or of a broken source. */
export interface ScoringMetrics {
  onFact(emit: Emit): void;
  /** Names the models in use; call it again after a reload. */
  modelsLoaded(settings: ScoringSettings): void;
  /** The same scorer, with one text in `SAMPLE` timed. */
  timed(scorer: Scorer): Scorer;
}

/** Timing each text would cost a tenth of what it measures. */
const SAMPLE = 32;

export function createScoringMetrics(registry: Registry): ScoringMetrics {
  const given = {
    riskBand: new Tally<RiskBand>(),
    riskTenth: new Tally<string>(),
    mood: new Tally<SentimentLabel>(),
    moodTenth: new Tally<string>(),
  };
  const scores = new Counter({
    name: 'tocsin_scores_total',
    help: 'Scores given, by model and band. A shift between bands is drift.',
    labelNames: ['model', 'band'] as const,
    registers: [registry],
    collect() {
      given.riskBand.drain((band, count) => this.inc({ model: 'risk', band }, count));
      given.mood.drain((band, count) => this.inc({ model: 'sentiment', band }, count));
    },
  });
  const tenths = new Counter({
    name: 'tocsin_score_tenths_total',
    help: 'Scores given, by model and tenth of the range, from 1 (worst mood, lowest risk) to 10.',
    labelNames: ['model', 'tenth'] as const,
    registers: [registry],
    collect() {
      given.riskTenth.drain((tenth, count) => this.inc({ model: 'risk', tenth }, count));
      given.moodTenth.drain((tenth, count) => this.inc({ model: 'sentiment', tenth }, count));
    },
  });
  const expected = new Gauge({
    name: 'tocsin_score_expected_ratio',
    help: 'Share of scores in each tenth when the model was fitted; absent for models that were not.',
    labelNames: ['model', 'tenth'] as const,
    registers: [registry],
  });
  const info = new Gauge({
    name: 'tocsin_scoring_model_info',
    help: 'Model versions in use; the value is always 1.',
    labelNames: ['model', 'version'] as const,
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'tocsin_scoring_duration_seconds',
    help: `Time to read one text, of one text in ${SAMPLE}.`,
    labelNames: ['model'] as const,
    buckets: [0.000_005, 0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.01, 0.1],
    registers: [registry],
  });
  for (const band of MOODS) scores.inc({ model: 'sentiment', band }, 0);
  for (const band of RISK_BANDS) scores.inc({ model: 'risk', band }, 0);
  for (const tenth of TENTHS) {
    tenths.inc({ model: 'sentiment', tenth }, 0);
    tenths.inc({ model: 'risk', tenth }, 0);
  }
  return {
    onFact(emit) {
      if (emit.topic !== 'assessments') return;
      const { riskScore, sentiment } = emit.value;
      given.riskBand.add(riskBand(riskScore));
      given.riskTenth.add(tenthOf(riskScore / 100));
      if (sentiment === undefined) return;
      given.mood.add(sentiment.label);
      if (sentiment.score === undefined) return;
      given.moodTenth.add(tenthOf((sentiment.score + 1) / 2));
    },
    modelsLoaded({ lexicon, riskModel, sentimentModel }) {
      info.reset();
      expected.reset();
      info.set({ model: 'sentiment', version: sentimentModel?.version ?? lexicon.version }, 1);
      for (const [index, share] of (sentimentModel?.scores ?? []).entries()) {
        expected.set({ model: 'sentiment', tenth: TENTHS[index] ?? '' }, share);
      }
      info.set({ model: 'risk', version: riskModel.version }, 1);
      for (const [index, share] of (riskModel.fit?.score_bands ?? []).entries()) {
        expected.set({ model: 'risk', tenth: TENTHS[index] ?? '' }, share);
      }
    },
    timed: (scorer) => timed(scorer, (seconds) => duration.observe({ model: 'sentiment' }, seconds)),
  };
}

const TENTHS: readonly string[] = Array.from({ length: SCORE_TENTHS }, (_, index) => String(index + 1));

/** The tenth that a share of the range lies in. */
const tenthOf = (share: number): string =>
  TENTHS[Math.min(SCORE_TENTHS - 1, Math.floor(share * SCORE_TENTHS))] ?? '';

/** Bounds as in the shipped rules: high is worth an alert, critical the first call of the day. */
function riskBand(score: number): RiskBand {
  if (score < 30) return 'low';
  if (score < 60) return 'medium';
  return score < 85 ? 'high' : 'critical';
}

function timed(scorer: Scorer, observe: (seconds: number) => void): Scorer {
  let texts = 0;
  return {
    ...scorer,
    readText(text, language) {
      if (texts++ % SAMPLE !== 0) return scorer.readText(text, language);
      const begun = performance.now();
      const reading = scorer.readText(text, language);
      observe((performance.now() - begun) / 1000);
      return reading;
    },
  };
}
