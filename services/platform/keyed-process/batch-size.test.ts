import { expect, test } from 'vitest';
import { fixedBatchSize, learningBatchSize } from './batch-size.ts';

/** Full passes on a machine where a commit costs `fixedMs` and each record `recordMs`. */
function after(passes: number, fixedMs: number, recordMs: number): number {
  const size = learningBatchSize();
  for (let pass = 0; pass < passes; pass++) size.learn(size.limit, fixedMs + size.limit * recordMs);
  return size.limit;
}

test.each([
  ['as many as are committed in forty milliseconds', 1, 0.05, 780],
  ['fewer where records are dear', 1, 0.1, 390],
  ['no fewer than are worth a sync', 60, 0.02, 250],
  ['no more than are sensible to repeat', 0, 0.001, 1_000],
])('a pass takes %s', (_, fixedMs, recordMs, expected) => {
  expect(Math.abs(after(30, fixedMs, recordMs) - expected)).toBeLessThanOrEqual(1);
});

test('one slow pass does not change much, and passes that were not full say nothing', () => {
  const size = learningBatchSize();
  size.learn(250, 1_000);
  expect(size.limit).toBeGreaterThanOrEqual(250);
  const before = size.limit;
  size.learn(before - 1, 0.001);
  expect(size.limit).toBe(before);
});

test('a fixed size stays', () => {
  const size = fixedBatchSize(3);
  size.learn(3, 0.001);
  expect(size.limit).toBe(3);
});
