import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test, vi } from 'vitest';
import { doctorCommand } from '../../services/cli/doctor.ts';
import { importCommand } from '../../services/cli/import.ts';

/** The six services, as somebody gets them who wants to look around. */
async function lookAround() {
  const args = ['test/bench-servers/main.ts', '--services', '--port', '0'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint += String(text);
  });
  const env: Record<string, string> = {};
  const places: Record<string, string> = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [, name, value] = /^export (\w+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) env[name] = value;
    const [, what, where] = /^# (.*?) {2,}(\S+)$/.exec(line) ?? [];
    if (what !== undefined && where !== undefined) places[what] = where;
    if (line.startsWith('# Ctrl-C')) break;
  }
  const { 'post records to': intake, messages, logs } = places;
  if (intake === undefined || messages === undefined || logs === undefined) throw new Error(complaint);
  const stop = (): Promise<number | null> => {
    child.kill('SIGINT');
    return ended;
  };
  return { env, intake, messages, logs, stop };
}

test('one command brings up many machines on one: a note becomes an alert, the doctor finds all well, Ctrl-C leaves nothing', async () => {
  const { env, intake, messages, logs, stop } = await lookAround();
  const answer = await fetch(intake, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      id: 'note-1',
      customer_id: 'C-1001',
      occurred_at: new Date().toISOString(),
      direction: 'inbound',
      text: 'Customer wants to cancel the contract.',
    }),
  });
  expect(answer.status).toBe(202);
  const sandbox = async (): Promise<string> => (await fetch(`${messages}/messages`)).text();
  await vi.waitFor(async () => expect(await sandbox()).toContain('cancel-intent-in-call:C-1001'), 30_000);
  const queue = await (await fetch(env.TOCSIN_LOOP_CLOSURE_URL ?? '')).text();
  expect(queue).toContain(`<a href="${messages}">Sandbox</a>`);
  const operations = await (await fetch(`${env.TOCSIN_LOOP_CLOSURE_URL}/operations`)).text();
  for (const words of ['All is well', 'Rules in force: 27', 'Nothing is silenced'])
    expect(operations).toContain(words);

  const file = join(logs, 'complaints.ndjson');
  const complaint = {
    id: 'k-1',
    customerId: 'C-1002',
    occurredAt: new Date().toISOString(),
    text: 'Too slow.',
  };
  writeFileSync(file, JSON.stringify(complaint));
  const out: string[] = [];
  const io = { out: (text: string) => void out.push(text), err: () => undefined, interactive: false, env };
  expect(await importCommand.run(['complaints', file, '--json'], io)).toBe(0);
  expect(JSON.parse(out.splice(0).join(''))).toMatchObject({ rows: 1, accepted: 1 });
  expect(await doctorCommand.run([], io), out.join('')).toBe(0);
  const checks = out.flatMap((line) => /^ok {3}(\S+)/.exec(line)?.[1] ?? []);
  expect(checks).toEqual(
    'node rules servers topics schemas database loop-closure action-management ingestion data ledger dead timers'.split(
      ' ',
    ),
  );

  expect(existsSync(logs)).toBe(true);
  expect(await stop()).toBe(0);
  expect(existsSync(logs)).toBe(false);
});
