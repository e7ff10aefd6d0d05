import type { Alert, ResolvedTarget } from '../../contracts/alert.ts';
import type { Person, Team, Teams } from '../../settings/teams.ts';

/**
 * The other way to whoever a target means: mail instead of Slack, Slack instead of mail. A person who has no
 * other way, and an address that nobody is known by, are reached through the team that owns the alert.
 */
export function fallbackFor(teams: Teams, target: ResolvedTarget, alert: Alert): ResolvedTarget {
  const person = [...teams.people.values()].find((one) => addressOf(one, target.channel) === target.address);
  const team =
    [...teams.byId.values()].find((one) => teamAddress(one, target.channel) === target.address) ??
    teams.byId.get(alert.owner.team) ??
    teams.defaultTeam;
  const channel = target.channel === 'slack' ? 'email' : 'slack';
  const address =
    (person === undefined ? undefined : addressOf(person, channel)) ?? teamAddress(team, channel);
  return { target: `${channel}:${target.target.slice(target.target.indexOf(':') + 1)}`, channel, address };
}

const addressOf = (person: Person, channel: 'slack' | 'email'): string | undefined =>
  channel === 'slack' ? person.slack : person.email;

const teamAddress = (team: Team, channel: 'slack' | 'email'): string =>
  channel === 'slack' ? team.slackChannel : team.email;
