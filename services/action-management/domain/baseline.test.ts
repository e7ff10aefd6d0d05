import { expect, test } from 'vitest';
import { usual } from './baseline.ts';
import type { BaselineTake } from './language/ast.ts';

const VALUES = [4, 1, 0, 9, 1, 2, 0, 3, 1, 9];

test.each<[take: BaselineTake, expected: number]>([
  ['mean', 3],
  ['median', 1.5],
  ['max', 9],
  ['p90', 9],
])('%s of the past', (take, expected) => {
  const baseline = { lookbackMs: 10, stepMs: 1, warmupMs: 10, floor: 0, take };
  expect(usual(baseline, VALUES)).toBe(expected);
  expect(usual({ ...baseline, floor: 12 }, VALUES)).toBe(12);
  expect(usual(baseline, [])).toBeUndefined();
});
