import { expect, test } from 'vitest';
import { type DateOrder, dateIn, numberIn, wordIn } from './risk-model-values.ts';

test.each([
  ['12', 12],
  ['-0.5', -0.5],
  ['1,234.50', 1234.5],
  ['$12', 12],
  ['12 %', 12],
  ['1e3', 1000],
  [true, 1],
  ['', undefined],
  ['12 months', undefined],
  ['1,23', 1.23],
  ['1,234', 1234],
  ['1.234,50', 1234.5],
  ['55,30 €', 55.3],
  ['1 234.5', 1234.5],
  ['EUR 12', 12],
  ['-$5', -5],
  ['(12.50)', -12.5],
  ['1,2,3', undefined],
  ['10.0.0.1', undefined],
  [Number.NaN, undefined],
])('the cell %j holds the number %s', (cell, number) => {
  expect(numberIn(cell)).toBe(number);
});

test.each([
  ['Yes ', 'Yes'],
  ['N/A', undefined],
  ['none', 'none'],
  [7, '7'],
  [undefined, undefined],
])('the cell %j holds the word %s', (cell, word) => {
  expect(wordIn(cell)).toBe(word);
});

test.each<[string, DateOrder, string | undefined]>([
  ['2026-03-04', 'day_first', '2026-03-04T00:00:00.000Z'],
  ['2026-03-04T05:06:07+02:00', 'day_first', '2026-03-04T03:06:07.000Z'],
  ['03/04/2026 13:05', 'day_first', '2026-04-03T13:05:00.000Z'],
  ['03/04/2026', 'month_first', '2026-03-04T00:00:00.000Z'],
  ['14-Aug-23', 'day_first', '2023-08-14T00:00:00.000Z'],
  ['August 14, 2023', 'day_first', '2023-08-14T00:00:00.000Z'],
  ['4/3/2026 1:05 PM', 'month_first', '2026-04-03T13:05:00.000Z'],
  ['19970118', 'day_first', '1997-01-18T00:00:00.000Z'],
  ['31/13/2026', 'day_first', undefined],
  ['soon', 'day_first', undefined],
])('%s, %s, is %s', (text, order, instant) => {
  const at = dateIn(text, order);
  expect(at === undefined ? undefined : new Date(at).toISOString()).toBe(instant);
});
