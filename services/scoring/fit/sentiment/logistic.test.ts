import { expect, test } from 'vitest';
import { fitLogistic, predictLogistic, type SparseRows } from './logistic.ts';

/** Rows of (x, 1 − x) for a column each, with the class of each row. */
function task(rows: readonly (readonly number[])[], truth: readonly number[], ridge: number) {
  const width = rows[0]?.length ?? 0;
  const sparse: SparseRows = {
    starts: Int32Array.from({ length: rows.length + 1 }, (_, row) => row * width),
    columns: Int32Array.from(rows.flatMap((row) => row.map((_, column) => column))),
    values: Float64Array.from(rows.flat()),
    width,
  };
  return {
    rows: sparse,
    picked: Int32Array.from(rows.keys()),
    truth: Uint8Array.from(truth),
    classes: 2,
    penalty: new Float64Array(width).fill(ridge),
  };
}

const chanceOf = (given: ReturnType<typeof task>, row: number, weights: Float64Array): number => {
  const chances = new Float64Array(2);
  predictLogistic(given.rows, row, weights, 2, chances);
  return chances[1] ?? Number.NaN;
};

test('without a penalty the chances of a lone yes-or-no column are its shares', () => {
  // x = 1: three of four are of class 1; x = 0: one of four.
  const given = task([[1], [1], [1], [1], [0], [0], [0], [0]], [1, 1, 1, 0, 1, 0, 0, 0], 0);
  const weights = fitLogistic(given);
  expect(chanceOf(given, 0, weights)).toBeCloseTo(0.75, 2);
  expect(chanceOf(given, 4, weights)).toBeCloseTo(0.25, 2);
});

test('a penalty pulls chances towards the share of all', () => {
  const rows = [[1], [1], [1], [1], [0], [0], [0], [0]];
  const truth = [1, 1, 1, 0, 1, 0, 0, 0];
  const [loose, tight] = [task(rows, truth, 0.1), task(rows, truth, 100)];
  expect(chanceOf(tight, 0, fitLogistic(tight))).toBeLessThan(chanceOf(loose, 0, fitLogistic(loose)));
  expect(chanceOf(tight, 0, fitLogistic(tight))).toBeCloseTo(0.5, 1);
});

test('rows that a line parts are parted, and the penalty keeps the weights finite', () => {
  const given = task([[0], [1], [2], [8], [9], [10]], [0, 0, 0, 1, 1, 1], 0.1);
  const weights = fitLogistic(given);
  expect([0, 1, 2, 3, 4, 5].map((row) => chanceOf(given, row, weights) > 0.5)).toEqual([
    false,
    false,
    false,
    true,
    true,
    true,
  ]);
  expect(weights.every(Number.isFinite)).toBe(true);
});

test('where it begins does not change where it ends', () => {
  const given = task([[1], [1], [1], [0], [0], [0]], [1, 1, 0, 0, 0, 1], 1);
  const far = { ...given, from: Float64Array.from([5, -5, 3, -3]) };
  expect(chanceOf(given, 0, fitLogistic(far))).toBeCloseTo(chanceOf(given, 0, fitLogistic(given)), 2);
});
