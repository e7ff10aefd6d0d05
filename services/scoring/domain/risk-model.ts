import { z } from 'zod';
import type { RiskContribution } from '../../contracts/assessment.ts';
import { didYouMean, type Locate, type Problem, parseYamlFile } from '../../platform/config/yaml-file.ts';
import { type Behaviour, FEATURES, type FeatureValue, featureReader } from './features.ts';
import { binShape, checkBins, compileBins, pairBinSchema, type Span } from './risk-model-bins.ts';
import { behaviourReader, columnsOf, readingSchema } from './risk-model-reading.ts';

const weight = z.number().min(-10).max(10);
const wording = z.string().min(1).max(300).optional();

const binSchema = z.strictObject({ ...binShape, weight, words: wording });
type Bin = z.output<typeof binSchema>;

const featureSchema = z.strictObject({
  feature: z.string(),
  /** For a feature that the model makes itself of the company's columns. */
  read: readingSchema.optional(),
  bins: z.array(binSchema).min(1).max(256),
  missing: weight.default(0),
});
type FeatureFile = z.output<typeof featureSchema>;

/** What two features say together, beyond what each says alone: a small table of weights. */
const interactionSchema = z.strictObject({
  features: z.tuple([z.string(), z.string()]),
  /** Bins of the first feature, from top to bottom. */
  rows: z.array(pairBinSchema).min(1).max(32),
  /** Bins of the second feature, from left to right. */
  columns: z.array(pairBinSchema).min(1).max(32),
  weights: z.array(z.array(weight)),
});
type InteractionFile = z.output<typeof interactionSchema>;

const share = z.number().min(0).max(1);

/** How a fitted model came to be, and how good it was on rows that it had not seen. For people and for `evaluate`. */
const fitSchema = z.strictObject({
  label: z.string(),
  rows: z.number().int().positive(),
  outcomes: z.number().int().positive(),
  seed: z.number().int(),
  held_out: z.strictObject({
    folds: z.number().int(),
    auc: share,
    auc_95: z.tuple([share, share]),
    lift_top10: z.number(),
    brier: share,
    brier_if_recalibrated: share,
  }),
  left_out: z.array(z.strictObject({ column: z.string(), because: z.string() })).default([]),
  /** Shares of the held-out scores in ten equal bands of 0–100, for telling drift. */
  score_bands: z.array(share).length(10),
});
export type FitFile = z.output<typeof fitSchema>;

/** `rules/risk-model.yaml`, as people or `risk fit` write it. Weights are log-odds. */
const riskModelSchema = z.strictObject({
  apiVersion: z.literal('tocsin/v1'),
  kind: z.literal('RiskModel'),
  version: z.string().min(1).max(40),
  fit: fitSchema.optional(),
  intercept: z.number().min(-20).max(20),
  features: z.array(featureSchema).min(1).max(400),
  interactions: z.array(interactionSchema).max(40).default([]),
});
export type RiskModelFile = z.input<typeof riskModelSchema>;

/** A churn model, ready to use. */
export interface RiskModel {
  readonly version: string;
  /** How it was fitted, when it was. */
  readonly fit?: FitFile;
  /** The company's own columns that it reads. */
  readonly columns: readonly string[];
  /** Probability that the customer leaves, 0–1, not rounded. */
  probability(seen: Behaviour): number;
  /** By feature, in the order of the file, the bin that the customer falls into; −1 where the value is not known. */
  places(seen: Behaviour): readonly number[];
  /** 0 (will stay) to 100 (is leaving), one decimal. */
  score(seen: Behaviour): number;
  /** The same score with its reasons, strongest first, at most `MAX_CONTRIBUTIONS`. */
  explain(seen: Behaviour): Risk;
}

export interface Risk {
  readonly score: number;
  readonly contributions: readonly RiskContribution[];
}

/** More reasons than this nobody reads. */
export const MAX_CONTRIBUTIONS = 6;
/** Points of 100; weaker reasons are noise. */
const MIN_POINTS = 0.5;

export type RiskModelResult =
  | { readonly ok: true; readonly value: RiskModel }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Compiles a risk model into closures: intercept plus one weight per feature, through the logistic function.
 * `stamp` is appended to the version, so that an edit without a new version still shows.
 */
export function compileRiskModel(file: string, text: string, stamp = ''): RiskModelResult {
  const parsed = parseYamlFile(file, text, riskModelSchema);
  if (!parsed.ok) return parsed;
  const { features, interactions, version, intercept, fit } = parsed.value;
  const problems = [
    ...features.flatMap((entry, index) => checkFeature(entry, ['features', index], parsed.at)),
    ...interactions.flatMap((entry, index) =>
      checkInteraction(entry, features, ['interactions', index], parsed.at),
    ),
  ];
  if (problems.length > 0) return { ok: false, problems };
  const terms = features.map(compileTerm).filter((term) => term !== undefined);
  const pairs = interactions.map((entry) => compilePair(entry, terms)).filter((pair) => pair !== undefined);
  const stamped = stamp === '' ? version : `${version}-${stamp}`;
  const columns = [...new Set(features.flatMap(({ read }) => (read === undefined ? [] : columnsOf(read))))];
  const model = modelOf(stamped, intercept, terms, pairs);
  return { ok: true, value: { ...(fit === undefined ? {} : { fit }), columns, ...model } };
}

function checkFeature(entry: FeatureFile, path: readonly PropertyKey[], at: Locate): Problem[] {
  const problems: Problem[] = [];
  if (entry.read === undefined && featureReader(entry.feature) === undefined) {
    const hint = didYouMean(entry.feature, Object.keys(FEATURES));
    problems.push(at([...path, 'feature'], `unknown feature "${entry.feature}"${hint}`));
  }
  const profile = entry.read !== undefined && 'profile' in entry.read ? entry.read.profile : undefined;
  if (profile !== undefined && featureReader(profile) === undefined) {
    const hint = didYouMean(profile, Object.keys(FEATURES));
    problems.push(at([...path, 'read', 'profile'], `unknown feature "${profile}"${hint}`));
  }
  return [...problems, ...checkBins(entry.bins, [...path, 'bins'], at)];
}

function checkInteraction(
  entry: InteractionFile,
  features: readonly FeatureFile[],
  path: readonly PropertyKey[],
  at: Locate,
): Problem[] {
  const names = features.map(({ feature }) => feature);
  const unknown = entry.features.flatMap((name, index) =>
    names.includes(name)
      ? []
      : [at([...path, 'features', index], `"${name}" is not among the features${didYouMean(name, names)}`)],
  );
  const fits =
    entry.weights.length === entry.rows.length &&
    entry.weights.every((row) => row.length === entry.columns.length);
  const shape = fits
    ? []
    : [at([...path, 'weights'], `expected ${entry.rows.length} rows of ${entry.columns.length} weights`)];
  return [
    ...unknown,
    ...shape,
    ...checkBins(entry.rows, [...path, 'rows'], at),
    ...checkBins(entry.columns, [...path, 'columns'], at),
  ];
}

/** One feature of the model. */
interface Term {
  readonly feature: string;
  readonly missing: number;
  readonly bins: readonly Bin[];
  find(value: Exclude<FeatureValue, undefined>): number;
  read(seen: Behaviour): FeatureValue;
}

function compileTerm(entry: FeatureFile): Term | undefined {
  const read = entry.read === undefined ? featureReader(entry.feature) : behaviourReader(entry.read);
  if (read === undefined) return undefined;
  const { feature, missing, bins } = entry;
  return { feature, missing, bins, read, find: compileBins(bins) };
}

/** What two features say together. Values come by position among the terms, so that each is read once. */
interface Pair {
  readonly names: readonly [string, string];
  readonly first: number;
  readonly second: number;
  readonly rows: readonly Span[];
  readonly columns: readonly Span[];
  readonly weights: readonly (readonly number[])[];
  row(value: FeatureValue): number;
  column(value: FeatureValue): number;
}

function compilePair(entry: InteractionFile, terms: readonly Term[]): Pair | undefined {
  const [one, other] = entry.features;
  if (one === undefined || other === undefined) return undefined;
  const placeOf = (name: string): number => terms.findIndex((term) => term.feature === name);
  const { rows, columns, weights } = entry;
  return {
    names: [one, other],
    first: placeOf(one),
    second: placeOf(other),
    rows,
    columns,
    weights,
    row: pairFinder(rows),
    column: pairFinder(columns),
  };
}

function pairFinder(bins: readonly Span[]): (value: FeatureValue) => number {
  const find = compileBins(bins);
  const missing = bins.findIndex((bin) => bin.missing === true);
  return (value) => (value === undefined ? missing : find(value));
}

function modelOf(
  version: string,
  intercept: number,
  terms: readonly Term[],
  pairs: readonly Pair[],
): Omit<RiskModel, 'fit' | 'columns'> {
  const logOdds = (values: readonly FeatureValue[]): number => {
    let sum = intercept;
    // By hand: `entries()` took as long as the weights.
    let index = 0;
    for (const term of terms) sum += weightOf(term, values[index++]);
    for (const pair of pairs) sum += pairWeight(pair, values);
    return sum;
  };
  const read = (seen: Behaviour): readonly FeatureValue[] => terms.map((term) => term.read(seen));
  return {
    version,
    probability: (seen) => likelihood(logOdds(read(seen))),
    places: (seen) =>
      terms.map((term) => {
        const value = term.read(seen);
        return value === undefined ? -1 : term.find(value);
      }),
    score: (seen) => points(logOdds(read(seen))),
    explain: (seen) => {
      const values = read(seen);
      return explain(terms, pairs, logOdds(values), values);
    },
  };
}

function weightOf(term: Term, value: FeatureValue): number {
  if (value === undefined) return term.missing;
  return term.bins[term.find(value)]?.weight ?? 0;
}

const pairWeight = (pair: Pair, values: readonly FeatureValue[]): number =>
  pair.weights[pair.row(values[pair.first])]?.[pair.column(values[pair.second])] ?? 0;

const likelihood = (logOdds: number): number => 1 / (1 + Math.exp(-logOdds));
const points = (logOdds: number): number => tenths(100 * likelihood(logOdds));
const tenths = (value: number): number => Math.round(value * 10) / 10 + 0;

/** A reason's points are what the score would lose without it; together they need not add up to the score. */
function explain(
  terms: readonly Term[],
  pairs: readonly Pair[],
  logOdds: number,
  values: readonly FeatureValue[],
): Risk {
  const score = points(logOdds);
  const contributions: RiskContribution[] = [];
  const effectOf = (weight: number): number => tenths(score - points(logOdds - weight));
  // Each signal comes through here, and most of what is weighed is too little to be told: words and names are made for the rest only.
  let index = 0;
  for (const term of terms) {
    const value = values[index++];
    if (value === undefined) continue;
    const bin = term.bins[term.find(value)];
    if (bin?.words === undefined || bin.weight === 0) continue;
    const effect = effectOf(bin.weight);
    if (Math.abs(effect) < MIN_POINTS) continue;
    contributions.push({ feature: term.feature, points: effect, words: fill(bin.words, value) });
  }
  for (const pair of pairs) {
    const first = values[pair.first];
    const second = values[pair.second];
    if (first === undefined || second === undefined) continue;
    const effect = effectOf(pairWeight(pair, values));
    if (Math.abs(effect) < MIN_POINTS) continue;
    const { names } = pair;
    contributions.push({
      feature: names.join(' and '),
      points: effect,
      words: together(names, first, second),
    });
  }
  contributions.sort((a, b) => Math.abs(b.points) - Math.abs(a.points));
  return { score, contributions: contributions.slice(0, MAX_CONTRIBUTIONS) };
}

const together = (names: Pair['names'], first: Known, second: Known): string =>
  `${names[0]} ${shown(first)} together with ${names[1]} ${shown(second)}`;

type Known = Exclude<FeatureValue, undefined>;

const shown = (value: Known): string =>
  typeof value === 'number'
    ? String(Math.abs(value) >= 10 ? Math.round(value) : tenths(value))
    : String(value);

/** `{value}` is the value itself, `{percent}` a ratio in per cent without its sign. */
function fill(words: string, value: Known): string {
  if (!words.includes('{')) return words;
  const filled = words.replace('{value}', shown(value));
  return typeof value === 'number'
    ? filled.replace('{percent}', String(Math.round(Math.abs(value) * 100)))
    : filled;
}
