import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { formatProblem } from '../../platform/config/yaml-file.ts';
import { DAY } from '../../platform/time/clock.ts';
import { FEATURES, observe } from './features.ts';
import { pack } from './history.ts';
import { opened } from './open-complaints.ts';
import type { CustomerState } from './profile.ts';
import { compileRiskModel, type RiskModel } from './risk-model.ts';

const NOW = Date.parse('2026-03-02T12:00:00Z');
const customer = (what: Partial<CustomerState> = {}) =>
  observe({ at: NOW, history: '', open: '', seen: '', ...what });

const header = 'apiVersion: tocsin/v1\nkind: RiskModel\nversion: t1\n';

function model(text: string): RiskModel {
  const compiled = compileRiskModel('m.yaml', header + text);
  if (!compiled.ok) throw new Error(compiled.problems.map(formatProblem).join('\n'));
  return compiled.value;
}

const problems = (text: string): string[] => {
  const compiled = compileRiskModel('m.yaml', header + text);
  return compiled.ok ? [] : compiled.problems.map(formatProblem);
};

const tenure = model(`
intercept: 0
features:
  - feature: tenure_months
    missing: 1
    bins:
      - {below: 12, weight: 2, words: 'customer for {value} months'}
      - {below: 24, weight: 0}
      - {weight: -2, words: long with us}
`);

test.each([
  [3, 88.1],
  [12, 50],
  [24, 11.9],
  [undefined, 73.1],
])('a tenure of %s months scores %s', (tenureMonths, score) => {
  const attributes = tenureMonths === undefined ? {} : { tenureMonths };
  expect(tenure.score(customer({ attributes }))).toBe(score);
});

test('a contribution says in points what the score would lose without it', () => {
  expect(tenure.explain(customer({ attributes: { tenureMonths: 3 } }))).toEqual({
    score: 88.1,
    contributions: [{ feature: 'tenure_months', points: 38.1, words: 'customer for 3 months' }],
  });
});

test('a missing value weighs what the model says, and is no reason to tell an agent', () => {
  expect(tenure.explain(customer()).contributions).toEqual([]);
});

test('words of a bin match whatever their case and hyphens', () => {
  const contract = model(
    'intercept: 0\nfeatures: [{feature: contract, bins: [{is: [month_to_month], weight: 1, words: w}]}]',
  );
  expect(contract.score(customer({ attributes: { contract: 'Month-to-month' } }))).toBe(73.1);
  expect(contract.score(customer({ attributes: { contract: 'two year' } }))).toBe(50);
});

test("a model may use the company's own columns", () => {
  const own = model(
    'intercept: 0\nfeatures: [{feature: extra.PaperlessBilling, bins: [{is: ["Yes"], weight: 1, words: paperless}]}]',
  );
  expect(own.score(customer({ attributes: { extra: { PaperlessBilling: 'yes' } } }))).toBe(73.1);
});

test.each([
  [
    'an unknown feature',
    'intercept: 0\nfeatures:\n  - {feature: tenure_month, bins: [{weight: 1}]}',
    'm.yaml:6:15: unknown feature "tenure_month"; did you mean "tenure_months"?',
  ],
  [
    'falling bins',
    'intercept: 0\nfeatures:\n  - {feature: tenure_months, bins: [{below: 5, weight: 1}, {below: 3, weight: 2}]}',
    'm.yaml:6:68: bins must rise: 3 after 5',
  ],
  [
    'a bin that can never be reached',
    'intercept: 0\nfeatures:\n  - {feature: tenure_months, bins: [{weight: 1}, {below: 3, weight: 2}]}',
    'm.yaml:6:37: only the last bin may take the rest; give this one "below" or "is"',
  ],
  [
    'an unknown key',
    'intercept: 0\nfeatures:\n  - {feature: tenure_months, bins: [{wieght: 1, weight: 1}]}',
    'm.yaml:6:38: unknown key "wieght"; did you mean "weight"?',
  ],
])('%s is reported at its place', (_, text, problem) => {
  expect(problems(text)).toContain(problem);
});

const pair = model(`
intercept: 0
features:
  - {feature: calls, read: {number: Calls}, bins: [{below: 4, weight: -1}, {weight: 1, words: 'Calls: {value}'}]}
  - {feature: plan, read: {word: Plan}, bins: [{weight: 0}]}
interactions:
  - features: [calls, plan]
    rows: [{missing: true}, {below: 4}, {}]
    columns: [{is: [XL]}, {}]
    weights:
      - [0.5, 0]
      - [0, 0]
      - [-2, 1]
`);
const withColumns = (extra: Record<string, string | number>) => customer({ attributes: { extra } });

test.each([
  [{ Calls: 5, Plan: 'xl' }, 26.9],
  [{ Calls: '5', Plan: 'S' }, 88.1],
  [{ Calls: 5 }, 73.1],
  [{ Calls: 1, Plan: 'XL' }, 26.9],
  [{ Plan: 'XL' }, 62.2],
])('two features together, %j, score %d', (extra, score) => {
  expect(pair.score(withColumns(extra))).toBe(score);
});

test('what two features say together is a reason of its own', () => {
  expect(pair.explain(withColumns({ Calls: 5, Plan: 'XL' })).contributions).toEqual([
    { feature: 'calls and plan', points: -46.2, words: 'calls 5 together with plan XL' },
    { feature: 'calls', points: 15, words: 'Calls: 5' },
  ]);
});

test('a fitted model names the columns that it reads', () => {
  expect([pair.columns, tenure.columns]).toEqual([['Calls', 'Plan'], []]);
});

test.each([
  [
    'a pair of an unknown feature',
    '{features: [tenure_months, contrat], rows: [{}], columns: [{}], weights: [[1]]}',
    'm.yaml:7:32: "contrat" is not among the features; did you mean "contract"?',
  ],
  [
    'a table of another shape',
    '{features: [tenure_months, contract], rows: [{below: 3}, {}], columns: [{}], weights: [[1]]}',
    'm.yaml:7:91: expected 2 rows of 1 weights',
  ],
])('%s is reported at its place', (_, interaction, problem) => {
  const features =
    '[{feature: tenure_months, bins: [{weight: 1}]}, {feature: contract, bins: [{weight: 1}]}]';
  expect(problems(`intercept: 0\nfeatures: ${features}\ninteractions:\n  - ${interaction}`)).toEqual([
    problem,
  ]);
});

const shipped = compileRiskModel('risk-model.yaml', readFileSync('rules/risk-model.yaml', 'utf8'));

test('the shipped model is sound and calm about a customer of whom nothing is known', () => {
  if (!shipped.ok) throw new Error(shipped.problems.map(formatProblem).join('\n'));
  expect(shipped.value.score(customer())).toBeCloseTo(10, 0);
});

test('the shipped model puts a loyal, praising customer low and an angry one about to leave high', () => {
  if (!shipped.ok) throw new Error('see above');
  const loyal = customer({
    attributes: { tenureMonths: 80, contract: 'two year', renewalAt: NOW + 400 * DAY },
    history: pack({ at: NOW, type: 'survey.answered', mood: 0.8, satisfaction: 5 }),
  });
  const angry = customer({
    attributes: { tenureMonths: 4, contract: 'monthly', usageTrend: -0.6 },
    history:
      pack({ at: NOW - DAY, type: 'complaint.received', mood: -0.7 }) +
      pack({ at: NOW, type: 'complaint.received', mood: -0.8, intents: 1 }),
    open: opened('', { id: 'a', at: NOW - DAY }),
  });
  expect(shipped.value.score(loyal)).toBeLessThan(5);
  expect(shipped.value.score(angry)).toBeGreaterThan(90);
});

test('every feature can be read from a customer of whom nothing is known', () => {
  for (const read of Object.values(FEATURES)) expect(() => read(customer())).not.toThrow();
});
