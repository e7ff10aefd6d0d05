import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { csvLine } from './csv.ts';

test('what is written is read again as it was', () => {
  const cells = ['plain', 'a "quote", and a comma', 'two\nlines', '', 'ü'];
  expect(parse(csvLine(cells), { relax_column_count: true })).toEqual([cells]);
});

test('numbers and truth stay what they are, and what is absent is empty', () => {
  expect(csvLine([-1.5, true, undefined, 0])).toBe('-1.5,true,,0\r\n');
});

test.each(['=1+1', '+49 30 123', '-x', '@SUM(A1)', '\tx', '=HYPERLINK("http://x","y")'])(
  '%j is text to a spreadsheet, not a formula',
  (text) => {
    expect(parse(csvLine([text]))).toEqual([[`'${text}`]]);
  },
);
