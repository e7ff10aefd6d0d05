import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Complaint } from '../../services/contracts/sources.ts';
import { HOUR, MINUTE, SECOND } from '../../services/platform/time/clock.ts';
import { managerOf } from '../fault/support/rules-folder.ts';
import { COMPLAINS_AGAIN, START } from '../fault/support/stage.ts';
import type { SlackScript } from '../support/fake-slack.ts';
import { Recording } from './support/recording.ts';
import { EVERY, watchedTocsin } from './support/watched.ts';

// Each test breaks one thing and expects exactly the alerts that say so, by the expressions of our rules, on our own
// scraped metrics. Nobody may be called before.

test('control: a day on which people do what they are asked, and nothing is broken', async () => {
  const { one, stage, recording } = await watchedTocsin();
  await stage.raise('c1');
  await one.goOn(10 * MINUTE);
  await stage.order('complains-again:c1', 'acknowledge', { by: 'm02' });
  await one.goOn(20 * MINUTE);
  await stage.order('complains-again:c1', 'contact', { by: 'm02', reached: true, note: 'spoke to her' });
  await one.goOn(HOUR);
  expect((await recording.judge()).names).toEqual([]);
});

test('a record that cannot be processed', async () => {
  const { one, stage, recording } = await watchedTocsin();
  const value = { id: 'x', customerId: 'eve', occurredAt: START, text: 5 } as unknown as Complaint;
  await stage.tocsin.pipeline.store.log.publish('complaints', [{ id: 'x', key: 'eve', value }]);
  const broken = stage.clock.now();
  await one.goOn(5 * MINUTE);
  const verdict = await recording.judge();
  expect(verdict.names).toEqual(['TocsinDeadLetters']);
  expect(verdict.of('TocsinDeadLetters')).toEqual([
    {
      labels: { service: 'ingestion', topic: 'complaints', reason: 'invalid_record' },
      atMs: broken + EVERY,
    },
  ]);
});

test('rule files that are refused', async () => {
  const { one, stage, recording } = await watchedTocsin();
  writeFileSync(join(stage.rulesFolder, 'complains-again.rule.yaml'), 'apiVersion: tocsin/v1\nkind: Rool\n');
  expect((await stage.ask('POST', '/v1/rules/reload', {})).status).toBe(409);
  const broken = stage.clock.now();
  await one.goOn(20 * MINUTE);
  const verdict = await recording.judge();
  expect(verdict.names).toEqual(['TocsinRulesReloadFailed']);
  expect(verdict.of('TocsinRulesReloadFailed')[0]?.atMs).toBeGreaterThan(broken + 15 * MINUTE - EVERY);
});

test('a Slack that is down', async () => {
  const { one, stage, recording } = await watchedTocsin();
  const down: SlackScript = { type: 'status', status: 500 };
  stage.slack.script('chat.postMessage', ...Array<SlackScript>(1_000).fill(down));
  let customers = 0;
  await one.goOn(25 * MINUTE, () => stage.raise(`c${++customers}`, managerOf((customers % 40) + 1)));
  const verdict = await recording.judge();
  expect(verdict.names).toContain('TocsinNotificationsFailing');
  expect(verdict.of('TocsinNotificationsFailing')).toMatchObject([{ labels: { channel: 'slack' } }]);
});

test('a sender that has stopped', async () => {
  const { one, stage, recording } = await watchedTocsin();
  await stage.complainTwice('c1');
  await one.standStill(15 * MINUTE, () => stage.tocsin.pipeline.runner.drain());
  const verdict = await recording.judge();
  expect(verdict.names).toEqual(['TocsinOutboxStuck']);
  expect(verdict.of('TocsinOutboxStuck')).toMatchObject([{ labels: { channel: 'slack' } }]);
});

test('a loop that hangs: no scan, late timers, no synthetic customer', async () => {
  const { one, stage, recording } = await watchedTocsin();
  await stage.raise('c1');
  await stage.order('complains-again:c1', 'acknowledge', { by: 'm02' });
  await one.goOn(100 * MINUTE);
  await one.standStill(30 * MINUTE);
  const verdict = await recording.judge();
  expect(verdict.names).toEqual([
    'TocsinHeartbeatAlertMissing',
    'TocsinTimeboxScannerStalled',
    'TocsinTimeboxTimersLate',
  ]);
});

test('people who let deadlines pass', async () => {
  const { one, stage, recording } = await watchedTocsin();
  await stage.raise('c1');
  await one.goOn(35 * MINUTE);
  const verdict = await recording.judge();
  expect(verdict.names).toEqual(['TocsinTimeboxBreaches']);
  expect(verdict.of('TocsinTimeboxBreaches')).toMatchObject([
    { labels: { rule: 'complains-again', milestone: 'ack_by' } },
  ]);
});

test('a rule that opens an alert for everybody', async () => {
  const { one, stage, recording } = await watchedTocsin();
  let customers = 0;
  await one.goOn(15 * MINUTE, () => stage.raise(`c${++customers}`, managerOf((customers % 40) + 1)));
  const verdict = await recording.judge();
  expect(verdict.of('TocsinRuleFlooding')).toMatchObject([{ labels: { rule: 'complains-again' } }]);
  expect(verdict.firedBefore(START + 25 * MINUTE)).toEqual(['TocsinWatchdog']);
});

test('two processes that judge by different rules', async () => {
  const recording = new Recording();
  const { one } = await watchedTocsin({ recording, instance: 'a' });
  const { one: other } = await watchedTocsin({
    recording,
    instance: 'b',
    rules: { 'complains-again': COMPLAINS_AGAIN.replace('gte: 2', 'gte: 3') },
  });
  await one.goOn(10 * MINUTE);
  await other.goOn(10 * MINUTE);
  expect((await recording.judge()).names).toEqual(['TocsinRulesDiverged']);
});

test('a store that takes no writes', async () => {
  const { one, stage, recording } = await watchedTocsin();
  await stage.complainTwice('c1');
  stage.tocsin.pipeline.store.db.exec('PRAGMA query_only = ON');
  const { runner, observe } = stage.tocsin.pipeline;
  let refused: () => void = () => undefined;
  observe({ onStorageTrouble: () => refused() });
  await one.standStill(10 * MINUTE, async () => {
    const stop = new AbortController();
    refused = () => stop.abort();
    await runner.run(stop.signal);
  });
  stage.tocsin.pipeline.store.db.exec('PRAGMA query_only = OFF');
  const verdict = await recording.judge();
  expect(verdict.names).toContain('TocsinStorageRefuses');
  expect(verdict.of('TocsinStorageRefuses')).toMatchObject([{ labels: { reason: 'not_writable' } }]);
});

test('a process that is gone', async () => {
  const { stage, recording } = await watchedTocsin();
  await stage.stop();
  for (let at = stage.clock.now(); at <= stage.clock.now() + 5 * MINUTE; at += EVERY) {
    recording.add('a', at, undefined);
  }
  const verdict = await recording.judge();
  expect(verdict.names).toContain('TocsinConsumerDead');
  expect(verdict.of('TocsinConsumerDead')).toMatchObject([{ labels: { job: 'tocsin', instance: 'a' } }]);
});

test('a clock that somebody moves', async () => {
  const { one, stage, recording } = await watchedTocsin();
  await stage.stop();
  await stage.start();
  one.showsClock = true;
  // The clock stands, as the real one does within a moment; scrapes go on by a clock of their own.
  const began = stage.clock.now();
  for (let scrape = 1; scrape <= 15; scrape += 1) {
    if (scrape === 11) stage.clock.advance(90 * SECOND);
    await one.scrape(began + scrape * EVERY);
  }
  const verdict = await recording.judge();
  expect(verdict.of('TocsinClockWrong')).toMatchObject([{ atMs: began + 13 * EVERY }]);
});
