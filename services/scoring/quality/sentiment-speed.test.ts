import { expect, test } from 'vitest';
import { compareSpeed, madeUpTexts } from './sentiment-speed.ts';

test('the best time of each chunk counts, for either reader', () => {
  let now = 0;
  const reader = (costMs: number) => () => {
    now += costMs;
  };
  const texts = madeUpTexts(500, 1);
  expect(compareSpeed(texts, reader(2), reader(1), 3, () => now)).toEqual({
    textsPerSecond: 500,
    rawTextsPerSecond: 1000,
    ratioToRaw: 0.5,
  });
});

test('the same seed makes the same texts, another seed others', () => {
  expect(madeUpTexts(20, 7)).toEqual(madeUpTexts(20, 7));
  expect(madeUpTexts(20, 7)).not.toEqual(madeUpTexts(20, 8));
});
