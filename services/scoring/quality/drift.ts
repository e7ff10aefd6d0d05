/** How far scores have moved: the population stability index over tenths of the range. */
export interface Drift {
  readonly scores: number;
  /** Below 0.1 is everyday, above 0.25 is a different population; both are conventions of credit scoring. */
  readonly index: number;
  readonly now: readonly number[];
  readonly expected: readonly number[];
}

/** Fewer scores drift by chance. */
export const MIN_SCORES = 500;
export const DRIFTED = 0.25;
/** A tenth that nobody was in counts as one in a thousand: the logarithm knows no zero. As the alert rule has it. */
const LEAST_SHARE = 0.001;

/** Compares counts by tenth with the shares that were expected. */
export function driftOf(counts: readonly number[], expected: readonly number[]): Drift {
  const now = sharesOf(counts);
  const index = now.reduce((sum, share, tenth) => {
    const [a, b] = [Math.max(share, LEAST_SHARE), Math.max(expected[tenth] ?? 0, LEAST_SHARE)];
    return sum + (a - b) * Math.log(a / b);
  }, 0);
  const scores = counts.reduce((sum, count) => sum + count, 0);
  return { scores, index: Math.round(index * 1000) / 1000, now, expected };
}

/** Whether the scores drifted, or on which side there are too few to say. */
export type DriftVerdict = boolean | 'too_few' | 'too_few_before';

/** `before` are the counts that it was compared with, where no fitted model says what to expect. */
export function judgeDrift({ scores, index }: Drift, before: readonly number[] | undefined): DriftVerdict {
  if (scores < MIN_SCORES) return 'too_few';
  if (before !== undefined && before.reduce((sum, count) => sum + count, 0) < MIN_SCORES)
    return 'too_few_before';
  return index > DRIFTED;
}

export function sharesOf(counts: readonly number[]): readonly number[] {
  const all = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (all === 0 ? 0 : Math.round((count / all) * 1e4) / 1e4));
}
