import { expect, test } from 'vitest';
import { PairTable } from './pair-table.ts';

test('every pair finds its own value, and no other pair finds one', () => {
  const entries = Array.from(
    { length: 1000 },
    (_, index) => [index % 40, Math.floor(index / 40), index] as const,
  );
  const table = new PairTable(entries);
  expect(entries.map(([first, second]) => table.find(first, second))).toEqual(
    entries.map(([, , value]) => value),
  );
  expect(table.find(40, 0)).toBe(-1);
  expect(table.find(0, 25)).toBe(-1);
});

test('a table without pairs finds none', () => {
  expect(new PairTable([]).find(0, 0)).toBe(-1);
});
