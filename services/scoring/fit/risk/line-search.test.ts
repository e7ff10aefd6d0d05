import { expect, test } from 'vitest';
import { lineStep, logsOf, ranksOf } from './line-search.ts';
import type { Direction } from './step-search.ts';

const bins = Uint16Array.from([0, 1, 1, 2, 3, 3]);
const ranks = ranksOf(bins, 4);
const hessians = Float64Array.from([0, 2, 1, 2]);

function stepFor(gradients: readonly number[], penalty: number, direction?: Direction): Float64Array {
  const step = new Float64Array(4);
  lineStep(Float64Array.from(gradients), hessians, new Float64Array(4), ranks, penalty, direction, step);
  return step;
}

test('ranks of bins have mean 0 and deviation 1 over the rows where something is known', () => {
  const known = [...bins].filter((bin) => bin > 0).map((bin) => ranks[bin] ?? 0);
  expect(known.reduce((sum, rank) => sum + rank, 0)).toBeCloseTo(0);
  expect(known.reduce((sum, rank) => sum + rank * rank, 0) / known.length).toBeCloseTo(1);
});

test('over logarithms, ten times as much is as far from ten as from a hundred, in whatever unit', () => {
  const amounts = [1, 10, 100, 1000];
  const own = Uint16Array.from(amounts, (_, index) => index + 1);
  const places = logsOf(own, amounts, 5);
  const gap = (at: number): number => (places[at + 1] ?? 0) - (places[at] ?? 0);
  expect(gap(3) / gap(2)).toBeCloseTo(1, 1);
  const cents = logsOf(
    own,
    amounts.map((amount) => amount * 100),
    5,
  );
  expect([...cents].map((place) => place.toFixed(9))).toEqual([...places].map((place) => place.toFixed(9)));
});

test('a logarithm has a place for nought, for debts and for what is not known', () => {
  const places = logsOf(Uint16Array.from([1, 2, 3, 0]), [-5, 0, 5, undefined], 4);
  expect(places[0]).toBe(0);
  expect(places[2]).toBeCloseTo(0);
  expect(places[1]).toBeCloseTo(-(places[3] ?? 0));
});

test('a step is a straight line over the ranks, which solves Newton’s equations', () => {
  const [, first = 0, second = 0, third = 0] = stepFor([0, -1, 0.5, 2], 0);
  expect(second - first).toBeCloseTo(third - second);
  // What is left of the gradient neither rises nor lies.
  const left = [-1 - 2 * first, 0.5 - second, 2 - 2 * third];
  expect(left.reduce((sum, each) => sum + each, 0)).toBeCloseTo(0);
  expect(left.reduce((sum, each, index) => sum + each * (ranks[index + 1] ?? 0), 0)).toBeCloseTo(0);
});

test('the penalty makes a line flatter, and a direction never lets it go the other way', () => {
  const rise = (step: Float64Array): number => (step[3] ?? 0) - (step[1] ?? 0);
  expect(rise(stepFor([0, -1, 0, 1], 50))).toBeLessThan(rise(stepFor([0, -1, 0, 1], 0)) / 2);
  expect(rise(stepFor([0, -1, 0, 1], 1, 'falling'))).toBe(0);
});
