import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isGreen, reportJunit, reportWords } from './report.ts';
import { runRuleTests } from './run-rule-tests.ts';

const RULE = `apiVersion: tocsin/v1
kind: Rule
metadata: {id: twice, title: Complains twice, owner: team/retention, stage: draft}
spec:
  listen: [complaint.received]
  windows:
    complaints_14d: {of: complaint.received, fn: count, over: 14d}
  when:
    all: [{complaints_14d: {gte: 2}}, {profile.churn_risk: {gte: 0.5}}]
  timebox: {calendar: 24x7, ack_by: 30m}
  route: [{to: team/retention}]
  escalate: [{at: opened, notify: ["slack:#retention"]}, {at: ack_by, unless: acked, notify: ["email:team-lead"]}]
`;
const CALENDARS = `apiVersion: tocsin/v1
kind: Calendars
calendars: [{id: business, timezone: Europe/Berlin, hours: {mon-fri: ["09:00-18:00"]}}]
`;
const TEAMS = `apiVersion: tocsin/v1
kind: Teams
default_team: retention
people: [{id: ana, name: Ana, email: ana@example.com, slack: U0ANA}]
teams: [{id: retention, title: R, slack: "#retention", email: r@example.com, calendar: business, lead: ana, members: [ana]}]
`;
/** A story of two complaints within an hour, of one customer with a risk, and what is expected an hour later. */
const story = (expected: string, more = ''): string => `apiVersion: tocsin/v1
kind: RuleTest
start: "2026-03-02T09:00:00+01:00"
profiles: {c1: {churn_risk: 0.9}}
tests:
  - name: two complaints
    events:
      - {at: 0m, type: complaint.received, customer_id: c1}
      - {at: 1h, type: complaint.received, customer_id: c1}
${more}    expect: [{at: 2h, ${expected}}]
`;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-rules-'));
  put('calendars.yaml', CALENDARS);
  put('teams.yaml', TEAMS);
});
afterEach(() => rmSync(folder, { recursive: true }));
const put = (name: string, text: string) => writeFileSync(join(folder, name), text);

/** Runs the story beside the rule; `live` lets the draft out. */
const play = (testText: string, stage = 'live') => {
  put('twice.rule.yaml', RULE.replace('draft', stage));
  put('twice.test.yaml', testText);
  return runRuleTests([folder]);
};
const foundIn = (report: ReturnType<typeof play>) => report.results[0]?.failure?.differences;

test('a story that ends as expected passes', () => {
  const alert = '{rule: twice, key: c1, state: open, evidence: 2, ack_by: "2026-03-02T10:30:00+01:00"}';
  const told = '[{step: opened, to: "slack:#retention"}, {step: ack_by}]';
  const report = play(story(`alerts: [${alert}], notified: ${told}, notified_steps: [opened, ack_by]`));
  expect(foundIn(report)).toBeUndefined();
  expect(isGreen(report)).toBe(true);
});

test('an alert that is not in the list is a difference, shown with the trace of the decision', () => {
  const report = play(story('alerts: []'));
  expect(isGreen(report)).toBe(false);
  const words = reportWords(report);
  expect(words).toContain('✗ two complaints');
  expect(words).toContain('expected 0');
  expect(words).toContain('rule: twice, key: c1, severity: P3, state: open, evidence: 2');
  expect(words).toContain('✓ complaints in the last 14 days: 2 (at least 2) (line 9)');
});

test.each([
  ['alerts: [{severity: P1}]', [{ what: 'alert twice of c1: severity', expected: 'P1', found: 'P3' }]],
  [
    'alerts: [{ack_by: "2026-03-02T10:00:00+01:00"}]',
    [
      {
        what: 'alert twice of c1: ack_by',
        expected: '2026-03-02T10:00:00+01:00',
        found: '2026-03-02T10:30:00+01:00',
      },
    ],
  ],
  ['notified_steps: [opened]', [{ what: 'notified_steps', expected: 'opened', found: 'opened, ack_by' }]],
  ['suppressed: {mute: 1}', [{ what: 'suppressed.mute', expected: '1', found: '0' }]],
  ['unknown: [profile.churn_risk]', [{ what: 'unknown', expected: 'profile.churn_risk', found: 'none' }]],
])('%s is found to differ', (expected, differences) => {
  expect(foundIn(play(story(expected)))).toEqual(differences);
});

test('a draft is tested as if it were live: its author sees whom it will tell', () => {
  const told = 'alerts: [{shadow: false}], notified_steps: [opened, ack_by]';
  expect(isGreen(play(story(told), 'draft'))).toBe(true);
});

test.each([
  ['shadow', 'alerts: [{shadow: true}], notified: []', 'live'],
  ['live', 'alerts: [{shadow: false}], notified_steps: [opened, ack_by]', 'shadow'],
  ['live', 'alerts: []', 'retired'],
])('a story may say that it is told in %s', (told, expected, written) => {
  const text = story(expected).replace('    events:', `    stage: ${told}\n    events:`);
  const report = play(text, written);
  expect(foundIn(report)).toBeUndefined();
  expect(isGreen(report)).toBe(true);
});

test('an order that is refused fails the test, unless that is what is expected', () => {
  const order = '      - {at: 90m, id: x, type: alert.closed, customer_id: c1}\n';
  expect(foundIn(play(story('alerts: [{state: open}]', order)))).toEqual([
    { what: 'events', expected: 'to be taken', found: 'x alert.closed was refused: contact_missing' },
  ]);
  const expecting = order.replace('c1}', 'c1, refused: contact_missing}');
  expect(isGreen(play(story('alerts: [{state: open}]', expecting)))).toBe(true);
});

test('rules and tests that cannot be read are problems with their place, and no test passes', () => {
  put('twice.rule.yaml', RULE.replace('gte: 2', 'gtee: 2'));
  put('twice.test.yaml', story('alerts: []'));
  const { results, problems } = runRuleTests([folder]);
  expect(results).toEqual([]);
  expect(problems.map(({ line, message }) => [line, message])).toEqual([
    [9, 'unknown operator "gtee"; did you mean "gte"?'],
  ]);
  put('other.test.yaml', story('alerts: []'));
  expect(runRuleTests([join(folder, 'other.test.yaml')]).problems[0]?.message).toBe(
    'the folder has no file "other.rule.yaml"; did you mean "twice.rule.yaml"?',
  );
});

test('a folder without tests is not green', () => {
  expect(isGreen(runRuleTests([folder]))).toBe(false);
});

test('build servers get one case per test, with the failure as text', () => {
  const xml = reportJunit(play(story('alerts: []')));
  expect(xml).toContain('tests="1" failures="1"');
  expect(xml).toContain('<testcase name="two complaints"');
  expect(xml).not.toMatch(/found {4}<|&(?!amp;|lt;|gt;|quot;)/);
});

test('a story is played by the hours and people that it presumes, whatever those of the folder are', () => {
  put('presumed.calendars.yaml', CALENDARS);
  put('calendars.yaml', CALENDARS.replace('09:00', '13:00'));
  put('twice.rule.yaml', RULE.replace('calendar: 24x7', 'calendar: business'));
  const text = story('alerts: [{ack_by: "2026-03-02T10:30:00+01:00"}]');
  const presumes = (file: string) => text.replace('kind: RuleTest', `kind: RuleTest\nfiles: [${file}]`);
  const played = (told: string) => {
    put('twice.test.yaml', told);
    return runRuleTests([folder]);
  };
  expect(foundIn(played(text))).toMatchObject([{ found: '2026-03-02T13:30:00+01:00' }]);
  expect(isGreen(played(presumes('presumed.calendars.yaml')))).toBe(true);
  expect(played(presumes('presumd.calendars.yaml')).problems.map(({ message }) => message)).toEqual([
    'the folder has no file "presumd.calendars.yaml"; did you mean "presumed.calendars.yaml"?',
  ]);
});
