import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { onlyTheseRules } from '../../test/support/rules-folder.ts';
import { silentLogger } from '../platform/logging/logger.ts';
import { createRegistry } from '../platform/metrics/registry.ts';
import { ManualClock, SECOND } from '../platform/time/clock.ts';
import { openTocsin, readSettings } from './tocsin.ts';

const GOES_ON = new AbortController().signal;

test('a record that became an alert moves the time of success and reaches the dead-man; no person sees it', async () => {
  const { tocsin, clock, lastSuccess, deadMan } = await opened();
  const began = await lastSuccess();
  for (const _ of ['raised', 'merged']) {
    clock.advance(300 * SECOND);
    expect(await tocsin.synthetic.once(GOES_ON)).toBeUndefined();
  }
  expect(await lastSuccess()).toBe(began + 600);
  expect(deadMan.asked).toBe(2);
  expect((await tocsin.app.inject('/v1/alerts')).json()).toMatchObject({ alerts: [] });
});

test('a pipeline that stands still moves nothing and says so', async () => {
  const { tocsin, clock, lastSuccess, deadMan } = await opened({ works: false });
  const began = await lastSuccess();
  clock.advance(300 * SECOND);
  expect(await tocsin.synthetic.once(GOES_ON, 5)).toBe('its record was no alert after 0.005 s');
  expect(await lastSuccess()).toBe(began);
  expect(deadMan.asked).toBe(0);
});

test('a rules folder without the rule is no illness', async () => {
  const { tocsin } = await opened({ rules: 'none of its own' });
  expect(await tocsin.synthetic.once(GOES_ON)).toBeUndefined();
});

test("a dead-man's switch that refuses is a problem with its status", async () => {
  const { tocsin } = await opened({ deadManAnswers: 404 });
  expect(await tocsin.synthetic.once(GOES_ON)).toBe("the dead-man's switch answered 404");
});

async function opened({
  works = true,
  rules = 'shipped',
  deadManAnswers = 200,
}: {
  works?: boolean;
  rules?: 'shipped' | 'none of its own';
  deadManAnswers?: number;
} = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-synthetic-'));
  const clock = new ManualClock('2026-03-02T09:00:00Z');
  const deadMan = await listeningDeadMan(deadManAnswers);
  const registry = createRegistry();
  const tocsin = await openTocsin({
    folder,
    settings: readSettings({
      TOCSIN_DEADMAN_URL: deadMan.url,
      ...(rules === 'shipped'
        ? {}
        : { TOCSIN_RULES_DIR: onlyTheseRules(join(folder, 'rules'), { 'other.rule.yaml': OTHER_RULE }) }),
    }),
    clock,
    rulesAreTrusted: true,
    url: 'http://127.0.0.1:8080',
    registry,
    log: silentLogger,
  });
  await tocsin.app.ready();
  const stop = new AbortController();
  const running = works ? tocsin.pipeline.runner.run(stop.signal) : Promise.resolve();
  onTestFinished(async () => {
    stop.abort();
    await running;
    await tocsin.lifecycle.close(5_000);
    deadMan.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const lastSuccess = async (): Promise<number> => {
    const gauge = registry.getSingleMetric('tocsin_synthetic_last_success_timestamp_seconds');
    return (await gauge?.get())?.values[0]?.value ?? Number.NaN;
  };
  return { tocsin, clock, lastSuccess, deadMan };
}

async function listeningDeadMan(status: number) {
  const deadMan = { asked: 0, url: '', close: () => void server.close() };
  const server = createServer((_, answer) => {
    deadMan.asked += 1;
    answer.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  deadMan.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ping`;
  return deadMan;
}

const OTHER_RULE = `apiVersion: tocsin/v1
kind: Rule
metadata: {id: other, title: Other, description: Other., owner: team/retention, stage: live, false_positives: [none]}
spec:
  listen: [complaint.received]
  when: {event.channel: {eq: email}}
  severity: [{set: P3}]
  timebox: {calendar: business, ack_by: 1h}
  route: [{to: team/retention}]
  escalate: [{at: opened, notify: ["slack:assignee"], template: open}]
  suppress: {dedupe_key: "{rule.id}:{customer_id}"}
  playbook: [Call]
`;
