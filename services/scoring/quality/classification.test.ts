import { expect, test } from 'vitest';
import { auc, judgeMoods } from './classification.ts';

test.each([
  [[1, 2, 3, 4], [false, false, true, true], 1],
  [[1, 2, 3, 4], [true, true, false, false], 0],
  [[1, 1, 1, 1], [true, false, true, false], 0.5],
  [[1, 2, 2, 3], [false, true, false, true], 0.875],
])('scores %j of %j have an area of %d', (scores, positive, area) => {
  expect(auc(scores, positive)).toBe(area);
});

test('figures follow from the confusion of labels', () => {
  const quality = judgeMoods([
    { truth: 'negative', label: 'negative', score: -0.5 },
    { truth: 'negative', label: 'neutral', score: 0 },
    { truth: 'neutral', label: 'neutral', score: 0 },
    { truth: 'positive', label: 'positive', score: 0.5 },
  ]);
  expect(quality).toEqual({
    n: 4,
    accuracy: 0.75,
    macroF1: 0.778,
    negative: { precision: 1, recall: 0.5, f1: 0.667 },
    aucNegative: 0.875,
  });
});

test('a mood that nobody labelled and nothing was taken for is no fault', () => {
  const right = (mood: 'negative' | 'positive') => ({ truth: mood, label: mood, score: 0 }) as const;
  expect(judgeMoods([right('negative'), right('positive')]).macroF1).toBe(1);
  expect(judgeMoods([right('negative'), { truth: 'positive', label: 'neutral', score: 0 }]).macroF1).toBe(
    0.333,
  );
});

test('an unknown mood counts as neutral', () => {
  expect(
    judgeMoods([
      { truth: 'positive', label: 'unknown' },
      { truth: 'neutral', label: 'unknown' },
    ]).accuracy,
  ).toBe(0.5);
});

test('texts that were not read stand in the middle of those that a model judged', () => {
  const judged = (negative: number, truth: 'negative' | 'positive') =>
    ({ truth, label: truth, score: 0, negative }) as const;
  expect(
    judgeMoods([
      judged(0.9, 'negative'),
      { truth: 'negative', label: 'unknown' },
      judged(0.1, 'positive'),
      judged(0.2, 'positive'),
    ]).aucNegative,
  ).toBe(1);
});
