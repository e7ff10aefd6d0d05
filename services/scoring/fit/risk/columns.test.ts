import { expect, test } from 'vitest';
import { describeColumns } from './columns.ts';

const ROWS = 120;
const column = (name: string, cell: (row: number) => string) =>
  describeColumns({ columns: [name], rows: Array.from({ length: ROWS }, (_, row) => [cell(row)]) })[0];

test.each<[string, (row: number) => string, string]>([
  ['fee', (row) => String(row * 1.7), 'number'],
  ['price', (row) => `$${row % 9},000`, 'number'],
  ['balance', (row) => String((row * 7919) % 100_003), 'number'],
  ['customer_id', (row) => String(row * 31), 'identifier'],
  ['customer_id', (row) => String(row % 40), 'identifier'],
  ['user_no', (row) => String(row % 4), 'number'],
  ['accounts', (row) => String(row % 40), 'number'],
  ['row', (row) => String(row + 1), 'identifier'],
  ['token', (row) => `x${row}`, 'identifier'],
  ['plan', (row) => ['S', 'M', 'L'][row % 3] ?? '', 'word'],
  ['country', () => 'DE', 'constant'],
  ['asked', (row) => (row % 2 === 0 ? 'yes' : ''), 'word'],
  ['nothing', () => 'N/A', 'empty'],
  ['note', (row) => `the customer called about matter ${row}`, 'text'],
  ['since', (row) => `${(row % 28) + 1}/02/2026`, 'date'],
  ['day', (row) => `202601${String((row % 28) + 1).padStart(2, '0')}`, 'date'],
  ['amount', (row) => `202601${String((row % 28) + 1).padStart(2, '0')}`, 'number'],
])('%s is found out', (name, cell, kind) => {
  expect(column(name, cell)?.kind).toBe(kind);
});

test.each<[string, (row: number) => string, object]>([
  [
    'a day above twelve tells the order',
    (row) => `${(row % 28) + 1}/02/2026`,
    { order: 'day_first', guessed: false },
  ],
  ['a second number above twelve, too', (row) => `02/${(row % 28) + 1}/2026`, { order: 'month_first' }],
  [
    'without either the order is a guess, and said to be one',
    (row) => `0${(row % 9) + 1}/02/2026`,
    { guessed: true },
  ],
  [
    'both orders in one column are damage',
    (row) => (row % 2 === 0 ? '25/02/2026' : '02/25/2026'),
    { mixed: true },
  ],
  ['a time of day is noticed', (row) => `2026-02-01 ${10 + (row % 9)}:30`, { timed: true }],
])('%s', (_, cell, dates) => {
  expect(column('since', cell)?.dates).toMatchObject(dates);
});

test('what is not known is counted', () => {
  expect(column('fee', (row) => (row < 30 ? ' ' : String(row % 7)))).toMatchObject({
    missing: 0.25,
    distinct: 7,
  });
});

test('points that may part thousands are said to be read as decimal points', () => {
  const points = (cell: (row: number) => string) => column('fee', cell)?.points;
  expect(points((row) => `${(row % 7) + 1}.234`)).toBe('guessed');
  expect(points((row) => (row % 2 === 0 ? `${(row % 7) + 1}.234` : '0.125'))).toBe(undefined);
  expect(points((row) => `${(row % 7) + 1}.2345`)).toBe(undefined);
});
