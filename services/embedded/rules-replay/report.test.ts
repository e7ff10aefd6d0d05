import { expect, test } from 'vitest';
import { DAY, HOUR } from '../../platform/time/clock.ts';
import { readRulesFolder, SHIPPED_RULES } from '../rules-folder.ts';
import type { Replay, ReplayedAlert } from './replay.ts';
import { type ReportOptions, replayReport } from './report.ts';
import { replayPage } from './report-page.ts';
import { replayMarkdown, replayWords } from './report-words.ts';

const rules = await readRulesFolder(SHIPPED_RULES);
const START = Date.parse('2026-03-02T09:00:00+01:00');
const CAPACITY = rules.teams.byId.get('retention')?.alertsPerDay ?? 0;

const alert = (subject: string, day: number, more: Partial<ReplayedAlert> = {}): ReplayedAlert => ({
  alertId: `${subject}#${day}`,
  rule: 'cancel-intent-in-writing',
  stage: 'live',
  severity: 'P2',
  subject,
  team: 'retention',
  openedAt: START + day * DAY,
  signalId: 's',
  because: [],
  evidence: 1,
  ...more,
});

const replayed: Replay = {
  signals: 500,
  from: START,
  to: START + 99 * DAY,
  seconds: 0.1,
  tooOld: 0,
  troubles: [],
  alerts: [
    ...Array.from({ length: CAPACITY + 1 }, (_, n) => alert(`busy${n}`, 5)),
    alert('c1', 1, { outcome: 'saved' }),
    alert('c2', 2, { outcome: 'not_at_risk' }),
    alert('c3', 3, { outcome: 'churned' }),
    alert('c4', 4, { outcome: 'unreachable' }),
    alert('c5', 2, { rule: 'risk-jump', stage: 'shadow' }),
  ],
  held: [{ rule: 'cancel-intent-in-writing', reason: 'mute', at: START + HOUR, subject: 'c9' }],
  left: [
    { customerId: 'c3', at: START + 20 * DAY },
    { customerId: 'c1', at: START + 98 * DAY }, // more than ninety days after its alert
    { customerId: 'c5', at: START + 3 * DAY },
    { customerId: 'c2', at: START + DAY }, // before its alert
  ],
};
const reportOf = (options: ReportOptions = {}) => replayReport(replayed, rules, 'data', options);
const ruleOf = (id: string, options?: ReportOptions) =>
  reportOf(options).rules.find(({ rule }) => rule === id);
const teamOf = (options?: ReportOptions) => reportOf(options).teams.find(({ team }) => team === 'retention');

test('what people said of the alerts makes the share that was right, who left makes the share that was heard', () => {
  expect(ruleOf('cancel-intent-in-writing')).toMatchObject({
    alerts: CAPACITY + 5,
    outcomes: { saved: 1, not_at_risk: 1, churned: 1, unreachable: 1 },
    precision: 2 / 3,
    recall: 1 / 4,
    held: { mute: 1 },
  });
  expect(ruleOf('risk-jump')?.recall).toBe(1 / 4);
  expect(reportOf()).toMatchObject({ left: 4, recall: 1 / 4 });
  expect(reportOf({ shadow: true })).toMatchObject({ recall: 2 / 4 });
});

test('without anybody who left, and without outcomes, nothing is claimed', () => {
  const silent = { ...replayed, left: [], alerts: [alert('c1', 1)] };
  const report = replayReport(silent, rules, 'data');
  expect([report.recall, report.rules[0]?.recall, report.rules[0]?.precision]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('the work of a team is held against what it can work; shadow is nobody’s work until it is asked for', () => {
  expect(CAPACITY).toBeGreaterThan(0);
  expect(teamOf()).toMatchObject({
    alerts: CAPACITY + 5,
    busiest: { day: '2026-03-07', alerts: CAPACITY + 1 },
    daysOverCapacity: 1,
  });
  expect(teamOf({ shadow: true })?.alerts).toBe(CAPACITY + 6);
});

test('a report of one stage has its rules alone, and their work', () => {
  const report = reportOf({ stage: 'shadow' });
  expect(new Set(report.rules.map(({ stage }) => stage))).toEqual(new Set(['shadow']));
  expect(teamOf({ stage: 'shadow' })?.alerts).toBe(1);
});

test('a report of one rule says what teams will have to work with it: its alerts beside those of the live rules', () => {
  const report = reportOf({ rule: 'risk-jump' });
  expect(report.rules.map(({ rule, alerts }) => [rule, alerts])).toEqual([['risk-jump', 1]]);
  expect(teamOf({ rule: 'risk-jump' })?.alerts).toBe(CAPACITY + 6);
  for (const words of [replayWords(report), replayMarkdown(report)])
    expect(words).toContain('The work of teams, with the live rules and risk-jump:');
});

test('the report can be read in a terminal, pasted into a review, and opened as a page with charts', () => {
  const report = reportOf();
  expect(replayWords(report)).toContain('4 customers left; of 25 % there was an alert in the 90 days before');
  const markdown = replayMarkdown(report).split('\n');
  expect(markdown).toContain(
    `| cancel-intent-in-writing | live | ${CAPACITY + 5} | ${((CAPACITY + 5) / 100).toFixed(1)} | ${CAPACITY + 5} | 67 % | 25 % | mute 1 |`,
  );
  expect(markdown).toContain(
    `| retention | ${CAPACITY + 5} | ${CAPACITY + 1} on 2026-03-07 | ${CAPACITY} | 1 |`,
  );
  const page = replayPage(report);
  expect(page.match(/<svg/g)).toHaveLength(report.rules.length + report.teams.length);
  expect(page).toContain('class="over"');
});
