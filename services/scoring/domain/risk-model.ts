import { z } from 'zod';
import type { RiskContribution } from '../../contracts/assessment.ts';
import { didYouMean, type Locate, type Problem, parseYamlFile } from '../../platform/config/yaml-file.ts';
import { type Behaviour, FEATURES, type FeatureValue, featureReader } from './features.ts';
import { binShape, checkBins, compileBins, pairBinSchema, type Span } from './risk-model-bins.ts';
import { behaviourReader, columnsOf, readingSchema } from './risk-model-reading.ts';

const weight = z.number().min(-10).max(10);
const wording = z.string().min(1).max(300).optional();

const binSchema = z.strictObject({ ...binShape, weight, words: wording });

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
    /** How often the folds were drawn; figures are the means. */
    draws: z.number().int().positive().optional(),
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
  /** Weight of each bin. */
  readonly weights: readonly number[];
  /** By bin, what to say of it, where there is something to say. */
  readonly words: readonly (Wording | undefined)[];
  find(value: Known): number;
  read(seen: Behaviour): FeatureValue;
}

function compileTerm(entry: FeatureFile): Term | undefined {
  const read = entry.read === undefined ? featureReader(entry.feature) : behaviourReader(entry.read);
  if (read === undefined) return undefined;
  const { feature, missing, bins } = entry;
  return {
    feature,
    missing,
    weights: bins.map(({ weight }) => weight),
    words: bins.map((bin) =>
      bin.words === undefined || bin.weight === 0 ? undefined : wordingOf(bin.words),
    ),
    read,
    find: compileBins(bins),
  };
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
  // What was seen last: read and placed once, and used again for each customer.
  const seen: Placed = { values: terms.map(() => undefined), places: terms.map(() => NO_PLACE) };
  const place = (behaviour: Behaviour): number => {
    let sum = intercept;
    // By hand: `entries()` took as long as the weights.
    let index = 0;
    for (const term of terms) {
      const value = term.read(behaviour);
      const at = value === undefined ? NO_PLACE : term.find(value);
      seen.values[index] = value;
      seen.places[index++] = at;
      sum += value === undefined ? term.missing : (term.weights[at] ?? 0);
    }
    for (const pair of pairs) sum += pairWeight(pair, seen.values);
    return sum;
  };
  return {
    version,
    probability: (behaviour) => likelihood(place(behaviour)),
    places: (behaviour) => {
      place(behaviour);
      return [...seen.places];
    },
    score: (behaviour) => points(place(behaviour)),
    explain: (behaviour) => explain(terms, pairs, place(behaviour), seen),
  };
}

/** By term, the value and the bin that takes it. */
interface Placed {
  readonly values: FeatureValue[];
  readonly places: number[];
}

const NO_PLACE = -1;

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
  { values, places }: Placed,
): Risk {
  const score = points(logOdds);
  const reasons = new Reasons();
  const effectOf = (weight: number): number => tenths(score - points(logOdds - weight));
  let index = 0;
  for (const term of terms) {
    const place = places[index++] ?? NO_PLACE;
    if (term.words[place] !== undefined) reasons.weigh(effectOf(term.weights[place] ?? 0), index - 1);
  }
  for (const pair of pairs) {
    if (values[pair.first] !== undefined && values[pair.second] !== undefined)
      reasons.weigh(effectOf(pairWeight(pair, values)), index);
    index++;
  }
  return { score, contributions: reasons.told((at) => inWords(terms, pairs, at, values, places)) };
}

/**
 * The strongest reasons, in the order in which they are told; of two as strong the one that came first. Each signal comes through here, and
 * most of what is weighed is too little to be told: words and names are made for the rest only.
 */
class Reasons {
  readonly #points: number[] = [];
  readonly #indexes: number[] = [];

  weigh(effect: number, index: number): void {
    const strength = Math.abs(effect);
    if (strength < MIN_POINTS) return;
    const strongest = this.#points;
    let place = strongest.length;
    for (; place > 0; place--) {
      const weaker = strongest[place - 1] ?? 0;
      if (Math.abs(weaker) >= strength) break;
      if (place === MAX_CONTRIBUTIONS) continue;
      strongest[place] = weaker;
      this.#indexes[place] = this.#indexes[place - 1] ?? 0;
    }
    if (place === MAX_CONTRIBUTIONS) return;
    strongest[place] = effect;
    this.#indexes[place] = index;
  }

  told(reason: (index: number) => { readonly feature: string; readonly words: string }): RiskContribution[] {
    return this.#points.map((points, place) => {
      const { feature, words } = reason(this.#indexes[place] ?? 0);
      return { feature, points, words };
    });
  }
}

/** Pairs come after the terms. */
function inWords(
  terms: readonly Term[],
  pairs: readonly Pair[],
  index: number,
  values: readonly FeatureValue[],
  places: readonly number[],
): { readonly feature: string; readonly words: string } {
  const term = terms[index];
  if (term !== undefined) {
    const words = term.words[places[index] ?? NO_PLACE]?.(values[index] ?? '') ?? '';
    return { feature: term.feature, words };
  }
  const pair = pairs[index - terms.length];
  if (pair === undefined) throw new Error('a reason that is neither a feature nor a pair');
  const { names, first, second } = pair;
  return { feature: names.join(' and '), words: together(names, values[first] ?? '', values[second] ?? '') };
}

const together = (names: Pair['names'], first: Known, second: Known): string =>
  `${names[0]} ${shown(first)} together with ${names[1]} ${shown(second)}`;

type Known = Exclude<FeatureValue, undefined>;

const shown = (value: Known): string =>
  typeof value === 'number'
    ? String(Math.abs(value) >= 10 ? Math.round(value) : tenths(value))
    : String(value);

/** What is said of a value. */
type Wording = (value: Known) => string;

const VALUE = '{value}';
const PERCENT = '{percent}';

/** `{value}` is the value itself, `{percent}` a ratio in per cent without its sign. */
function wordingOf(words: string): Wording {
  const fillValue = filling(words, VALUE);
  if (!words.includes(PERCENT)) return (value) => fillValue(shown(value));
  return (value) => {
    const filled = fillValue(shown(value));
    return typeof value === 'number'
      ? filled.replace(PERCENT, String(Math.round(Math.abs(value) * 100)))
      : filled;
  };
}

/** The words with something in the place of the first mark, if there is one. */
function filling(words: string, mark: string): (filled: string) => string {
  const at = words.indexOf(mark);
  if (at === -1) return () => words;
  const before = words.slice(0, at);
  const after = words.slice(at + mark.length);
  return (filled) => before + filled + after;
}
