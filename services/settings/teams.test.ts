import { expect, test } from 'vitest';
import { formatProblem } from '../platform/config/yaml-file.ts';
import { parseCalendars } from './calendars.ts';
import { loadSettings } from './load-settings.ts';
import { findPerson, leadOf, onShift, ownerProblem, parseTeams, type Teams, targetProblem } from './teams.ts';

const parsedCalendars = parseCalendars(
  'calendars.yaml',
  `apiVersion: tocsin/v1
kind: Calendars
calendars:
  - {id: day, timezone: Europe/Berlin, hours: {mon-fri: ["09:00-18:00"]}}
  - {id: late, timezone: Europe/Berlin, hours: {mon-fri: ["14:00-22:00"]}}
`,
);
if (!parsedCalendars.ok) throw new Error('the calendars of this test are broken');
const calendars = parsedCalendars.value;

const PEOPLE = `
  - {id: petra, name: Petra, email: petra@example.com, slack: U1, calendar: day}
  - {id: ana, name: Ana, email: Ana@example.com, slack: U2, away: [{from: 2026-03-30, to: 2026-03-31}]}
  - {id: ben, name: Ben, email: ben@example.com, calendar: late}`;
const TEAM =
  '{id: retention, title: R, slack: "#retention", email: r@example.com, calendar: day, lead: petra, deputy: ana, members: [ana, ben]}';
const file = (people: string, ...teams: string[]): string =>
  `apiVersion: tocsin/v1\nkind: Teams\npeople:${people}\nteams:\n${teams.map((team) => `  - ${team}`).join('\n')}\n`;
const good = (people = PEOPLE): Teams => {
  const parsed = parseTeams('teams.yaml', file(people, TEAM), calendars);
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join('\n'));
  return parsed.value;
};
const problems = (people: string, ...teams: string[]): string[] => {
  const parsed = parseTeams('teams.yaml', file(people, ...teams), calendars);
  return parsed.ok ? [] : parsed.problems.map(formatProblem);
};
const at = (text: string): number => Date.parse(text);

test.each([
  ['in the morning the late shift is not there', '2026-03-27T10:00+01:00', ['ana']],
  ['in the afternoon both are', '2026-03-27T15:00+01:00', ['ana', 'ben']],
  ['in the evening the late shift is alone', '2026-03-27T20:00+01:00', ['ben']],
  ['at the weekend nobody is', '2026-03-28T12:00+01:00', []],
  ['an absence is whole days, the last one included', '2026-03-31T15:00+02:00', ['ben']],
  ['and ends with its last day', '2026-04-01T10:00+02:00', ['ana']],
])('on shift: %s', (_, now, expected) => {
  expect(onShift(good().defaultTeam, at(now)).map((person) => person.id)).toEqual(expected);
});

test('a deputy stands in for a lead who is away, and nobody when both are', () => {
  const away = PEOPLE.replace('slack: U1', 'slack: U1, away: [{from: 2026-03-27, to: 2026-03-31}]');
  expect(leadOf(good().defaultTeam, at('2026-03-27T10:00Z'))?.id).toBe('petra');
  expect(leadOf(good(away).defaultTeam, at('2026-03-27T10:00Z'))?.id).toBe('ana');
  expect(leadOf(good(away).defaultTeam, at('2026-03-30T10:00Z'))).toBeUndefined();
});

test('a person is found by id or e-mail in any case', () => {
  expect(findPerson(good(), 'ANA')?.id).toBe('ana');
  expect(findPerson(good(), 'ana@Example.com')?.id).toBe('ana');
  expect(findPerson(good(), 'nobody')).toBeUndefined();
});

test.each([
  [
    'an unknown member',
    PEOPLE,
    TEAM.replace('[ana, ben]', '[ana, bem]'),
    /unknown person "bem"; did you mean "ben"\?/,
  ],
  ['an unknown lead', PEOPLE, TEAM.replace('petra', 'petr'), /unknown person "petr"; did you mean "petra"\?/],
  ['an unknown calendar', PEOPLE, TEAM.replace('calendar: day', 'calendar: dya'), /unknown calendar "dya"/],
  [
    'a person of no team without a calendar',
    `${PEOPLE}\n  - {id: eve, name: Eve, email: e@example.com}`,
    TEAM,
    /eve is in no team/,
  ],
  [
    'an absence that ends before it begins',
    PEOPLE.replace('to: 2026-03-31', 'to: 2026-03-29'),
    TEAM,
    /ends before it begins/,
  ],
  [
    'an unquoted channel',
    PEOPLE,
    TEAM.replace('"#retention"', 'retention'),
    /expected a channel such as "#retention", quoted/,
  ],
  ['a team without members', PEOPLE, TEAM.replace('[ana, ben]', '[]'), /members/],
])('%s is an error', (_, people, team, expected) => {
  expect(problems(people, team)).toEqual([expect.stringMatching(expected)]);
});

test('the same person twice is an error at the second one', () => {
  expect(problems(`${PEOPLE}\n  - {id: ana, name: A, email: a@example.com}`, TEAM)).toEqual([
    'teams.yaml:7:10: "ana" is there twice',
  ]);
});

test.each([
  ['team/retention', undefined],
  ['team/retenton', 'unknown team "retenton"; did you mean "retention"?'],
  ['person/ana', undefined],
  ['person/anna', 'unknown person "anna"; did you mean "ana"?'],
  ['ana', '"ana" is neither team/<id> nor person/<id>'],
])('an owner %s: %s', (owner, expected) => {
  expect(ownerProblem(good(), owner)).toBe(expected);
});

test.each([
  ['slack:assignee', undefined],
  ['slack:#anything', undefined],
  ['email:team-lead', undefined],
  ['email:someone@example.com', undefined],
  ['email:petra', undefined],
  ['slack:ben', 'ben has no slack member id'],
  ['email:team-laed', 'unknown person "team-laed"; did you mean "team-lead"?'],
  ['sms:ana', '"sms:ana" is no target; write slack:… or email:…'],
])('a target %s: %s', (target, expected) => {
  expect(targetProblem(good(), target)).toBe(expected);
});

test('the shipped calendars and teams are good', () => {
  const loaded = loadSettings('rules');
  expect(loaded.ok && [...loaded.settings.teams.byId.keys()]).toEqual([
    'retention',
    'social-care',
    'complaints',
    'billing',
  ]);
});

test('a missing file is a problem in words', () => {
  const loaded = loadSettings('no-such-folder');
  expect(!loaded.ok && loaded.problems.map(formatProblem)).toEqual([
    expect.stringMatching(/calendars\.yaml:1:1: cannot be read: ENOENT/),
  ]);
});
