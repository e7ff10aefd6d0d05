import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { UsageError } from './command.ts';
import { evaluateSentimentCommand } from './evaluate-sentiment.ts';
import { runCommand } from './test-support/run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-evaluate-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'labelled.csv');
writeFileSync(
  file,
  'remark,stars\n"Thank you, great service",5\n"Still broken, nobody answers",1\nWhat time do you open?,3\n,2\nodd,?\n',
);

const run = (...args: string[]) => runCommand(evaluateSentimentCommand, ...args);

const MAP = '1=negative,2=negative,3=neutral,4=positive,5=positive';

test('figures come as one JSON object', async () => {
  const { code, out } = await run(file, '--text', 'remark', '--label', 'stars', '--map', MAP, '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    n: 3,
    left: 2,
    accuracy: 1,
    macroF1: 1,
    negative: { precision: 1, recall: 1, f1: 1 },
    aucNegative: 1,
    textsPerSecond: expect.any(Number),
  });
});

test('a spreadsheet of another country is read too', async () => {
  const theirs = join(folder, 'excel.csv');
  writeFileSync(theirs, '\ufeff"remark; free";stars\r\nThank you;5\r\n"Still\nbroken";1\r\nbroken\r\n');
  const args = [theirs, '--text', 'remark; free', '--label', 'stars', '--map', MAP, '--json'];
  const { code, out, err } = await run(...args);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ n: 2, left: 1, accuracy: 1 });
  expect(err).toContain('1 rows have more or fewer cells than the header');
});

test('a misspelt column is named with the nearest one', async () => {
  const { code, err } = await run(file, '--text', 'remrak', '--label', 'stars', '--map', MAP);
  expect([code, err]).toEqual([1, `${file}: no column "remrak"; did you mean "remark"?\n`]);
});

test('a file that is not there is said in words', async () => {
  const { code, err } = await run(join(folder, 'none.csv'), '--text', 'a', '--label', 'b');
  expect(code).toBe(1);
  expect(err).toContain('none.csv');
});

test.each([
  [['--text', 'a', '--label', 'b']],
  [[file, '--text', 'remark']],
  [[file, '--text', 'remark', '--label', 'stars', '--map', '1=bad']],
])('wrong use %j is told apart from a bad file', async (args) => {
  await expect(run(...args)).rejects.toThrow(UsageError);
});
