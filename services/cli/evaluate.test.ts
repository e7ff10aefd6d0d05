import { expect, test } from 'vitest';
import type { Io } from './command.ts';
import { evaluateDriftCommand } from './evaluate.ts';

let err = '';
const io: Io = {
  out: () => undefined,
  err: (text) => {
    err += text;
  },
  interactive: false,
  env: {},
};

test.each([
  [['riskk'], 'did you mean "risk"?'],
  [[], '--since names the day'],
  [['--since', 'soon'], '--since: got "soon"'],
])('%j is used wrongly: %s', async (args, words) => {
  await expect(evaluateDriftCommand.run(args, io)).rejects.toThrow(words);
});

test('a folder without data is named', async () => {
  expect(await evaluateDriftCommand.run(['--since', '2026-11-01', '--data', '/no/such/folder'], io)).toBe(1);
  expect(err).toContain('/no/such/folder: no data of Tocsin here');
});
