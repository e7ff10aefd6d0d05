import type { Person, Teams } from './teams.ts';

/** What people and teams are called, for pages and messages. Whatever `teams.yaml` does not know is shown as it is. */
export interface Names {
  /** The name of whoever has this id, mail address or Slack member id. */
  person(who: string): string;
  /** The id of whoever has this id, mail address, Slack member id, or this name as the only one. */
  personId(who: string): string;
  team(id: string): string;
  /** IANA zone of the clock that a person works by; of the default team's lead for somebody unknown. */
  zone(who?: string): string;
  readonly people: readonly Named[];
  readonly teams: readonly Named[];
}

export interface Named {
  readonly id: string;
  readonly name: string;
}

export function namesOf(teams: Teams): Names {
  const people = [...teams.people.values()];
  const known = new Map<string, Person>();
  const byName = Map.groupBy(people, ({ name }) => name.toLowerCase());
  for (const [name, [person, ...others]] of byName) {
    if (person !== undefined && others.length === 0) known.set(name, person);
  }
  // What was meant to tell people apart wins over a name that looks like it.
  for (const person of people) {
    for (const key of [person.slack, person.email, person.id]) {
      if (key !== undefined) known.set(key.toLowerCase(), person);
    }
  }
  const find = (who: string) => known.get(who.trim().toLowerCase());
  return {
    person: (who) => find(who)?.name ?? who,
    personId: (who) => find(who)?.id ?? who,
    team: (id) => teams.byId.get(id)?.title ?? id,
    zone: (who) => ((who === undefined ? undefined : find(who)) ?? teams.defaultTeam.lead).calendar.zone,
    people: people.map(({ id, name }) => ({ id, name })),
    teams: [...teams.byId.values()].map(({ id, title }) => ({ id, name: title })),
  };
}

/** Where nobody has said who there is: everything is called by its id. */
export const NO_NAMES: Names = {
  person: (who) => who,
  personId: (who) => who,
  team: (id) => id,
  zone: () => 'UTC',
  people: [],
  teams: [],
};
