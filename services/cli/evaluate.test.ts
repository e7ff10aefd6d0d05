import { expect, test } from 'vitest';
import { evaluateDriftCommand } from './evaluate.ts';
import { runCommand } from './test-support/run-command.ts';

test.each([
  [['riskk'], 'did you mean "risk"?'],
  [[], '--since names the day'],
  [['--since', 'soon'], '--since: got "soon"'],
])('%j is used wrongly: %s', async (args, words) => {
  await expect(runCommand(evaluateDriftCommand, ...args)).rejects.toThrow(words);
});

test('a folder without data is named', async () => {
  const { code, err } = await runCommand(
    evaluateDriftCommand,
    ...['--since', '2026-11-01', '--data', '/no/such/folder'],
  );
  expect(code).toBe(1);
  expect(err).toContain('/no/such/folder: no data of Tocsin here');
});
