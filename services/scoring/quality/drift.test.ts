import { expect, test } from 'vitest';
import { DRIFTED, driftOf, judgeDrift, sharesOf } from './drift.ts';

const EVEN = new Array<number>(10).fill(0.1);

test('the same spread has not drifted', () => {
  expect(driftOf(new Array<number>(10).fill(70), EVEN)).toMatchObject({ scores: 700, index: 0 });
});

test('half of the scores moved to the top tenth is another population', () => {
  const counts = [50, 50, 50, 50, 50, 50, 50, 50, 50, 550];
  // 0.45 × ln 5.5 + 9 × −0.05 × ln 0.5
  expect(driftOf(counts, EVEN).index).toBe(1.079);
  expect(1.079).toBeGreaterThan(DRIFTED);
});

test('a tenth that was never expected does not make the index endless', () => {
  expect(driftOf([990, 10], [1, 0]).index).toBeLessThan(0.1);
});

test('too few scores are not judged, and the side that has too few is named', () => {
  const many = [0, 0, 0, 0, 600];
  const verdict = (now: readonly number[], before: readonly number[] | undefined) =>
    judgeDrift(driftOf(now, sharesOf(before ?? many)), before);
  expect(verdict([0, 0, 0, 0, 499], many)).toBe('too_few');
  expect(verdict(many, [0, 0, 0, 0, 0])).toBe('too_few_before');
  expect(verdict(many, undefined)).toBe(false);
  expect(verdict([600, 0, 0, 0, 0], many)).toBe(true);
});
