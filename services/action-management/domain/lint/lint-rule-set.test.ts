import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { BUILT_IN_CALENDARS } from '../../../settings/calendars.ts';
import { parseTeams } from '../../../settings/teams.ts';
import { RULE_FILE, readRuleSet } from '../read-rule-set.ts';
import { LINTS } from './finding.ts';
import { lintRuleSet } from './lint-rule-set.ts';

const sets = fileURLToPath(new URL('../../../../test/fixtures/rules/sets', import.meta.url));
const teams = parseTeams('teams.yaml', readFileSync(join(sets, 'teams.yaml'), 'utf8'), BUILT_IN_CALENDARS);
if (!teams.ok) throw new Error('the teams of the fixtures are good');
const { value } = teams;

/** What lint says of a set, without what to do about it. */
function found(set: string): string[] {
  const folder = join(sets, set);
  const files = readdirSync(folder)
    .filter((name) => RULE_FILE.test(name))
    .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
  const read = readRuleSet(files, {
    teams: [...value.byId.keys()],
    people: [...value.people.keys()],
    calendars: [],
    templates: ['open', 'nudge', 'late-ack', 'breach'],
  });
  if (!read.ok) return read.problems.map(({ file, line, message }) => `${file}:${line}: ${message}`);
  const findings = lintRuleSet(read.ruleSet, files, value);
  return findings.map(
    ({ file, line, column, lint, message }) => `${file}:${line}:${column} ${lint}: ${message}`,
  );
}

test.each<[set: string, says: readonly string[]]>([
  [
    'always-muted',
    ['muted.rule.yaml:13:14 always-muted: whatever matches is muted, so the rule never alerts'],
  ],
  [
    'cooldown-without-effect',
    [
      'never-cool.rule.yaml:13:43 cooldown-without-effect: a match within reopen_within (7d) reopens the alert, so the cooldown of 3d never holds anything back',
    ],
  ],
  [
    'covered-by-another',
    [
      'narrow.rule.yaml:9:5 covered-by-another: whenever this matches, wide matches too (wide.rule.yaml:9), and two alerts are raised',
    ],
  ],
  [
    'dead-branch',
    [
      'dead.rule.yaml:11:34 dead-branch: this part can never be true: profile.churn_risk would have to be at least 0.7 and also below 0.3',
    ],
  ],
  [
    'deadlines-out-of-order',
    [
      'backwards.rule.yaml:8:53 deadlines-out-of-order: contact_by (4h) comes before ack_by (8h)',
      'backwards.rule.yaml:8:67 deadlines-out-of-order: close_by (2h) comes before ack_by (8h)',
    ],
  ],
  [
    'fatigue-without-effect',
    [
      'never-tired.rule.yaml:15:37 fatigue-without-effect: the cooldown of 14d outlasts the contacts of the last 7d, so contact_fatigue never counts those that this rule led to',
    ],
  ],
  ['good', []],
  [
    'inhibited-by-silent-rule',
    [
      'complaint.rule.yaml:13:29 inhibited-by-silent-rule: "incident" is in stage shadow and holds nothing back until it is live',
    ],
  ],
  [
    'key-splits',
    [
      'each-its-own.rule.yaml:15:26 key-splits: {complaints_14d} has another value with nearly every signal, so each match opens an alert of its own',
      'each-its-own.rule.yaml:15:26 key-splits: {event.text} has another value with nearly every signal, so each match opens an alert of its own',
    ],
  ],
  [
    'never-fires',
    [
      'between-nothing.rule.yaml:11:26 never-fires: the rule can never match: complaints_14d would have to be at least 5 and also below 3',
      'beyond-memory.rule.yaml:9:22 never-fires: the rule can never match: complaints_14d is never above 200; a window holds at most 200 signals',
      'other-type.rule.yaml:7:18 never-fires: the rule can never match: it listens to post.published, and event.type would have to be complaint.received',
    ],
  ],
  [
    'order-of-arrival',
    [
      'mood.rule.yaml:12:20 order-of-arrival: signals that arrive in another order may end in other alerts: mood_30d can rise and fall with what comes late; calls_7d holds until more comes late',
    ],
  ],
  [
    'reaches-nobody',
    [
      'hand-on.rule.yaml:12:45 reaches-nobody: One-person team has one member, so the alert stays with Cleo and nobody is told',
      'no-slack.rule.yaml:12:57 reaches-nobody: "slack:cleo" is Cleo, who has no Slack member id',
    ],
  ],
  [
    'reaches-no-colleague',
    [
      'small-company.rule.yaml:12:90 reaches-no-colleague: One-person team has one member, so the alert stays with Cleo; this step only tells Cleo again (email:team-lead), slack:#alone',
    ],
  ],
  [
    'reaches-nobody-else',
    [
      'same-person.rule.yaml:10:3 reaches-nobody-else: no step after the opening tells anybody but the owner, so an alert of somebody who is ill stays unseen',
    ],
  ],
  [
    'reaches-the-channel',
    [
      'no-slack.rule.yaml:12:57 reaches-the-channel: "slack:team-lead" is Cleo, who has no Slack member id, so #alone is told instead',
    ],
  ],
  [
    'reminder-before-opening',
    [
      'too-early.rule.yaml:11:12 reminder-before-opening: 5 hours before contact_by is before the opening: contact_by is 4h after it',
    ],
  ],
  [
    'route-never-reached',
    [
      'routes.rule.yaml:9:11 route-never-reached: this entry is never taken: when the rule matches, event.channel would have to be one of email, phone and also social',
      'routes.rule.yaml:12:43 reaches-no-colleague: One-person team has one member; this step only tells Cleo again (slack:team-lead)',
      'routes.rule.yaml:12:44 reaches-the-channel: "slack:team-lead" is Cleo, who has no Slack member id, so #alone is told instead',
    ],
  ],
  [
    'severity-never-reached',
    [
      'severities.rule.yaml:10:7 severity-never-reached: this entry is never taken: whatever it is for is taken by entry 1 above',
      'severities.rule.yaml:11:7 severity-never-reached: this entry is never taken: when the rule matches, profile.churn_risk would have to be at least 0.5 and also below 0.2',
    ],
  ],
  [
    'two-alerts-for-one-reason',
    [
      'risky-leaves.rule.yaml:7:5 two-alerts-for-one-reason: one signal can raise this and gold-leaves (gold-leaves.rule.yaml:7), both because of event.intents',
    ],
  ],
  ['window-unused', ['unused.rule.yaml:7:5 window-unused: nothing reads the window "complaints_14d"']],
])('the set %s is told what is wrong with it', (set, says) => {
  expect(found(set)).toEqual(says);
});

test('every lint has a set that shows it', () => {
  const shown = readdirSync(sets).filter((name) => name in LINTS);
  expect(shown.sort()).toEqual(Object.keys(LINTS).sort());
});
