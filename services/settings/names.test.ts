import { expect, test } from 'vitest';
import { parseCalendars } from './calendars.ts';
import { namesOf } from './names.ts';
import { parseTeams } from './teams.ts';

const calendars = parseCalendars(
  'calendars.yaml',
  `apiVersion: tocsin/v1
kind: Calendars
calendars:
  - {id: business, timezone: Europe/Berlin, hours: {mon-fri: ["09:00-17:00"]}}
  - {id: overseas, timezone: America/Chicago, hours: {mon-fri: ["09:00-17:00"]}}
`,
);
if (!calendars.ok) throw new Error('the calendars of this test are wrong');
const teams = parseTeams(
  'teams.yaml',
  `apiVersion: tocsin/v1
kind: Teams
people:
  - {id: ana, name: Ana Ruiz, email: Ana@example.com, slack: U07ANA}
  - {id: jo.1, name: Jo Park, email: jo@example.com, calendar: overseas}
  - {id: jo.2, name: Jo Park, email: jo.park@example.com}
teams:
  - {id: retention, title: Customer retention, slack: "#retention", email: r@example.com, calendar: business, lead: ana, members: [ana, jo.1, jo.2]}
`,
  calendars.value,
);
if (!teams.ok) throw new Error('the teams of this test are wrong');
const names = namesOf(teams.value);

test.each(['ana', 'Ana', 'ana@example.com', 'U07ANA', ' Ana Ruiz '])('%j is Ana', (who) => {
  expect([names.person(who), names.personId(who)]).toEqual(['Ana Ruiz', 'ana']);
});

test('whoever is not in teams.yaml is called as they call themselves', () => {
  expect([names.person('Zoe K.'), names.personId('Zoe K.'), names.team('north')]).toEqual([
    'Zoe K.',
    'Zoe K.',
    'north',
  ]);
});

test('a name that two people have is nobody in particular', () => {
  expect(names.personId('Jo Park')).toBe('Jo Park');
  expect(names.person('jo.2')).toBe('Jo Park');
});

test('a team is called by its title', () => {
  expect(names.team('retention')).toBe('Customer retention');
});

test('somebody sees times by the clock that they work by, anybody else by that of the default team', () => {
  expect([names.zone('jo.1'), names.zone('ana'), names.zone('nobody'), names.zone()]).toEqual([
    'America/Chicago',
    'Europe/Berlin',
    'Europe/Berlin',
    'Europe/Berlin',
  ]);
});
