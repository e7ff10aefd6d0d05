import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Ended, runTocsin } from '../support/child-tocsin.ts';
import { temporaryFolder } from './support/temporary.ts';

test('all problems are said at once, each with what was found and what is allowed; the exit code is 2', async () => {
  const { code, stderr } = await start({
    TOCSIN_LOG_LEVEL: 'loud',
    TOCSIN_RETENTION_DAYS: 'for ever',
    TOCSIN_SMTP_URL: 'mail.example.com',
    TOCSIN_SLAK_TOKEN: 'xoxb-1',
    TOCSIN_FAILPOINT: 'cp99:kill@1',
  });
  expect(code).toBe(2);
  expect(stderr).toMatch(/^tocsin start: settings are wrong\n/);
  expect(stderr).toMatch(/TOCSIN_LOG_LEVEL: got "loud", expected one of .*debug/);
  expect(stderr).toMatch(/TOCSIN_RETENTION_DAYS: got "for ever", expected a number of days/);
  expect(stderr).toMatch(/TOCSIN_SMTP_URL: got a value that is not shown, expected smtp:/);
  expect(stderr).toMatch(/TOCSIN_SLAK_TOKEN: unknown setting.*TOCSIN_SLACK_TOKEN/);
  expect(stderr).toMatch(/TOCSIN_FAILPOINT: got "cp99:kill@1", expected count, cp4:kill@3/);
  expect(stderr).not.toContain('    at ');
});

test('a secret is never shown', async () => {
  const { code, stderr } = await start({ TOCSIN_SLACK_TOKEN: 'my-secret-token' });
  expect(code).toBe(2);
  expect(stderr).toContain(
    'TOCSIN_SLACK_TOKEN: got a value that is not shown, expected a token such as xoxb-…',
  );
  expect(stderr).not.toContain('my-secret');
});

test('the file of a secret that cannot be read', async () => {
  const file = join(temporaryFolder(), 'token');
  const { code, stderr } = await start({ TOCSIN_SLACK_TOKEN_FILE: file });
  expect(code).toBe(2);
  expect(stderr).toContain(`TOCSIN_SLACK_TOKEN_FILE: ${file} cannot be read (ENOENT)`);
});

test('an address that others can reach, without a key', async () => {
  const { code, stderr } = await start({ TOCSIN_HOST: '0.0.0.0' });
  expect(code).toBe(2);
  expect(stderr).toContain('TOCSIN_HOST: got "0.0.0.0", which others can reach; set TOCSIN_INGEST_KEYS too');
});

test('control: right settings are taken', async () => {
  const env = { TOCSIN_LOG_LEVEL: 'error', TOCSIN_RETENTION_DAYS: '30' };
  expect((await runTocsin(['ledger', '--data', temporaryFolder()], { env })).code).toBe(0);
});

const start = (env: Readonly<Record<string, string>>): Promise<Ended> =>
  runTocsin(['start', '--data', temporaryFolder(), '--port', '0'], { env });
