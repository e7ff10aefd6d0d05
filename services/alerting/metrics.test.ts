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
