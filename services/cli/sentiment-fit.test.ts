import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { UsageError } from './command.ts';
import { evaluateSentimentCommand } from './evaluate-sentiment.ts';
import { sentimentFitCommand } from './sentiment-fit.ts';
import { runCommand } from './test-support/run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-sentiment-fit-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'survey.csv');
const lines = Array.from({ length: 120 }, (_, row) =>
  row % 3 === 0
    ? `The box number ${row} was purple,1`
    : row % 3 === 1
      ? `The box ${row} was orange,5`
      : `A box ${row},3`,
);
writeFileSync(file, `remark,stars\n${lines.join('\n')}\n`);

const COLUMNS = ['--text', 'remark', '--label', 'stars', '--map', '1=negative,3=neutral,5=positive'];

test('a model is learnt, written with its card, and used by evaluate', async () => {
  const model = join(folder, 'm.yaml');
  const fit = await runCommand(sentimentFitCommand, file, ...COLUMNS, '--out', model, '--json');
  expect(fit.code).toBe(0);
  expect(JSON.parse(fit.out)).toMatchObject({ n: 120, folds: 5, macroF1: 1, aucNegative: 1 });
  expect(fit.err).toContain('fold 1 of 5');
  expect(existsSync(join(folder, 'm.md'))).toBe(true);
  const judged = await runCommand(evaluateSentimentCommand, file, ...COLUMNS, '--model', model, '--json');
  expect(JSON.parse(judged.out)).toMatchObject({ macroF1: 1, aucNegative: 1 });
  const again = join(folder, 'again.yaml');
  await runCommand(sentimentFitCommand, file, ...COLUMNS, '--out', again);
  expect(readFileSync(again, 'utf8')).toBe(readFileSync(model, 'utf8'));
});

test('labels that the map does not know leave nothing to learn from, and no file', async () => {
  const out = join(folder, 'none.yaml');
  const { code, err } = await runCommand(
    sentimentFitCommand,
    file,
    '--text',
    'remark',
    '--label',
    'stars',
    '--out',
    out,
  );
  expect(code).toBe(1);
  expect(err).toContain('one mood only');
  expect(existsSync(out)).toBe(false);
});

test('a model that is not there is said in words', async () => {
  const { code, err } = await runCommand(
    evaluateSentimentCommand,
    file,
    ...COLUMNS,
    '--model',
    join(folder, 'no.yaml'),
  );
  expect([code, err]).toEqual([1, expect.stringContaining('no.yaml:1:1: cannot be read')]);
});

test.each([
  [[file, ...COLUMNS]],
  [[file, ...COLUMNS, '--out', 'm.json']],
  [[file, ...COLUMNS, '--out', 'm.yaml', '--seed', 'x']],
  [['--out', 'm.yaml', ...COLUMNS]],
])('wrong use %j is told apart from a bad file', async (args) => {
  await expect(runCommand(sentimentFitCommand, ...args)).rejects.toThrow(UsageError);
});
