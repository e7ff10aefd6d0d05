import { expect, test } from 'vitest';
import { parseLabel } from './label.ts';

const COLUMNS = ['Churn', 'CSAT Score', 'a=b', 'status'];

test.each([
  ['Churn=Yes', 'yes', true],
  ['Churn=Yes', 'No', false],
  ['Churn=Yes', '', undefined],
  ['Churn=1', '1.0', true],
  ['CSAT Score<=2', '2', true],
  ['CSAT Score<2', '2', false],
  ['CSAT Score >= 4', '5', true],
  ['CSAT Score<=2', 'n/a', undefined],
  ['status!=active', 'gone', true],
  ['status=gone|ended', 'Ended', true],
  ['a=b=c', 'c', true],
])('%s says of %j: %s', (expression, cell, answer) => {
  const label = parseLabel(expression, COLUMNS);
  expect(label.ok && label.value.of(cell)).toBe(answer);
});

test.each([
  ['Chrun=Yes', 'no column "Chrun"; did you mean "Churn"?'],
  ['Churn', 'got "Churn", expected COLUMN=VALUE (or <, <=, >, >=, !=)'],
  ['CSAT Score<low', '"low" is not a number: "<" compares numbers'],
])('%s is refused', (expression, problem) => {
  expect(parseLabel(expression, COLUMNS)).toEqual({ ok: false, problem });
});
