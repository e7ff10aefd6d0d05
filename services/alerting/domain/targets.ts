import type { AlertOwner, ResolvedTarget } from '../../contracts/alert.ts';
import type { NotifyTarget } from '../../contracts/alert-request.ts';
import { findPerson, leadOf, type Person, type Team, type Teams } from '../../settings/teams.ts';

export interface Resolution {
  /** Never empty; nobody twice. */
  readonly targets: readonly ResolvedTarget[];
  /** For each target that could not be taken as written: who is told instead, in words. */
  readonly note?: string;
}

/**
 * Turns the targets of a rule into addresses. Whoever cannot be reached as written is replaced by the owner
 * team's channel, and the note says so: a message without a reader would be silence.
 */
export function resolveTargets(
  teams: Teams,
  owner: AlertOwner,
  wanted: readonly NotifyTarget[],
  now: number,
): Resolution {
  const team = teams.byId.get(owner.team) ?? teams.defaultTeam;
  const targets: ResolvedTarget[] = [];
  const notes: string[] = [];
  const add = (target: ResolvedTarget) => {
    const isThere = targets.some(
      ({ channel, address }) => channel === target.channel && address === target.address,
    );
    if (!isThere) targets.push(target);
  };
  for (const target of wanted) {
    const found = resolve(teams, team, owner, target, now);
    if (found !== undefined) add({ target, ...found });
    else {
      notes.push(`${target} cannot be reached; told ${team.slackChannel} instead`);
      add({ target, channel: 'slack', address: team.slackChannel });
    }
  }
  if (targets.length === 0) add({ target: 'slack:team', channel: 'slack', address: team.slackChannel });
  return notes.length === 0 ? { targets } : { targets, note: notes.join('; ') };
}

type Address = Pick<ResolvedTarget, 'channel' | 'address'>;

function resolve(
  teams: Teams,
  team: Team,
  owner: AlertOwner,
  target: NotifyTarget,
  now: number,
): Address | undefined {
  const colon = target.indexOf(':');
  const channel = target.slice(0, colon);
  const who = target.slice(colon + 1);
  if (channel === 'slack') {
    if (who.startsWith('#')) return { channel, address: who };
    if (who === 'team') return { channel, address: team.slackChannel };
    const member = personMeant(teams, team, owner, who, now)?.slack;
    return member === undefined ? undefined : { channel, address: member };
  }
  if (channel === 'email') {
    if (who === 'team') return { channel, address: team.email };
    const person = personMeant(teams, team, owner, who, now);
    if (person !== undefined) return { channel, address: person.email };
    return who.includes('@') ? { channel, address: who } : undefined;
  }
  return undefined;
}

function personMeant(
  teams: Teams,
  team: Team,
  owner: AlertOwner,
  who: string,
  now: number,
): Person | undefined {
  if (who === 'assignee') return owner.person === undefined ? undefined : teams.people.get(owner.person);
  if (who === 'team-lead') return leadOf(team, now);
  return findPerson(teams, who);
}
