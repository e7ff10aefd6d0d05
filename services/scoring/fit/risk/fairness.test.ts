import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { formatProblem } from '../../../platform/config/yaml-file.ts';
import { forbiddenAttribute, parseFairness } from './fairness.ts';

const parsed = parseFairness('fairness.yaml', readFileSync('rules/fairness.yaml', 'utf8'));
if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join('\n'));
const shipped = parsed.value;

test.each([
  ['Customer_Gender', [], 'sex or gender'],
  ['g', ['Male', 'Female'], 'sex or gender'],
  ['SeniorCitizen', ['0', '1'], 'age'],
  ['age', [], 'age'],
  ['dateOfBirth', [], 'age'],
  ['ETHNICITY', [], 'ethnicity or origin'],
  ['maritalStatus', [], 'marital status'],
])('the column %s may not be used', (name, values, attribute) => {
  expect(forbiddenAttribute(shipped, name, new Set(values))).toBe(attribute);
});

test.each([
  ['account age', []],
  ['Average usage', []],
  ['percentage', []],
  ['grace period', []],
  ['sexton', []],
  ['size', ['m', 'l']],
])('the column %s may', (name, values) => {
  expect(forbiddenAttribute(shipped, name, new Set(values))).toBeUndefined();
});

test('a misspelt key is reported at its place', () => {
  const broken = parseFairness(
    'f.yaml',
    'apiVersion: tocsin/v1\nkind: Fairness\nmay_not_be_used: [{atribute: x}]\n',
  );
  expect(broken.ok ? [] : broken.problems.map(formatProblem)).toContain(
    'f.yaml:3:20: unknown key "atribute"; did you mean "attribute"?',
  );
});
