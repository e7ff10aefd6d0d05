import { expect, test } from 'vitest';
import { parseCalendars } from '../../settings/calendars.ts';
import { parseTeams } from '../../settings/teams.ts';
import { anAlert } from '../test-support/an-alert.ts';
import { fallbackFor } from './fallback.ts';

const calendars = parseCalendars(
  'calendars.yaml',
  'apiVersion: tocsin/v1\nkind: Calendars\ncalendars: [{id: office, timezone: Europe/Berlin, hours: {mon-fri: ["09:00-17:00"]}}]',
);
if (!calendars.ok) throw new Error('the calendars are right');
const parsed = parseTeams(
  'teams.yaml',
  `apiVersion: tocsin/v1
kind: Teams
people:
  - {id: ana, name: Ana, email: ana@example.com, slack: U07ANA}
  - {id: bo, name: Bo, email: bo@example.com}
teams:
  - {id: retention, title: Retention, slack: "#retention", email: retention@example.com, calendar: office, lead: ana, members: [ana, bo]}
`,
  calendars.value,
);
if (!parsed.ok) throw new Error('the teams are right');
const teams = parsed.value;

test.each([
  ['a person on Slack gets a mail', 'slack:assignee', 'U07ANA', 'email:assignee', 'ana@example.com'],
  ['a person with mail is found on Slack', 'email:team-lead', 'ana@example.com', 'slack:team-lead', 'U07ANA'],
  [
    'a person without Slack is reached in the team’s channel',
    'email:bo',
    'bo@example.com',
    'slack:bo',
    '#retention',
  ],
  [
    'a channel of a team becomes its mailbox',
    'slack:#retention',
    '#retention',
    'email:#retention',
    'retention@example.com',
  ],
  [
    'an address nobody is known by goes to the owner’s team',
    'email:x@example.org',
    'x@example.org',
    'slack:x@example.org',
    '#retention',
  ],
] as const)('%s', (_, target, address, otherTarget, otherAddress) => {
  const channel = target.startsWith('slack') ? 'slack' : 'email';
  expect(fallbackFor(teams, { target, channel, address }, anAlert())).toEqual({
    target: otherTarget,
    channel: channel === 'slack' ? 'email' : 'slack',
    address: otherAddress,
  });
});
