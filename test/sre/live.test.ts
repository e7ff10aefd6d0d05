import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type ChildServer, freePort, startChildServer } from '../bench-servers/child-server.ts';
import { ChildTocsin } from '../support/child-tocsin.ts';

// Our own configuration, with shorter intervals and other addresses, in a real Prometheus and Alertmanager.

const folder = mkdtempSync(join(tmpdir(), 'tocsin-live-'));
const started: ChildServer[] = [];
afterAll(async () => {
  await Promise.all(started.map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
});

test('Prometheus scrapes a running Tocsin, takes all rules, sees it die, and the watchdog reaches the outside', async () => {
  const outside = await outsideService();
  const alertmanager = await startAlertmanager(outside.url);
  const tocsin = new ChildTocsin({ data: join(folder, 'data') });
  const url = await tocsin.url;
  if (url === undefined) throw new Error(`Tocsin did not start: ${(await tocsin.ended).stderr}`);
  const prometheus = await startPrometheus(url.replace('http://', ''), alertmanager);
  const ask = async (expr: string): Promise<string | undefined> => {
    const answer = await fetch(`${prometheus}/api/v1/query?${new URLSearchParams({ query: expr })}`);
    const { data } = (await answer.json()) as { data: { result: readonly { value: [number, string] }[] } };
    return data.result[0]?.value[1];
  };

  await until(async () => (await ask('up{job="tocsin"}')) === '1');
  const { data } = (await (await fetch(`${prometheus}/api/v1/rules`)).json()) as {
    data: { groups: readonly { rules: readonly { name: string; health: string; lastError?: string }[] }[] };
  };
  const rules = data.groups.flatMap((group) => group.rules);
  expect(rules.length).toBeGreaterThan(25);
  expect(rules.filter(({ lastError = '' }) => lastError !== '')).toEqual([]);
  expect(await ask('tocsin_timebox_timers_pending')).toBe('0');

  expect(await outside.heard).toMatchObject({
    status: 'firing',
    commonLabels: { alertname: 'TocsinWatchdog' },
  });

  await tocsin.kill();
  await until(async () => (await ask('ALERTS{alertname="TocsinConsumerDead"}')) === '1');
  outside.close();
});

/** Somebody who waits for signs of life. */
async function outsideService(): Promise<{ url: string; heard: Promise<unknown>; close(): void }> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      resolve(JSON.parse(body));
      response.end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, heard: promise, close: () => server.close() };
}

async function startAlertmanager(watchdogUrl: string): Promise<string> {
  const config = readFileSync('infra/alertmanager/alertmanager.yaml', 'utf8');
  writeFileSync(join(folder, 'alertmanager.yaml'), config.replace('https://watchdog.invalid/', watchdogUrl));
  const address = `127.0.0.1:${await freePort()}`;
  started.push(
    await startChildServer({
      name: 'Alertmanager',
      command: 'prometheus-alertmanager',
      args: [
        `--config.file=${join(folder, 'alertmanager.yaml')}`,
        `--storage.path=${join(folder, 'alertmanager')}`,
        `--web.listen-address=${address}`,
        '--cluster.listen-address=',
      ],
      cwd: folder,
      logFile: join(folder, 'alertmanager.log'),
      answers: () => isReady(`http://${address}`),
    }),
  );
  return address;
}

async function startPrometheus(tocsin: string, alertmanager: string): Promise<string> {
  cpSync('infra/prometheus', join(folder, 'prometheus'), { recursive: true });
  const config = readFileSync('infra/prometheus/embedded.yaml', 'utf8')
    .replaceAll(/(scrape|evaluation)_interval: \w+/g, '$1_interval: 500ms')
    .replace('127.0.0.1:9093', alertmanager)
    .replace('127.0.0.1:8080', tocsin);
  writeFileSync(join(folder, 'prometheus', 'live.yaml'), config);
  const address = `127.0.0.1:${await freePort()}`;
  started.push(
    await startChildServer({
      name: 'Prometheus',
      command: 'prometheus',
      args: [
        `--config.file=${join(folder, 'prometheus', 'live.yaml')}`,
        `--storage.tsdb.path=${join(folder, 'tsdb')}`,
        `--web.listen-address=${address}`,
        // Alertmanager is found some seconds after the first evaluation; what was dropped is sent again.
        '--rules.alert.resend-delay=1s',
      ],
      cwd: folder,
      logFile: join(folder, 'prometheus.log'),
      answers: () => isReady(`http://${address}`),
    }),
  );
  return `http://${address}`;
}

async function isReady(url: string): Promise<void> {
  if (!(await fetch(`${url}/-/ready`)).ok) throw new Error('not ready');
}

/** Asks again until it is so; the test's own time-out ends it otherwise. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resume) => setTimeout(resume, 100));
}
