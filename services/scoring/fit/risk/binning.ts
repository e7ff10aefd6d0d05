import type { FeatureValue } from '../../domain/features.ts';
import { plainWord } from '../../domain/risk-model-values.ts';

/**
 * The bins of one feature. Bin 0 is "not known". A number's bin k (from 1) holds the values below `cuts[k − 1]`
 * that no earlier bin took. A word's bin k holds `levels[k − 1]`; the last bin holds whatever else there is.
 */
export type Axis =
  | { readonly kind: 'number'; readonly cuts: readonly number[]; readonly size: number }
  | { readonly kind: 'word'; readonly levels: readonly string[]; readonly size: number };

/** Enough for a sharp step anywhere in a few thousand rows; more makes the model file long, not better. */
const MAX_NUMBER_BINS = 64;
/** Rarer words share a bin; a word of three rows is held close to nothing by the penalty on its weight. */
const MIN_WORD_ROWS = 3;
/** More words than this nobody reads; the rarest share a bin. */
const MAX_LEVELS = 600;

/** Finds the bins of a feature from its values in the rows that may be learnt from. */
export function findAxis(kind: 'number' | 'word', values: readonly FeatureValue[]): Axis {
  return kind === 'number' ? numberAxis(values) : wordAxis(values);
}

function numberAxis(values: readonly FeatureValue[]): Axis {
  const sorted = Float64Array.from(values.filter((value) => typeof value === 'number')).sort();
  const distinct: number[] = [];
  for (const value of sorted) if (value !== distinct.at(-1)) distinct.push(value);
  const cuts: number[] = [];
  if (distinct.length <= MAX_NUMBER_BINS) {
    for (const [index, value] of distinct.entries())
      if (index > 0) cuts.push(roundBetween(distinct[index - 1] ?? 0, value));
    return { kind: 'number', cuts, size: cuts.length + 2 };
  }
  for (let bin = 1; bin < MAX_NUMBER_BINS; bin++) {
    const upper = sorted[Math.floor((bin * sorted.length) / MAX_NUMBER_BINS)] ?? 0;
    const lower = largestBelow(sorted, upper);
    if (lower === undefined) continue;
    const cut = roundBetween(lower, upper);
    if (cut > (cuts.at(-1) ?? Number.NEGATIVE_INFINITY)) cuts.push(cut);
  }
  return { kind: 'number', cuts, size: cuts.length + 2 };
}

function largestBelow(sorted: Float64Array, value: number): number | undefined {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? undefined : sorted[low - 1];
}

/** The number with the fewest digits in (lower, upper], so that a person can read and remember the cut. */
function roundBetween(lower: number, upper: number): number {
  for (let digits = -12; digits <= 12; digits++) {
    const step = 10 ** -digits;
    const candidate = Number((Math.ceil((lower + (upper - lower) / 2) / step) * step).toPrecision(15));
    if (candidate > lower && candidate <= upper) return candidate;
    const below = Number((Math.floor((lower + (upper - lower) / 2) / step) * step).toPrecision(15));
    if (below > lower && below <= upper) return below;
  }
  return upper;
}

function wordAxis(values: readonly FeatureValue[]): Axis {
  const counts = new Map<string, number>();
  for (const value of values) {
    if (value === undefined) continue;
    const word = plainWord(value);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const levels = [...counts]
    .filter(([, count]) => count >= MIN_WORD_ROWS)
    .sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
    .slice(0, MAX_LEVELS)
    .map(([word]) => word);
  return { kind: 'word', levels, size: levels.length + 2 };
}

/** The bin of each value. */
export function binsOf(axis: Axis, values: readonly FeatureValue[]): Uint16Array {
  const find = binFinder(axis);
  return Uint16Array.from(values, find);
}

/** The bin that a value falls into. */
export function binFinder(axis: Axis): (value: FeatureValue) => number {
  if (axis.kind === 'word') {
    const index = new Map(axis.levels.map((word, position) => [word, position + 1]));
    return (value) => (value === undefined ? 0 : (index.get(plainWord(value)) ?? axis.size - 1));
  }
  const { cuts } = axis;
  return (value) => {
    if (typeof value !== 'number') return 0;
    let low = 0;
    let high = cuts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (value < (cuts[middle] ?? 0)) high = middle;
      else low = middle + 1;
    }
    return low + 1;
  };
}
