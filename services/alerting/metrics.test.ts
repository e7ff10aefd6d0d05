import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { ManualClock } from '../platform/time/clock.ts';
import { createAlertingMetrics } from './metrics.ts';
import { type AlertStory, at, calendars, planWith, story } from './test-support/alert-story.ts';

async function measured(given: AlertStory, now = 'Fri 16:00') {
  const registry = new Registry();
  const metrics = createAlertingMetrics(registry, {
    calendars,
    clock: new ManualClock(at(now)),
    rules: ['churn'],
    teams: ['retention'],
  });
  for (const fact of given.facts) metrics.onFact(fact);
  return { registry, lines: linesOf(await registry.metrics()) };
}
/** Every sample that is not 0. */
const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('tocsin_alert') && !line.endsWith(' 0') && !line.includes('_bucket'));

test('a life of an alert in figures', async () => {
  const given = story()
    .request('Fri 15:00', 's1')
    .request('Fri 15:10', 's2')
    .acknowledge('Fri 15:20', 'ana')
    .contact('Mon 11:00', 'ana')
    .close('Mon 11:30');
  const { lines } = await measured(given);
  expect(lines).toEqual([
    'tocsin_alerts_opened_total{rule="churn",severity="P2",stage="live"} 1',
    'tocsin_alerts_merged_total{rule="churn"} 1',
    'tocsin_alerts_closed_total{rule="churn",outcome="saved"} 1',
    'tocsin_alert_milestones_total{rule="churn",milestone="ack_by",outcome="met"} 1',
    'tocsin_alert_milestones_total{rule="churn",milestone="contact_by",outcome="missed"} 1',
    'tocsin_alert_milestones_total{rule="churn",milestone="close_by",outcome="met"} 1',
    'tocsin_alert_time_to_milestone_seconds_sum{severity="P2",milestone="ack_by"} 1200',
    'tocsin_alert_time_to_milestone_seconds_count{severity="P2",milestone="ack_by"} 1',
    // Three hours on Friday, two on Monday.
    'tocsin_alert_time_to_milestone_seconds_sum{severity="P2",milestone="contact_by"} 18000',
    'tocsin_alert_time_to_milestone_seconds_count{severity="P2",milestone="contact_by"} 1',
    'tocsin_alert_time_to_milestone_seconds_sum{severity="P2",milestone="close_by"} 19800',
    'tocsin_alert_time_to_milestone_seconds_count{severity="P2",milestone="close_by"} 1',
  ]);
});

test('what is open is a gauge, and is right again after a restart', async () => {
  const given = story().request('Fri 15:00', 's1').acknowledge('Fri 15:20', 'ana');
  const expected = [
    'tocsin_alerts_open{severity="P2",team="retention",state="acknowledged"} 1',
    'tocsin_alerts_open_oldest_seconds{severity="P2",team="retention"} 3600',
  ];
  expect((await measured(given)).lines).toEqual(expect.arrayContaining(expected));

  const registry = new Registry();
  const restarted = createAlertingMetrics(registry, { calendars, clock: new ManualClock(at('Fri 16:00')) });
  restarted.restore([given.alert]);
  expect(linesOf(await registry.metrics())).toEqual(expected);
  const before = given.facts.length;
  given.contact('Fri 15:30', 'ana').close('Fri 15:40');
  for (const fact of given.facts.slice(before)) restarted.onFact(fact);
  const lines = linesOf(await registry.metrics());
  expect(lines.filter((line) => line.startsWith('tocsin_alerts_open{'))).toEqual([]);
  // Met before the restart: not counted again.
  expect(lines.some((line) => line.includes('milestone="ack_by"'))).toBe(false);
});

test('alerts that went to another instance are open there', async () => {
  const given = story().request('Fri 15:00', 's1');
  const registry = new Registry();
  const metrics = createAlertingMetrics(registry, { calendars, clock: new ManualClock(at('Fri 16:00')) });
  metrics.restore([given.alert]);
  metrics.forget((alertKey) => alertKey !== given.alert.alertKey);
  const open = () => registry.getSingleMetricAsString('tocsin_alerts_open');
  expect(await open()).toMatch(/ 1$/m);
  metrics.forget((alertKey) => alertKey === given.alert.alertKey);
  expect(await open()).not.toMatch(/ 1$/m);
});

test('a shadow alert is counted as opened and nowhere else', async () => {
  const { lines } = await measured(
    story().request('Fri 15:00', 's1', { stage: 'shadow' }).until('Mon 18:00'),
  );
  expect(lines).toEqual(['tocsin_alerts_opened_total{rule="churn",severity="P2",stage="shadow"} 1']);
});

test('held back matches are counted by reason; paused deadlines as paused', async () => {
  const plan = planWith({ pauseOn: ['snoozed'] });
  const given = story()
    .request('Fri 14:59', 's0', { held: 'mute' })
    .request('Fri 15:00', 's1', { plan })
    .snooze('Fri 15:10', 'Mon 10:00');
  const { registry, lines } = await measured(given);
  expect(await registry.metrics()).toContain(
    'tocsin_rule_matches_suppressed_total{rule="churn",reason="mute"} 1',
  );
  expect(lines.filter((line) => line.includes('paused'))).toEqual([
    'tocsin_alert_milestones_total{rule="churn",milestone="contact_by",outcome="paused"} 1',
    'tocsin_alert_milestones_total{rule="churn",milestone="close_by",outcome="paused"} 1',
  ]);
});

test('an alert that ended while what is stored was read does not open again, one that came up is not set back', async () => {
  const before = story().request('Fri 15:00', 's1');
  const stored = before.alert;
  const taken = story().request('Fri 15:00', 's1').acknowledge('Fri 15:20', 'ana');
  const registry = new Registry();
  const metrics = createAlertingMetrics(registry, { calendars, clock: new ManualClock(at('Fri 16:00')) });
  metrics.restoring();
  for (const fact of taken.facts) metrics.onFact(fact);
  metrics.restore([stored]);
  const open = () => registry.getSingleMetricAsString('tocsin_alerts_open');
  expect(await open()).toMatch(/state="acknowledged"} 1$/m);
  const ended = taken.contact('Fri 15:30', 'ana').close('Fri 15:40');
  for (const fact of ended.facts) metrics.onFact(fact);
  metrics.restore([stored]);
  metrics.restored();
  expect(await open()).not.toMatch(/} 1$/m);
});
