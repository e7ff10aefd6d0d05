import type { AlertOwner } from '../../contracts/alert.ts';
import {
  findPerson,
  isAway,
  isOnShift,
  onShift,
  type Person,
  type Team,
  type Teams,
  teamOf,
} from '../../settings/teams.ts';
import { spread } from './label.ts';

/**
 * Who owns a new alert. Asked in this order, the first answer counts:
 *
 * 1. the person the rule names, if on shift;
 * 2. somebody on shift in the team the rule names, then in the fallback, the named person's own team, the rule
 *    owner's team, the default team (only the first of these that exists; alerts are spread evenly over its
 *    members on shift);
 * 3. the named person, if not away: nobody is there now, and they are the first to be back;
 * 4. that team as a whole.
 *
 * So an alert always has an owner, and its team's channel always hears of it.
 */
export function resolveOwner(
  teams: Teams,
  wanted: { readonly owner: string; readonly fallbackOwner?: string; readonly ruleOwner?: string },
  seed: string,
  now: number,
): AlertOwner {
  const named = personNamed(teams, wanted.owner);
  if (named !== undefined && isOnShift(named, now)) return ownedBy(teams, named);
  const stand = personNamed(teams, wanted.fallbackOwner);
  if (stand !== undefined && isOnShift(stand, now)) return ownedBy(teams, stand);
  const team =
    teamNamed(teams, wanted.owner) ??
    teamNamed(teams, wanted.fallbackOwner) ??
    (named && teamOf(teams, named)) ??
    teamNamed(teams, wanted.ruleOwner) ??
    teams.defaultTeam;
  const member = pickOnShift(team, seed, now);
  if (member !== undefined) return { team: team.id, person: member.id };
  if (named !== undefined && !isAway(named, now)) return ownedBy(teams, named);
  return { team: team.id };
}

/** Whom a person's order means: `person/<id>`, `team/<id>`, or either id alone. `undefined`: nobody we know. */
export function resolveAssignee(teams: Teams, to: string, seed: string, now: number): AlertOwner | undefined {
  const person = personNamed(teams, to) ?? findPerson(teams, to);
  // Somebody decided so: a person is taken even when off shift.
  if (person !== undefined) return ownedBy(teams, person);
  const team = teamNamed(teams, to) ?? teams.byId.get(to);
  if (team === undefined) return undefined;
  const member = pickOnShift(team, seed, now);
  return member === undefined ? { team: team.id } : { team: team.id, person: member.id };
}

/** The next member on shift after the present owner, in the team's order; `undefined` when there is nobody else. */
export function nextOnShift(teams: Teams, owner: AlertOwner, now: number): AlertOwner | undefined {
  const team = teams.byId.get(owner.team) ?? teams.defaultTeam;
  const from = team.members.findIndex((member) => member.id === owner.person) + 1;
  const others = [...team.members.slice(from), ...team.members.slice(0, from)];
  const next = others.find((member) => member.id !== owner.person && isOnShift(member, now));
  return next === undefined ? undefined : { team: team.id, person: next.id };
}

/** Whether an owner of the last cycle can go on: they know the customer, who need not tell the story again. */
export function canGoOn(teams: Teams, owner: AlertOwner, now: number): boolean {
  const person = owner.person === undefined ? undefined : teams.people.get(owner.person);
  return person !== undefined && !isAway(person, now);
}

function pickOnShift(team: Team, seed: string, now: number): Person | undefined {
  const present = onShift(team, now);
  return present[spread(seed, Math.max(1, present.length))];
}

const ownedBy = (teams: Teams, person: Person): AlertOwner => ({
  team: (teamOf(teams, person) ?? teams.defaultTeam).id,
  person: person.id,
});

const personNamed = (teams: Teams, owner = ''): Person | undefined =>
  owner.startsWith('person/') ? findPerson(teams, owner.slice('person/'.length)) : undefined;

const teamNamed = (teams: Teams, owner = ''): Team | undefined =>
  owner.startsWith('team/') ? teams.byId.get(owner.slice('team/'.length)) : undefined;
