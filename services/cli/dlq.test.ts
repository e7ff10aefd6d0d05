import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Complaint } from '../contracts/sources.ts';
import { EMBEDDED_MIGRATIONS } from '../embedded/pipeline.ts';
import { openEmbeddedStore } from '../platform/database/embedded-store.ts';
import { systemClock } from '../platform/time/clock.ts';
import type { Command } from './command.ts';
import { dlqCommands } from './dlq.ts';
import { runCommand, runCommandIn } from './test-support/run-command.ts';

const command = (name: string): Command => {
  const found = dlqCommands.find((one) => one.name === `dlq ${name}`);
  if (found === undefined) throw new Error(`no command dlq ${name}`);
  return found;
};

test('a letter is written to a file, repaired there and retried with that file; another is given up with a reason', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-dlq-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const store = openEmbeddedStore(folder, systemClock, EMBEDDED_MIGRATIONS);
  // Producers of their own write what they like: these name nobody.
  const value = (id: string) => ({ id, occurredAt: Date.now(), text: 'no name' }) as Complaint;
  await store.log.publish(
    'complaints',
    ['r-1', 'r-2'].map((id) => ({ id, key: id, value: value(id) })),
  );
  store.close();
  const run = (verb: string, ...args: string[]) => runCommand(command(verb), ...args, '--data', folder);
  const [first, second] = ['ingestion/complaints/0/0', 'ingestion/complaints/0/1'] as const;

  // What waits is processed by the end of the first command, and shown by the next.
  await run('list');
  expect((await run('list')).out).toContain(first);
  const letter = JSON.parse((await run('show', first)).out);
  const file = join(folder, 'letter.json');
  writeFileSync(file, JSON.stringify({ ...letter, payload: { ...letter.payload, customerId: 'c-1' } }));
  expect((await run('retry', first, '--payload', file, '--by', 'ana')).out).toBe(`${first}: retrying\n`);
  expect((await run('drop', second, '--reason', 'a test', '--by', 'ana')).out).toBe(`${second}: dropped\n`);
  const { out } = await run('list');
  expect(out).toMatch(/retried .*\n.*complaints\/0\/0\n.*last decided by ana at \S+\n/);
  expect(out).toMatch(/dropped .*\n.*complaints\/0\/1\n.*last decided by ana at \S+: a test\n/);
});

test('where operators have keys, an order needs one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-dlq-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const drop = async (env: Record<string, string>) =>
    (await runCommandIn({ TOCSIN_OPS_KEYS: 'secret', ...env }, command('drop'), 'x', '--data', folder)).err;
  expect(await drop({})).toContain('TOCSIN_API_KEY');
  expect(await drop({ TOCSIN_API_KEY: 'secret' })).toBe('No parked dead letter has the id x.\n');
});

test('all letters of a cause are given up at once, with a reason; others stay', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-dlq-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const store = openEmbeddedStore(folder, systemClock, EMBEDDED_MIGRATIONS);
  const value = (id: string) => ({ id, occurredAt: Date.now(), text: 'no name' }) as Complaint;
  const records = ['r-1', 'r-2', 'r-3'].map((id) => ({ id, key: id, value: value(id) }));
  await store.log.publish('complaints', records);
  store.close();
  const run = (verb: string, ...args: string[]) => runCommand(command(verb), ...args, '--data', folder);
  await run('list');
  await expect(run('drop', '--all')).rejects.toThrow('--all needs a --reason');
  await expect(run('retry', '--all', '--cause', 'bad_luck')).rejects.toThrow('cause');
  const none = await run('drop', '--all', '--cause', 'handler_error', '--reason', 'x');
  expect(none.out).toBe('given up: 0\n');
  expect((await run('drop', '--all', '--process', 'ingestion', '--reason', 'a test')).out).toBe(
    'given up: 3\n',
  );
  expect((await run('list', '--status', 'parked')).out).toBe('No dead letters.\n');
});
