import { z } from 'zod';
import type { Locate, Problem } from '../../platform/config/yaml-file.ts';
import type { FeatureValue } from './features.ts';
import { plainWord } from './risk-model-values.ts';

const words = z.array(z.union([z.string(), z.number(), z.boolean()])).min(1);

/** One stretch of a feature's values. `below` for numbers, `is` for words; a bin with neither takes the rest. */
export const binShape = {
  below: z.number().optional(),
  is: words.optional(),
};

/** A bin of a pair's row or column: as a feature's, or `missing: true` for values that are not known. */
export const pairBinSchema = z.strictObject({ ...binShape, missing: z.literal(true).optional() });

/** What decides which values a bin takes. */
export interface Span {
  readonly below?: number | undefined;
  readonly is?: readonly (string | number | boolean)[] | undefined;
  readonly missing?: true | undefined;
}

/** What is wrong with a list of bins, each at its place. */
export function checkBins(bins: readonly Span[], path: readonly PropertyKey[], at: Locate): Problem[] {
  const problems: Problem[] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const [index, bin] of bins.entries()) {
    const place = [...path, index];
    if (bin.below !== undefined && bin.is !== undefined) {
      problems.push(at(place, 'a bin has either "below" or "is", not both'));
    }
    if (bin.below !== undefined && bin.below <= before) {
      problems.push(at([...place, 'below'], `bins must rise: ${bin.below} after ${before}`));
    }
    const takesRest = bin.below === undefined && bin.is === undefined && bin.missing === undefined;
    if (takesRest && index < bins.length - 1) {
      problems.push(at(place, 'only the last bin may take the rest; give this one "below" or "is"'));
    }
    before = bin.below ?? before;
  }
  return problems;
}

/**
 * A function from a known value to the index of the first bin that takes it, or −1. Words take one look-up; numbers
 * are compared one by one, which is quickest for as few as there are.
 */
export function compileBins(bins: readonly Span[]): (value: Exclude<FeatureValue, undefined>) => number {
  const byWord = new Map<string, number>();
  for (const [index, { is = [] }] of bins.entries()) {
    for (const word of is) if (!byWord.has(plainWord(word))) byWord.set(plainWord(word), index);
  }
  const last = bins.length - 1;
  const rest = isRest(bins[last]) ? last : -1;
  // No number is below NaN: a bin without an edge takes none.
  const edges = bins.map(({ below = Number.NaN }) => below);
  /** By a value as it came: most come again, and to make a plain word of one takes longer than all the rest. */
  const known = new Map<Exclude<FeatureValue, undefined>, number | undefined>();
  const find = (value: Exclude<FeatureValue, undefined>): number | undefined => {
    if (known.has(value)) return known.get(value);
    const found = byWord.get(plainWord(value));
    if (known.size < MOST_KNOWN) known.set(value, found);
    return found;
  };
  return (value) => {
    const byName = byWord.size === 0 ? undefined : find(value);
    const byNumber = typeof value === 'number' ? firstAbove(edges, value) : -1;
    if (byName === undefined) return byNumber < 0 ? rest : byNumber;
    return byNumber < 0 ? byName : Math.min(byName, byNumber);
  };
}

/** Words of a feature are few; a column of names would be without end. */
const MOST_KNOWN = 1_000;

function firstAbove(edges: readonly number[], value: number): number {
  for (let index = 0; index < edges.length; index++) if (value < (edges[index] ?? 0)) return index;
  return -1;
}

const isRest = (bin: Span | undefined): boolean =>
  bin !== undefined && bin.below === undefined && bin.is === undefined && bin.missing === undefined;
