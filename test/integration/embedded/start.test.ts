import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ChildTocsin } from '../../support/child-tocsin.ts';

/** What somebody who starts it by hand may have to wait, ms. */
const READY_WITHIN_MS = 3_000;
const ALERT_WITHIN_MS = 1_000;
const END_WITHIN_MS = 3_000;

// Other suites keep the machine busy meanwhile: what counts is whether it can be had.
test('it is up within three seconds, makes an alert and a message of a record within one, and ends at Ctrl-C', {
  retry: 3,
}, async () => {
  const data = temporaryFolder();
  const first = started(data);
  const began = performance.now();
  const url = await urlOf(first);
  expect(performance.now() - began).toBeLessThan(READY_WITHIN_MS);

  const posted = performance.now();
  expect(await postCancellation(url)).toBe(202);
  const shown = await until(async () => {
    const { alerts } = await json<{ alerts: { ruleId: string; label: string }[] }>(`${url}/v1/alerts`);
    const sandbox = await (await fetch(`${url}/sandbox`)).text();
    const [alert] = alerts;
    return alert !== undefined && sandbox.includes(alert.label) ? alert : undefined;
  });
  expect(performance.now() - posted).toBeLessThan(ALERT_WITHIN_MS);
  expect(shown.ruleId).toBe('cancel-intent-in-call');
  expect(await (await fetch(`${url}/`)).text()).toContain(shown.label);

  const told = performance.now();
  const ended = await first.interrupt();
  expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(performance.now() - told).toBeLessThan(END_WITHIN_MS);

  const second = started(data);
  const again = await urlOf(second);
  const { alerts } = await json<{ alerts: unknown[] }>(`${again}/v1/alerts`);
  expect(alerts).toEqual([expect.objectContaining({ label: shown.label })]);
  expect(await (await fetch(`${again}/sandbox`)).text()).toContain(shown.label);
  expect(await postCancellation(again)).toBe(200);
  expect(await second.stop()).toMatchObject({ code: 0, stderr: '' });
});

test('a second process on the same data is told who has it', async () => {
  const data = temporaryFolder();
  const first = started(data);
  const url = await urlOf(first);
  const second = await started(data).ended;
  expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining(`in use by process`) });
  expect(second.stderr).toContain(url);
  expect(await first.stop()).toMatchObject({ code: 0 });
});

test('a port that is taken is named, with the way to choose another', async () => {
  const first = started(temporaryFolder());
  const port = Number(new URL(await urlOf(first)).port);
  const second = await new ChildTocsin({ data: temporaryFolder(), port }).ended;
  expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining(`port ${port}`) });
  expect(second.stderr).toContain('--port N');
  expect(await first.stop()).toMatchObject({ code: 0 });
});

test('settings that are wrong are all named at once', async () => {
  const { code, stderr } = await new ChildTocsin({
    data: temporaryFolder(),
    env: { TOCSIN_RETENTION_DAYS: '3', TOCSIN_SLACK_TOKN: 'xoxb-1', TOCSIN_SMTP_URL: 'mail' },
  }).ended;
  expect(code).toBe(2);
  for (const name of ['TOCSIN_RETENTION_DAYS', 'TOCSIN_SLACK_TOKN', 'TOCSIN_SMTP_URL'])
    expect(stderr).toContain(name);
  expect(stderr).not.toContain('    at ');
});

function started(data: string): ChildTocsin {
  const child = new ChildTocsin({ data });
  onTestFinished(async () => void (await child.kill()));
  return child;
}

async function urlOf(child: ChildTocsin): Promise<string> {
  const url = await child.url;
  if (url === undefined) throw new Error((await child.ended).stderr);
  return url;
}

async function postCancellation(url: string): Promise<number> {
  const answer = await fetch(`${url}/v1/call-notes`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      id: 'n-1',
      customer_id: 'c-1',
      occurred_at: new Date().toISOString(),
      text: 'Customer is disappointed and wants to cancel the contract.',
    }),
  });
  return answer.status;
}

const json = async <T>(url: string): Promise<T> => (await (await fetch(url)).json()) as T;

/** Asks again until there is an answer; how long that may take is for the caller, or the test's end, to say. */
async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
  }
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-start-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
