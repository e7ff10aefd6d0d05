import { expect, test } from 'vitest';
import { type Standing, standingAfter, wasCustomer } from './standing.ts';

const told = (...said: readonly (readonly [active: boolean, at: number])[]) =>
  said.reduce<Standing | undefined>(
    (known, [active, at]) => standingAfter(known, { customerId: 'c-1', active, at }),
    undefined,
  );

test.each([
  ['a customer', [[true, 1]], []],
  [
    'a customer, again and again',
    [
      [true, 1],
      [true, 2],
    ],
    [],
  ],
  [
    'one who left',
    [
      [true, 1],
      [false, 5],
    ],
    [{ from: 5 }],
  ],
  [
    'one who had left when first heard of',
    [
      [false, 5],
      [false, 6],
    ],
    [{ from: 5 }],
  ],
  [
    'one who came back',
    [
      [true, 1],
      [false, 5],
      [true, 9],
    ],
    [{ from: 5, to: 9 }],
  ],
  [
    'one who left once more',
    [
      [false, 5],
      [true, 9],
      [false, 12],
    ],
    [{ from: 5, to: 9 }, { from: 12 }],
  ],
] as const)('%s', (_, said, away) => {
  expect(told(...said)).toEqual({ customerId: 'c-1', away });
});

test('nothing new is the same object, so that nothing is written', () => {
  const known = told([false, 5]);
  expect(standingAfter(known, { customerId: 'c-1', active: false, at: 9 })).toBe(known);
});

test('only the latest absences are remembered', () => {
  const said = Array.from({ length: 40 }, (_, n) => [n % 2 === 1, n] as const);
  expect(told(...said)?.away).toHaveLength(10);
  expect(told(...said)?.away.at(-1)).toEqual({ from: 38, to: 39 });
});

test('somebody was a customer but for the time away', () => {
  const standing = { customerId: 'c-1', away: [{ from: 5, to: 9 }, { from: 12 }] };
  expect([4, 5, 8, 9, 12, 99].map((at) => wasCustomer(standing, at))).toEqual([
    true,
    false,
    false,
    true,
    false,
    false,
  ]);
});
