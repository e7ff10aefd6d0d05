import { expect, test } from 'vitest';
import { groupedFolds, seeded } from './random.ts';

test('rows of one group are in one part, and each part has its share of groups with either label', () => {
  const groups = Int32Array.from({ length: 300 }, (_, row) => row % 100);
  const labels = Uint8Array.from(groups, (group) => Number(group < 40));
  const folds = groupedFolds(labels, groups, 5, seeded(1));
  for (let group = 0; group < 100; group++) {
    expect(new Set([0, 100, 200].map((offset) => folds[group + offset])).size).toBe(1);
  }
  for (let fold = 0; fold < 5; fold++) {
    const own = [...folds.subarray(0, 100).keys()].filter((row) => folds[row] === fold);
    expect(own.length).toBe(20);
    expect(own.filter((row) => labels[row] === 1).length).toBe(8);
  }
});
