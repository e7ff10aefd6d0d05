import fc from 'fast-check';
import { expect } from 'vitest';
import type { RuleSet } from '../../action-management/domain/compile.ts';
import { readRuleSet } from '../../action-management/domain/read-rule-set.ts';
import type { Alert } from '../../contracts/alert.ts';
import type { SignalType } from '../../contracts/signal.ts';
import { ALWAYS_OPEN } from '../../platform/time/business-time.ts';
import { HOUR, MINUTE } from '../../platform/time/clock.ts';
import { parseCalendars } from '../../settings/calendars.ts';
import type { Settings } from '../../settings/load-settings.ts';
import { parseTeams } from '../../settings/teams.ts';
import { type Outcome, playStory } from '../rules-test/play-story.ts';
import type { Happening, Story } from '../rules-test/story-file.ts';

/*
 * What the property tests about the order of arrival share: what is said, in which orders it arrives, and the alerts that
 * come of it. Used by tests only.
 */

export const START = Date.parse('2026-03-02T08:00:00Z');

const calendars = parseCalendars(
  'calendars.yaml',
  `apiVersion: tocsin/v1
kind: Calendars
calendars: [{id: business, timezone: Europe/Berlin, hours: {mon-fri: ["09:00-18:00"]}}]
`,
);
if (!calendars.ok) throw new Error('the calendar is good');
const teams = parseTeams(
  'teams.yaml',
  `apiVersion: tocsin/v1
kind: Teams
default_team: retention
people: [{id: ana, name: Ana, email: ana@example.com, slack: U0ANA}]
teams: [{id: retention, title: R, slack: "#retention", email: r@example.com, calendar: business, lead: ana, members: [ana]}]
`,
  calendars.value,
);
if (!teams.ok) throw new Error('the team is good');

/** A rule that is live and tells the team, by what it asks. */
export const rule = (id: string, spec: string) => ({
  name: `${id}.rule.yaml`,
  text: `apiVersion: tocsin/v1
kind: Rule
metadata: {id: ${id}, title: T, owner: team/retention, stage: live}
spec:
${spec}
  timebox: {calendar: 24x7, ack_by: 30m}
  route: [{to: team/retention}]
  escalate: [{at: opened, notify: ["slack:team"]}]
  close: {requires: [outcome]}
`,
});
const names = {
  teams: ['retention'],
  calendars: ['business', ALWAYS_OPEN.id],
  templates: ['open', 'late-ack', 'breach'],
};

export function rulesOf(...files: readonly ReturnType<typeof rule>[]): RuleSet {
  const read = readRuleSet(files, names);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.ruleSet;
}
const SETTINGS: Settings = { calendars: calendars.value, teams: teams.value };

/** Something that a customer said, `minute` minutes after the start. */
export interface Said {
  readonly minute: number;
  readonly type: SignalType;
  readonly customerId: string;
  readonly fields: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}
export type Heard = Said & { readonly id: string };
/** With the minute at which it arrives. */
export type Arriving = Heard & { readonly arrives: number };

/** By what it is judged, and who is there. */
export interface World {
  readonly ruleSet: RuleSet;
  readonly settings?: Settings;
  readonly profiles?: Story['profiles'];
  /** The customers or segments about whom somebody closes what is open, eight and ten hours after the start. */
  readonly closes: readonly string[];
}

/**
 * Which rules alerted about what, when what was said arrives in this order, a minute apart, five hours and more after the
 * first of it could happen, or `from` minutes.
 */
export const alerted = (
  world: World,
  said: readonly Heard[],
  { hours, from = 5 * 60 }: { readonly hours?: number; readonly from?: number } = {},
): readonly string[] =>
  played(
    world,
    said.map((one, place) => ({ ...one, arrives: from + place })),
    hours,
  ).map(({ alertKey, cycle, severity }) => `${alertKey} ${cycle} ${severity}`);

/** All alerts after a day and more. */
export const played = (world: World, said: readonly Arriving[], hours?: number): readonly Alert[] =>
  [...outcomeOf(world, said, hours).alerts].sort((a, b) => (a.alertId < b.alertId ? -1 : 1));

/** What was held back by then: of which alert, why, and when. */
export const heldBack = (world: World, said: readonly Arriving[]): readonly string[] =>
  outcomeOf(world, said)
    .heldBack.map(({ alertKey, held, at }) => `${alertKey} ${held} ${at - START}`)
    .sort();

function outcomeOf(
  { ruleSet, settings = SETTINGS, profiles = {}, closes }: World,
  said: readonly Arriving[],
  hours = 30,
): Outcome {
  const happenings = said.map(
    ({ id, minute, arrives, type, customerId, fields }): Happening => ({
      kind: 'signal',
      id,
      type,
      at: START + arrives * MINUTE,
      occurredAt: START + minute * MINUTE,
      customerId,
      fields,
    }),
  );
  const closing = [8, 10].flatMap((hour) =>
    closes.map(
      (customerId): Happening => ({
        kind: 'order',
        id: `close-${hour}`,
        order: 'alert.closed',
        at: START + hour * HOUR,
        customerId,
      }),
    ),
  );
  const end = { at: START + hours * HOUR, text: 'the end', place: { line: 1, column: 1 } };
  const story: Story = {
    name: '',
    at: end.place,
    profiles,
    happenings: [...happenings, ...closing].sort((a, b) => a.at - b.at),
    checkpoints: [end],
  };
  let found: Outcome | undefined;
  playStory(story, { ruleSet, settings, start: START }, (_, outcome) => {
    found = outcome;
  });
  if (found === undefined) throw new Error('a story has an end');
  expect(found.troubles.filter((trouble) => !trouble.endsWith('has no open alert'))).toEqual([]);
  return found;
}

/** A random sequence, and the same in another order with each signal twice. */
export function shuffled(
  said: fc.Arbitrary<Said>,
  length: { readonly minLength: number; readonly maxLength: number },
): fc.Arbitrary<[readonly Heard[], readonly Heard[]]> {
  return fc
    .uniqueArray(said, { ...length, selector: ({ minute }) => minute })
    .map((list) => list.map((one, index) => ({ ...one, id: `s${index}` })))
    .chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray([...list, ...list], { minLength: list.length * 2 })),
    );
}

export const inOrder = <T extends Said>(list: readonly T[]): T[] =>
  [...list].sort((a, b) => a.minute - b.minute);

/** Each signal arrives with a delay of its own, and once more later; and all of them in time. */
export const delayed = (
  said: ReturnType<typeof shuffled>,
  delay: fc.Arbitrary<number>,
): fc.Arbitrary<{ readonly inTime: readonly Arriving[]; readonly late: readonly Arriving[] }> =>
  said.chain(([list]) =>
    fc.record({
      inTime: fc.constant(list.map((one) => ({ ...one, arrives: one.minute }))),
      late: fc
        .tuple(
          ...list.map((one) =>
            fc
              .tuple(delay, fc.integer({ min: 1, max: 300 }))
              .map(([late, again]) =>
                [one.minute + late, one.minute + late + again].map((arrives) => ({ ...one, arrives })),
              ),
          ),
        )
        .map((twice) => twice.flat()),
    }),
  );

/** What of an alert is the same when its signals came at other times. It quotes what came last. */
export const decided = (alerts: readonly Alert[]): unknown =>
  alerts.map(({ alertKey, cycle, severity, status, openedAt, deadlines, because }) => ({
    alertKey,
    cycle,
    severity,
    status,
    openedAt,
    deadlines,
    because,
  }));
