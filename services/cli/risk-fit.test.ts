import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { csvOf, knownTable } from '../scoring/fit/risk/test-table.ts';
import { UsageError } from './command.ts';
import { evaluateRiskCommand } from './evaluate-risk.ts';
import { riskFitCommand } from './risk-fit.ts';
import { runCommand } from './test-support/run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-risk-fit-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
writeFileSync(at('customers.csv'), csvOf(knownTable(300)));

test('a model is learnt from a spreadsheet of another country, with card and report, and judged on other customers', async () => {
  const { columns, rows } = knownTable(300);
  const theirs = [
    columns,
    ...rows.map((row) => row.map((cell) => (/^\d+$/.test(cell) ? `${cell},5` : cell))),
  ];
  writeFileSync(at('excel.csv'), `\ufeff${theirs.map((row) => row.join(';')).join('\r\n')}`);
  const fitted = await runCommand(
    riskFitCommand,
    ...[
      at('excel.csv'),
      '--label',
      'left=yes',
      '--out',
      at('m.yaml'),
      '--report',
      at('r.html'),
      '--json',
      '--draws',
      '1',
    ],
  );
  expect(fitted.code).toBe(0);
  expect(fitted.err).toContain('learning 100 %');
  expect(fitted.err).toContain('may not be used (sex or gender)');
  expect(fitted.err).toMatch(/tenure +number/);
  expect(JSON.parse(fitted.out)).toMatchObject({ n: 300, rowsWithoutLabel: 0, crossValidated: { draws: 1 } });
  expect(existsSync(at('m.md'))).toBe(true);
  expect(readFileSync(at('r.html'), 'utf8')).toContain('<h2>What drives the risk</h2>');
  const judged = await runCommand(
    evaluateRiskCommand,
    ...[at('customers.csv'), '--model', at('m.yaml'), '--label', 'left=yes', '--json'],
  );
  expect(judged.code).toBe(0);
  expect(JSON.parse(judged.out).auc).toBeGreaterThan(0.75);
});

test.each<[string, string[], string]>([
  ['no folder for the model', ['--out', at('no/m.yaml')], 'there is no folder'],
  ['a misspelt label', ['--label', 'lfet=yes', '--out', at('x.yaml')], 'did you mean "left"?'],
])('%s is said before anything is learnt', async (_, args, said) => {
  const { code, err } = await runCommand(riskFitCommand, at('customers.csv'), '--label', 'left=yes', ...args);
  expect(code).toBe(1);
  expect(err).toContain(said);
  expect(err).not.toContain('learning');
});

test('a table without a column of the model is refused with its name', async () => {
  writeFileSync(at('other.csv'), 'a,left\n1,yes\n2,no\n');
  const { code, err } = await runCommand(
    evaluateRiskCommand,
    ...[at('other.csv'), '--model', at('m.yaml'), '--label', 'left=yes'],
  );
  expect(code).toBe(1);
  expect(err).toContain('no column "calls", which the model reads');
});

test('a call without a label is used wrongly', async () => {
  await expect(runCommand(riskFitCommand, at('customers.csv'), '--out', at('x.yaml'))).rejects.toThrow(
    UsageError,
  );
});

test('learning from outcomes needs data of Tocsin, and no table', async () => {
  const args = ['--from-outcomes', '--out', at('x.yaml'), '--data', at('nothing')];
  const { code, err } = await runCommand(riskFitCommand, ...args);
  expect(code).toBe(1);
  expect(err).toContain('no data of Tocsin here');
  await expect(runCommand(riskFitCommand, at('customers.csv'), ...args)).rejects.toThrow('takes no CSV');
});
