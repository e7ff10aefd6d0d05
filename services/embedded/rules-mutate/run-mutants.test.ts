import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SHIPPED_RULES } from '../rules-folder.ts';
import { mutantsOf } from './mutants.ts';
import { mutateFolder } from './run-mutants.ts';

const RULE = `apiVersion: tocsin/v1
kind: Rule
metadata: {id: twice, title: Complains twice, owner: team/complaints, stage: live}
spec:
  listen: [complaint.received]
  windows: {complaints_14d: {of: complaint.received, fn: count, over: 14d}}
  when:
    all:
      - complaints_14d: {gte: 2}
      - profile.value_tier: {in: [gold]}
  timebox: {calendar: 24x7, ack_by: 1h}
  route: [{to: team/complaints}]
  escalate:
    - {at: opened, notify: ["slack:#complaints"]}
    - {at: ack_by, unless: acked, notify: ["slack:team-lead"]}
`;
const STORIES = `apiVersion: tocsin/v1
kind: RuleTest
start: "2026-03-02T10:00:00+01:00"
profiles: {c1: {value_tier: gold}}
tests:
  - name: the second one is told, and the lead hears of it when nobody reacts
    events:
      - {at: 0m, type: complaint.received, customer_id: c1}
      - {at: 13d, type: complaint.received, customer_id: c1}
    expect:
      - {at: 1m, alerts: []}
      - {at: 13d1m, alerts: [{rule: twice, severity: P3, team: complaints}]}
      - {at: 13d1h1m, notified: [{step: opened}, {step: ack_by}]}
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-mutate-'));
  for (const name of ['teams.yaml', 'calendars.yaml', '_defaults.yaml']) {
    cpSync(join(SHIPPED_RULES, name), join(folder, name));
  }
  writeFileSync(join(folder, 'twice.rule.yaml'), RULE);
  writeFileSync(join(folder, 'twice.test.yaml'), STORIES);
});
afterAll(() => rmSync(folder, { recursive: true }));

test('changes that no test notices are told with their place', () => {
  const { rules, mutants, killed, score, problems } = mutateFolder(folder);
  expect(problems).toEqual([]);
  expect(rules[0]?.survivors.map(({ line, column, change }) => `${line}:${column} ${change}`)).toEqual([
    '6:71 complaints_14d over 14d becomes 28d',
    '10:9 the part profile.value_tier is left out',
  ]);
  expect(mutants - killed).toBe(2);
  expect(score).toBeGreaterThan(70);
});

test('a rule without tests has no change that is noticed', () => {
  writeFileSync(join(folder, 'alone.rule.yaml'), RULE.replace('id: twice', 'id: alone'));
  const { rules } = mutateFolder(folder, 'alone');
  expect(rules).toMatchObject([{ rule: 'alone', tests: 0, killed: 0 }]);
  rmSync(join(folder, 'alone.rule.yaml'));
});

test('a draft is changed when it is asked for, and otherwise left alone', () => {
  writeFileSync(join(folder, 'twice.rule.yaml'), RULE.replace('stage: live', 'stage: draft'));
  // As long as it is no rule that is live, it tells nobody.
  writeFileSync(join(folder, 'twice.test.yaml'), STORIES.replace(/ {6}- \{at: 13d1h1m.*\n/, ''));
  expect(mutateFolder(folder, 'twice').rules).toMatchObject([{ rule: 'twice', tests: 1 }]);
  expect(mutateFolder(folder).rules).toEqual([]);
  writeFileSync(join(folder, 'twice.rule.yaml'), RULE);
  writeFileSync(join(folder, 'twice.test.yaml'), STORIES);
});

test('tests that fail already are told, and nothing is changed', () => {
  writeFileSync(join(folder, 'twice.test.yaml'), STORIES.replace('severity: P3', 'severity: P1'));
  expect(mutateFolder(folder)).toMatchObject({
    rules: [],
    score: 0,
    problems: [{ line: 6, message: expect.stringContaining('fails already') }],
  });
  writeFileSync(join(folder, 'twice.test.yaml'), STORIES);
});

test('each literal, operator and branch is changed, one at a time', () => {
  const spec = {
    when: {
      any: [
        { not: { 'event.intents': { any_of: ['legal', 'press'] } } },
        { 'profile.active': { eq: true }, 'profile.churn_risk': { lt: 0.7 } },
      ],
    },
    severity: [{ set: 'P1', if: { 'event.amount': { gt: 100 } } }, { set: 'P4' }],
    timebox: { contact_by: '4h' },
    suppress: { cooldown: '7d' },
  };
  const mutants = mutantsOf({ spec }, ['a']);
  expect(mutants.map(({ change }) => change)).toEqual([
    'any becomes all',
    'the part not is left out',
    'not is left out',
    'event.intents: any_of legal is left out',
    'event.intents: any_of press is left out',
    'event.intents: any_of is put under not',
    'the part profile.active, profile.churn_risk is left out',
    'profile.active is left out',
    'profile.active: eq becomes ne',
    'profile.active: eq true becomes false',
    'profile.churn_risk is left out',
    'profile.churn_risk: lt becomes gte',
    'profile.churn_risk: lt 0.7 becomes 0.8',
    'profile.churn_risk: lt 0.7 becomes 0.6',
    'severity P1 becomes P2',
    'the severity P1 is left out',
    'event.amount: gt becomes lte',
    'event.amount: gt 100 becomes 120',
    'event.amount: gt 100 becomes 80',
    'severity P4 becomes P3',
    'contact_by 4h becomes 8h',
    'cooldown is left out',
  ]);
  expect(mutants.map(({ rule }) => JSON.stringify(rule))).not.toContain(JSON.stringify({ spec }));
  expect(new Set(mutants.map(({ rule }) => JSON.stringify(rule))).size).toBe(mutants.length);
});
