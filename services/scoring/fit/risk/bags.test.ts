import { expect, test } from 'vitest';
import { drawBag } from './bags.ts';
import { seeded } from './random.ts';
import { blend } from './stacking.ts';
import { train } from './train.ts';

const labels = Uint8Array.from({ length: 600 }, (_, row) => (row % 3 === 0 ? 1 : 0));
/** Three rows a customer, far apart. */
const customers = Int32Array.from(labels, (_, row) => row % 200);
const rows = Int32Array.from(labels.keys());

test('what is learnt of a customer never tells when to stop', () => {
  const { learn, stop } = drawBag(rows, labels, 0.15, seeded(1), customers);
  const learnt = new Set(Array.from(learn, (row) => customers[row]));
  expect([...stop].filter((row) => learnt.has(customers[row]))).toEqual([]);
  expect([learn.length + stop.length, stop.length / 600]).toEqual([600, 0.15]);
  // The control: drawn row by row, customers stand on both sides.
  const apart = drawBag(rows, labels, 0.15, seeded(1));
  const both = new Set(Array.from(apart.learn, (row) => customers[row]));
  expect([...apart.stop].some((row) => both.has(customers[row]))).toBe(true);
});

test('three rows of a customer move the blend no further than one', () => {
  const random = seeded(2);
  const part = Float64Array.from({ length: 60 }, () => random() * 4 - 2);
  const left = Uint8Array.from(part, (logOdds) => (random() < 1 / (1 + Math.exp(-3 * logOdds)) ? 1 : 0));
  const thrice = <A extends Float64Array | Uint8Array>(of: A): A =>
    (of instanceof Float64Array
      ? Float64Array.of(...of, ...of, ...of)
      : Uint8Array.of(...of, ...of, ...of)) as A;
  const once = blend([part], left, Int32Array.from(left.keys()), [0]);
  const three = (rowsPerCustomer: number) =>
    blend(
      [thrice(part)],
      thrice(left),
      Int32Array.from({ length: 180 }, (_, row) => row),
      [0],
      rowsPerCustomer,
    );
  expect(three(3).shares[0]).toBeCloseTo(once.shares[0] ?? 0, 6);
  expect(three(1).shares[0]).toBeGreaterThan((once.shares[0] ?? 0) * 1.2);
});

test('a customer whose row is there three times moves a weight no further than once', () => {
  const random = seeded(4);
  const spent = Array.from({ length: 300 }, () => Math.floor(random() * 1000));
  const left = spent.map(() => (random() < 0.3 ? 1 : 0));
  const span = (times: number, known: boolean): number => {
    const all = <T>(of: readonly T[]): T[] => Array.from({ length: times }, () => of).flat();
    const { mains } = train(
      {
        features: [{ name: 'spent', kind: 'number', reading: { number: 'spent' } }],
        values: [all(spent)],
        labels: Uint8Array.from(all(left)),
        directions: [undefined],
        draws: 1,
        ...(known ? { groups: Int32Array.from(all([...left.keys()])) } : {}),
      },
      1,
      () => undefined,
    );
    const weights = [...(mains[0] ?? [])].slice(1);
    return Math.max(...weights) - Math.min(...weights);
  };
  expect(span(3, true)).toBeLessThan(1.5 * span(1, false));
  // The control: taken for nine hundred customers, chance is learnt by heart.
  expect(span(3, false)).toBeGreaterThan(2 * span(3, true));
});
