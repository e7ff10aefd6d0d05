import { z } from 'zod';
import type { RiskContribution } from '../../contracts/assessment.ts';
import { didYouMean, type Locate, type Problem, parseYamlFile } from '../../platform/config/yaml-file.ts';
import { type Behaviour, FEATURES, type FeatureValue, featureReader } from './features.ts';

const weight = z.number().min(-10).max(10);
const wording = z.string().min(1).max(120).optional();

/** One stretch of a feature's values. `below` for numbers, `is` for words; a bin with neither takes the rest. */
const binSchema = z.strictObject({
  below: z.number().optional(),
  is: z
    .array(z.union([z.string(), z.number(), z.boolean()]))
    .min(1)
    .optional(),
  weight,
  words: wording,
});
type Bin = z.output<typeof binSchema>;

const featureSchema = z.strictObject({
  feature: z.string(),
  bins: z.array(binSchema).min(1).max(32),
  missing: weight.default(0),
});
type FeatureFile = z.output<typeof featureSchema>;

/** `rules/risk-model.yaml`, as people write it. Weights are log-odds. */
const riskModelSchema = z.strictObject({
  apiVersion: z.literal('tocsin/v1'),
  kind: z.literal('RiskModel'),
  version: z.string().min(1).max(40),
  intercept: z.number().min(-20).max(20),
  features: z.array(featureSchema).min(1).max(200),
});

/** A churn model, ready to use. */
export interface RiskModel {
  readonly version: string;
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
  const problems: Problem[] = [];
  const terms: Term[] = [];
  for (const [index, entry] of parsed.value.features.entries()) {
    problems.push(...checkFeature(entry, ['features', index], parsed.at));
    const term = compileTerm(entry);
    if (term !== undefined) terms.push(term);
  }
  if (problems.length > 0) return { ok: false, problems };
  const version = stamp === '' ? parsed.value.version : `${parsed.value.version}-${stamp}`;
  return { ok: true, value: modelOf(version, parsed.value.intercept, terms) };
}

function checkFeature(entry: FeatureFile, path: readonly PropertyKey[], at: Locate): Problem[] {
  const problems: Problem[] = [];
  if (featureReader(entry.feature) === undefined) {
    const hint = didYouMean(entry.feature, Object.keys(FEATURES));
    problems.push(at([...path, 'feature'], `unknown feature "${entry.feature}"${hint}`));
  }
  let before = Number.NEGATIVE_INFINITY;
  for (const [index, bin] of entry.bins.entries()) {
    const place = [...path, 'bins', index];
    if (bin.below !== undefined && bin.is !== undefined) {
      problems.push(at(place, 'a bin has either "below" or "is", not both'));
    }
    if (bin.below !== undefined && bin.below <= before) {
      problems.push(at([...place, 'below'], `bins must rise: ${bin.below} after ${before}`));
    }
    if (bin.below === undefined && bin.is === undefined && index < entry.bins.length - 1) {
      problems.push(at(place, 'only the last bin may take the rest; give this one "below" or "is"'));
    }
    before = bin.below ?? before;
  }
  return problems;
}

/** One feature of the model. */
interface Term {
  readonly feature: string;
  readonly missing: number;
  binOf(value: FeatureValue): CompiledBin | undefined;
  read(seen: Behaviour): FeatureValue;
}

interface CompiledBin {
  readonly below: number | undefined;
  readonly is: ReadonlySet<string> | undefined;
  readonly weight: number;
  readonly words: string | undefined;
}

function compileTerm(entry: FeatureFile): Term | undefined {
  const read = featureReader(entry.feature);
  if (read === undefined) return undefined;
  const bins = entry.bins.map(compileBin);
  return { feature: entry.feature, missing: entry.missing, read, binOf: (value) => findBin(bins, value) };
}

const compileBin = (bin: Bin): CompiledBin => ({
  below: bin.below,
  is: bin.is === undefined ? undefined : new Set(bin.is.map((word) => plainWord(word))),
  weight: bin.weight,
  words: bin.words,
});

function findBin(bins: readonly CompiledBin[], value: FeatureValue): CompiledBin | undefined {
  for (const bin of bins) {
    if (bin.is !== undefined) {
      if (value !== undefined && bin.is.has(plainWord(value))) return bin;
    } else if (bin.below === undefined) return bin;
    else if (typeof value === 'number' && value < bin.below) return bin;
  }
  return undefined;
}

/** `Month-to-month` and `month_to_month` are one word. */
const plainWord = (value: string | number | boolean): string =>
  typeof value === 'string' ? value.toLowerCase().replace(/[\s-]+/g, '_') : String(value);

function modelOf(version: string, intercept: number, terms: readonly Term[]): RiskModel {
  const logOdds = (seen: Behaviour): number => {
    let sum = intercept;
    for (const term of terms) sum += weightOf(term, term.read(seen));
    return sum;
  };
  return {
    version,
    score: (seen) => points(logOdds(seen)),
    explain: (seen) => explain(terms, logOdds(seen), seen),
  };
}

function weightOf(term: Term, value: FeatureValue): number {
  if (value === undefined) return term.missing;
  return term.binOf(value)?.weight ?? 0;
}

const points = (logOdds: number): number => tenths(100 / (1 + Math.exp(-logOdds)));
const tenths = (value: number): number => Math.round(value * 10) / 10 + 0;

/** A reason's points are what the score would lose without it; together they need not add up to the score. */
function explain(terms: readonly Term[], logOdds: number, seen: Behaviour): Risk {
  const score = points(logOdds);
  const contributions: RiskContribution[] = [];
  for (const term of terms) {
    const value = term.read(seen);
    if (value === undefined) continue;
    const bin = term.binOf(value);
    if (bin?.words === undefined || bin.weight === 0) continue;
    const effect = tenths(score - points(logOdds - bin.weight));
    if (Math.abs(effect) < MIN_POINTS) continue;
    contributions.push({ feature: term.feature, points: effect, words: fill(bin.words, value) });
  }
  contributions.sort((a, b) => Math.abs(b.points) - Math.abs(a.points));
  return { score, contributions: contributions.slice(0, MAX_CONTRIBUTIONS) };
}

/** `{value}` is the value itself, `{percent}` a ratio in per cent without its sign. */
function fill(words: string, value: string | number | boolean): string {
  if (!words.includes('{')) return words;
  if (typeof value !== 'number') return words.replace('{value}', String(value));
  return words
    .replace('{value}', String(Math.abs(value) >= 10 ? Math.round(value) : tenths(value)))
    .replace('{percent}', String(Math.round(Math.abs(value) * 100)));
}
