import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { readEnv } from './env.ts';

const schema = z.object({
  TOCSIN_PORT: z.coerce
    .number('expected a port')
    .int()
    .min(1, 'expected an integer from 1 to 65535')
    .default(8080),
  TOCSIN_SLACK_TOKEN: z
    .string()
    .startsWith('xoxb-', 'expected a bot token, which begins with xoxb-')
    .optional(),
});

test('defaults hold where nothing is set', () => {
  expect(readEnv(schema, {})).toEqual({ ok: true, value: { TOCSIN_PORT: 8080 } });
});

test('all problems are reported together and secrets are not shown', () => {
  const result = readEnv(schema, { TOCSIN_PORT: '0', TOCSIN_SLACK_TOKEN: 'hunter2', TOCSIN_PROT: '1' });
  expect(result).toEqual({
    ok: false,
    problems: [
      'TOCSIN_PROT: unknown setting; did you mean "TOCSIN_PORT"?',
      'TOCSIN_PORT: got "0", expected an integer from 1 to 65535',
      'TOCSIN_SLACK_TOKEN: got a value that is not shown, expected a bot token, which begins with xoxb-',
    ],
  });
});

test('a secret can come from a file', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-env-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'token'), 'xoxb-1\n');
  expect(readEnv(schema, { TOCSIN_SLACK_TOKEN_FILE: join(dir, 'token') })).toEqual({
    ok: true,
    value: { TOCSIN_PORT: 8080, TOCSIN_SLACK_TOKEN: 'xoxb-1' },
  });
});

test('a file that is not there is a problem with its path', () => {
  expect(readEnv(schema, { TOCSIN_SLACK_TOKEN_FILE: '/nowhere/token' })).toEqual({
    ok: false,
    problems: ['TOCSIN_SLACK_TOKEN_FILE: /nowhere/token cannot be read (ENOENT)'],
  });
});
