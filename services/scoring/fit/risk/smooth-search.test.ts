import { expect, test } from 'vitest';
import { seeded } from './random.ts';
import { smoothnessOf, smoothStep } from './smooth-search.ts';

const BINS = 64;
const ROWS_PER_BIN = 60;
const START = 10_000;

/** Fits a curve to rows whose log-odds follow `truth`, and lets the rows say how smooth it should be. */
function fitted(truth: (bin: number) => number, rowsPerCustomer = 1) {
  const random = seeded(7);
  const outcomes = Float64Array.from({ length: BINS + 1 }, (_, bin) => {
    if (bin === 0) return 0;
    const likely = 1 / (1 + Math.exp(-truth(bin)));
    return Array.from({ length: ROWS_PER_BIN }, random).filter((draw) => draw < likely).length;
  });
  const weights = new Float64Array(BINS + 1);
  const step = new Float64Array(BINS + 1);
  let smoothness = START;
  for (let round = 0; round < 200; round++) {
    const likely = weights.map((weight) => 1 / (1 + Math.exp(-weight)));
    const rows = (bin: number): number => (bin === 0 ? 0 : ROWS_PER_BIN);
    const gradients = outcomes.map((count, bin) => count - rows(bin) * (likely[bin] ?? 0));
    const hessians = likely.map((share, bin) => rows(bin) * share * (1 - share));
    if (round > 0) smoothness = smoothnessOf(hessians, weights, smoothness, rowsPerCustomer);
    smoothStep(gradients, hessians, weights, smoothness, 3, step);
    for (const [bin, change] of step.entries()) weights[bin] = (weights[bin] ?? 0) + change;
  }
  let square = 0;
  for (let bin = 1; bin <= BINS; bin++) square += ((weights[bin] ?? 0) - truth(bin)) ** 2 / BINS;
  return { smoothness, error: Math.sqrt(square) };
}

const wave = (bin: number): number => 1.3 * Math.sin(bin / 5);

test('a wave may bend', () => {
  const { smoothness, error } = fitted(wave);
  expect(smoothness).toBeLessThan(START / 50);
  expect(error).toBeLessThan(0.2);
});

test('a straight line stays one', () => {
  const { smoothness, error } = fitted((bin) => (bin - 32) / 40);
  expect(smoothness).toBeGreaterThan(START);
  expect(error).toBeLessThan(0.1);
});

test('where customers have several rows, fewer witnesses stand behind a bend', () => {
  expect(fitted(wave, 3).smoothness).toBeGreaterThan(fitted(wave).smoothness);
});

test('too few bins to bend keep what they were given', () => {
  expect(smoothnessOf(new Float64Array(3), new Float64Array(3), START, 1)).toBe(START);
});
