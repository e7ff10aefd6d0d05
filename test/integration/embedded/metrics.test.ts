import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { calledBack, TOM, tomWantsToCancel } from '../../acceptance/cast.ts';
import { openWorld } from '../../support/world/world.ts';

const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;

test.skipIf(!hasPromtool)('promtool, where it is installed, finds no fault with /metrics', async () => {
  const metrics = await metricsAfterADay();
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: metrics, encoding: 'utf8' });
  expect(`${checked.stdout}${checked.stderr}`).toBe('');
  expect(checked.status).toBe(0);
});

test('/metrics shows what the page about metrics says, and nothing else of ours', async () => {
  const shown = new Set(
    [...(await metricsAfterADay()).matchAll(/^# TYPE (tocsin_\w+)/gm)].map(([, name]) => name),
  );
  const page = readFileSync(new URL('../../../infra/metrics.md', import.meta.url), 'utf8');
  const promised = [...page.matchAll(/^\| `(tocsin_\w+)`/gm)]
    .map(([, name = '']) => name)
    .filter((name) => !OF_MANY_MACHINES.test(name));
  expect([...shown].toSorted()).toEqual(promised.toSorted());
});

/** What only machines that talk over Kafka have. */
const OF_MANY_MACHINES = /^tocsin_(kafka|schema_registry|database)_/;

test('no customer, alert or text is a label', async () => {
  const metrics = await metricsAfterADay();
  for (const word of [TOM, 'Tom Berg', 'cancel the contract', 'T-']) expect(metrics).not.toContain(word);
});

test('what an alert rule asks for is there before it first happens', async () => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  const metrics = String((await world.get('/metrics')).body);
  for (const series of [
    'tocsin_events_dead_lettered_total{',
    'tocsin_notification_attempts_total{channel="slack",outcome="failed"',
    'tocsin_alert_milestones_total{rule="cancel-intent-in-call",milestone="ack_by",outcome="missed"} 0',
    'tocsin_rules_last_reload_successful 1',
    'tocsin_timebox_timers_pending 0',
  ]) {
    expect(metrics).toContain(series);
  }
});

/** An alert is raised, missed, taken, proven and closed, so that every kind of figure has a value. */
async function metricsAfterADay(): Promise<string> {
  // Traces are counted where there are any; nothing is sent before the end.
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    OTEL_TRACES_SAMPLER: 'parentbased_always_off',
  };
  const world = await openWorld({ at: '2026-03-02T10:00+01:00', env });
  const { inChannel } = await tomWantsToCancel(world);
  await world.advance('30m');
  world.slack.person('petra').expects('Not acknowledged');
  world.mail.expects('petra', 'Not acknowledged');
  world.slack.person('chloe').expects('New alert');
  await inChannel.click('Acknowledge', 'chloe');
  await calledBack(world, TOM);
  await inChannel.click('Close', 'chloe', { outcome: 'saved', rootCause: 'price' });
  const { status, body } = await world.get('/metrics');
  expect(status).toBe(200);
  return String(body);
}
