import { z } from 'zod';
import {
  didYouMean,
  type Locate,
  type Parsed,
  type Problem,
  parseYamlFile,
} from '../platform/config/yaml-file.ts';
import { type Calendar, isOpenAt, localDate } from '../platform/time/business-time.ts';
import type { Calendars } from './calendars.ts';

/** Somebody who works alerts or is told about them. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  /** Slack member id, for direct messages. */
  readonly slack?: string;
  /** When they work. */
  readonly calendar: Calendar;
  readonly away: readonly Absence[];
}

/** First and last day of an absence, local dates of the person's calendar. */
export interface Absence {
  readonly from: string;
  readonly to: string;
}

export interface Team {
  readonly id: string;
  readonly title: string;
  /** The channel that hears of everything nobody else can be told. */
  readonly slackChannel: string;
  readonly email: string;
  readonly lead: Person;
  /** Stands in while the lead is away. */
  readonly deputy?: Person;
  /** In the order in which work is handed on. Never empty. */
  readonly members: readonly Person[];
  /** How many new alerts the team can work in a day. Reports compare with it; nothing is held back by it. */
  readonly alertsPerDay?: number;
}

/** Everybody there is. Checked: whoever is referred to exists. */
export interface Teams {
  readonly byId: ReadonlyMap<string, Team>;
  readonly people: ReadonlyMap<string, Person>;
  /** Takes what names no team that exists. */
  readonly defaultTeam: Team;
}

const idSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected lower-case letters, digits, hyphens and dots');
const emailSchema = z.string().regex(/^[^@\s]+@[^@\s]+$/, 'expected an e-mail address');
const dateSchema = z.string().regex(/^\d{4}-\d\d-\d\d$/, 'expected a date such as 2026-12-24');

const personSchema = z.strictObject({
  id: idSchema,
  name: z.string().min(1),
  email: emailSchema,
  slack: z
    .string()
    .regex(/^[UW][A-Z0-9]+$/, 'expected a Slack member id such as U07ANA')
    .optional(),
  /** Default: the calendar of the first team that lists the person. */
  calendar: z.string().optional(),
  away: z.array(z.strictObject({ from: dateSchema, to: dateSchema })).default([]),
});
const teamSchema = z.strictObject({
  id: idSchema,
  title: z.string().min(1),
  slack: z.string().regex(/^(#[^\s#]+|[CG][A-Z0-9]+)$/, 'expected a channel such as "#retention", quoted'),
  email: emailSchema,
  calendar: z.string(),
  lead: z.string(),
  deputy: z.string().optional(),
  members: z.array(z.string()).min(1),
  alerts_per_day: z.int().min(1).max(100_000).optional(),
});
export const teamsSchema = z.strictObject({
  apiVersion: z.literal('tocsin/v1'),
  kind: z.literal('Teams'),
  /** Default: the first one. */
  default_team: z.string().optional(),
  people: z.array(personSchema).min(1).max(5000),
  teams: z.array(teamSchema).min(1).max(500),
});
type WrittenTeams = z.output<typeof teamsSchema>;

/** Reads `teams.yaml`. Reports every problem with its place; takes the file whole or not at all. */
export function parseTeams(file: string, text: string, calendars: Calendars): Parsed<Teams> {
  const parsed = parseYamlFile(file, text, teamsSchema);
  if (!parsed.ok) return parsed;
  const problems = checkNames(parsed.value, calendars, parsed.at);
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: buildTeams(parsed.value, calendars), at: parsed.at };
}

/** Whether somebody works at an instant: their calendar is open and they are not away. */
export const isOnShift = (person: Person, now: number): boolean =>
  isOpenAt(person.calendar, now) && !isAway(person, now);

export function isAway(person: Person, now: number): boolean {
  if (person.away.length === 0) return false;
  const today = localDate(person.calendar.zone, now);
  return person.away.some(({ from, to }) => from <= today && today <= to);
}

/** The members who work at an instant, in the team's order. May be empty. */
export const onShift = (team: Team, now: number): readonly Person[] =>
  team.members.filter((person) => isOnShift(person, now));

/** The team's lead, or the deputy while the lead is away. Absent when both are. */
export function leadOf(team: Team, now: number): Person | undefined {
  const candidates = team.deputy === undefined ? [team.lead] : [team.lead, team.deputy];
  return candidates.find((person) => !isAway(person, now));
}

/** By id, or by e-mail address, in any case: account managers come from CRM columns. */
export function findPerson(teams: Teams, idOrEmail: string): Person | undefined {
  const wanted = idOrEmail.trim().toLowerCase();
  const byId = teams.people.get(wanted);
  if (byId !== undefined || !wanted.includes('@')) return byId;
  return [...teams.people.values()].find((person) => person.email.toLowerCase() === wanted);
}

/** The first team, in the file's order, that has the person as a member or lead. */
export const teamOf = (teams: Teams, person: Person): Team | undefined =>
  [...teams.byId.values()].find((team) => team.members.includes(person)) ??
  [...teams.byId.values()].find((team) => team.lead === person || team.deputy === person);

/** What is wrong with an owner as a rule writes it, `team/<id>` or `person/<id>`; `undefined` when nothing is. */
export function ownerProblem(teams: Teams, owner: string): string | undefined {
  const [kind, id = ''] = splitOnce(owner, '/');
  if (kind === 'team') {
    return teams.byId.has(id) ? undefined : `unknown team "${id}"${didYouMean(id, [...teams.byId.keys()])}`;
  }
  if (kind === 'person') {
    if (findPerson(teams, id) !== undefined) return undefined;
    return `unknown person "${id}"${didYouMean(id, [...teams.people.keys()])}`;
  }
  return `"${owner}" is neither team/<id> nor person/<id>`;
}

/** What is wrong with a target of a rule's `notify`; `undefined` when nothing is. */
export function targetProblem(teams: Teams, target: string): string | undefined {
  const [channel, who = ''] = splitOnce(target, ':');
  if (channel !== 'slack' && channel !== 'email') {
    return `"${target}" is no target; write slack:… or email:…`;
  }
  if (who === 'assignee' || who === 'team-lead' || who === 'team') return undefined;
  if (channel === 'slack' && who.startsWith('#') && who.length > 1) return undefined;
  if (channel === 'email' && emailSchema.safeParse(who).success) return undefined;
  const person = findPerson(teams, who);
  if (person === undefined) {
    const allowed = ['assignee', 'team-lead', 'team', ...teams.people.keys()];
    return `unknown person "${who}"${didYouMean(who, allowed)}`;
  }
  if (channel === 'slack' && person.slack === undefined) return `${person.id} has no slack member id`;
  return undefined;
}

function checkNames(written: WrittenTeams, calendars: Calendars, at: Locate): Problem[] {
  const problems: Problem[] = [];
  const people = written.people.map((person) => person.id);
  const teams = written.teams.map((team) => team.id);
  const mustBe = (
    path: PropertyKey[],
    what: string,
    name: string | undefined,
    allowed: readonly string[],
  ) => {
    if (name === undefined || allowed.includes(name)) return;
    problems.push(at(path, `unknown ${what} "${name}"${didYouMean(name, allowed)}`));
  };
  mustBe(['default_team'], 'team', written.default_team, teams);
  for (const [index, person] of written.people.entries()) {
    const path = ['people', index];
    mustBe([...path, 'calendar'], 'calendar', person.calendar, [...calendars.keys()]);
    if (people.indexOf(person.id) < index)
      problems.push(at([...path, 'id'], `"${person.id}" is there twice`));
    if (person.calendar === undefined && calendarNameOf(written, person.id) === undefined) {
      problems.push(at(path, `${person.id} is in no team, so a calendar must be given`));
    }
    for (const [each, { from, to }] of person.away.entries()) {
      if (to < from) problems.push(at([...path, 'away', each], `the absence ends before it begins`));
    }
  }
  for (const [index, team] of written.teams.entries()) {
    const path = ['teams', index];
    mustBe([...path, 'calendar'], 'calendar', team.calendar, [...calendars.keys()]);
    mustBe([...path, 'lead'], 'person', team.lead, people);
    mustBe([...path, 'deputy'], 'person', team.deputy, people);
    for (const [each, member] of team.members.entries()) {
      mustBe([...path, 'members', each], 'person', member, people);
    }
    if (teams.indexOf(team.id) < index) problems.push(at([...path, 'id'], `"${team.id}" is there twice`));
  }
  return problems;
}

const calendarNameOf = (written: WrittenTeams, id: string): string | undefined =>
  written.teams.find((team) => team.members.includes(id) || team.lead === id || team.deputy === id)?.calendar;

function buildTeams(written: WrittenTeams, calendars: Calendars): Teams {
  const people = new Map(
    written.people.map((person): [string, Person] => [
      person.id,
      {
        id: person.id,
        name: person.name,
        email: person.email,
        ...(person.slack === undefined ? {} : { slack: person.slack }),
        calendar: known(calendars, person.calendar ?? calendarNameOf(written, person.id) ?? ''),
        away: person.away,
      },
    ]),
  );
  const teams = written.teams.map(
    (team): Team => ({
      id: team.id,
      title: team.title,
      slackChannel: team.slack,
      email: team.email,
      lead: known(people, team.lead),
      ...(team.deputy === undefined ? {} : { deputy: known(people, team.deputy) }),
      members: team.members.map((member) => known(people, member)),
      ...(team.alerts_per_day === undefined ? {} : { alertsPerDay: team.alerts_per_day }),
    }),
  );
  const byId = new Map(teams.map((team) => [team.id, team]));
  return { byId, people, defaultTeam: known(byId, written.default_team ?? teams[0]?.id ?? '') };
}

/** The names were checked before, so a missing one is a mistake of ours. */
function known<T>(all: ReadonlyMap<string, T>, name: string): T {
  const found = all.get(name);
  if (found === undefined) throw new Error(`"${name}" passed the check but is not there`);
  return found;
}

const splitOnce = (text: string, separator: string): readonly [string, string?] => {
  const index = text.indexOf(separator);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
};
