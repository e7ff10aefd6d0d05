import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RuleSet } from '../../action-management/domain/compile.ts';
import { readRuleSet } from '../../action-management/domain/read-rule-set.ts';
import type { Alert } from '../../contracts/alert.ts';
import { ALWAYS_OPEN } from '../../platform/time/business-time.ts';
import { HOUR, MINUTE } from '../../platform/time/clock.ts';
import { parseCalendars } from '../../settings/calendars.ts';
import { parseTeams } from '../../settings/teams.ts';
import { playStory } from './play-story.ts';
import type { Happening, Story } from './story-file.ts';

const START = Date.parse('2026-03-02T08:00:00Z');

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

const rule = (id: string, spec: string) => ({
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

/** What matches once, more signals cannot make undone. */
const growing = rulesOf(
  rule(
    'burst',
    '  listen: [complaint.received]\n  windows: {hour: {of: complaint.received, fn: count, over: 1h}}\n  when: {hour: {gte: 3}}',
  ),
  rule(
    'many-products',
    `  listen: [complaint.received, payment.failed]
  windows:
    products: {of: [complaint.received, payment.failed], fn: distinct, field: product, over: 90m}
    most: {of: payment.failed, fn: max, field: amount, over: 2h}
    dear: {of: payment.failed, fn: count, over: 3h, where: {amount: {gte: 5}}}
  when: {any: [{products: {gte: 2}}, {most: {gte: 9}}, {dear: {gte: 2}}]}
  suppress: {dedupe_key: "{rule.id}:{customer_id}:{event.type}"}`,
  ),
  rule(
    'after-payment',
    `  listen: [complaint.received]
  windows: {failed_2h: {of: payment.failed, fn: count, over: 2h}}
  when: {failed_2h: {gte: 1}, event.product: {eq: dsl}}`,
  ),
  rule(
    'chain',
    `  listen: [complaint.received]
  sequence: [{event: complaint.received, as: a}, {event: payment.failed, within: 2h}]
  when: {event.channel: {exists: true}}`,
  ),
  rule(
    'no-contact',
    `  listen: [complaint.received]
  sequence: [{event: complaint.received}, {absent: contact.logged, for: 12h@24x7}]
  when: {event.channel: {exists: true}}`,
  ),
);

/** What an earlier signal that comes late would have kept from matching. */
const wavering = [
  rule(
    'average',
    '  listen: [payment.failed]\n  windows: {mean: {of: payment.failed, fn: avg, field: amount, over: 2h}}\n  when: {mean: {lt: 4}}',
  ),
  rule(
    'sinking',
    '  listen: [payment.failed]\n  windows: {slope: {of: payment.failed, fn: trend, field: amount, over: 3h, unit: per_hour}}\n  when: {slope: {lt: -1}}',
  ),
  rule(
    'nothing-else',
    '  listen: [complaint.received]\n  windows: {paid: {of: payment.failed, fn: count, over: 2h}, least: {of: payment.failed, fn: min, field: amount, over: 3h}}\n  when: {any: [{paid: {lte: 0}}, {least: {gte: 5}}]}',
  ),
  rule(
    'latest',
    '  listen: [complaint.received]\n  windows: {newest: {of: payment.failed, fn: last, field: product, over: 3h}}\n  when: {newest: {eq: tv}}',
  ),
];

/** What waits for that, of every kind that the language has. */
const settled = (time: string): RuleSet =>
  rulesOf(
    ...[
      ...wavering,
      rule(
        'moods',
        `  listen: [complaint.received, payment.failed]
  windows:
    mean: {of: payment.failed, fn: avg, field: amount, over: 2h}
    usual: {of: payment.failed, fn: count, over: 30m, baseline: {lookback: 2h, step: 30m, warmup: 30m}}
  when: {any: [{mean: {gte: 6}}, {not: {usual: {gte: 1}}}]}
  severity: [{set: P1, if: {mean: {gte: 8}}}, {set: P2, if: {event.type: {eq: payment.failed}}}, {set: P3}]
  suppress: {dedupe_key: "{rule.id}:{customer_id}:{event.product}", cooldown: 90m, reopen_within: 20m}`,
      ),
      rule(
        'not-merged',
        `  listen: [payment.failed]
  windows: {most: {of: payment.failed, fn: max, field: amount, over: 1h}}
  when: {most: {lte: 6}}
  suppress: {merge_open: false, cooldown: 1h, contact_fatigue: {max: 1, over: 2h}}`,
      ),
      rule('single', '  listen: [complaint.received]\n  when: {event.product: {eq: tv}}'),
      rule(
        'chain-of-means',
        `  listen: [complaint.received]
  windows: {mean: {of: payment.failed, fn: avg, field: amount, over: 2h}}
  sequence: [{event: complaint.received, as: a}, {event: payment.failed, as: b, within: 2h}]
  when: {mean: {lt: 7}, b.amount: {lte: 5}}`,
      ),
      rule(
        'nobody-called',
        `  listen: [complaint.received]
  windows: {newest: {of: payment.failed, fn: last, field: product, over: 3h}}
  sequence: [{event: complaint.received}, {absent: contact.logged, for: 1h@24x7}]
  when: {not: {newest: {eq: tv}}}`,
      ),
    ].map(({ name, text }) => ({
      name,
      text: text.replace('\n  timebox:', `\n  settle: ${time}\n  timebox:`),
    })),
  );

function rulesOf(...files: readonly ReturnType<typeof rule>[]): RuleSet {
  const read = readRuleSet(files, names);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.ruleSet;
}
const settings = { calendars: calendars.value, teams: teams.value };

interface Said {
  readonly minute: number;
  readonly type: 'complaint.received' | 'payment.failed' | 'contact.logged';
  readonly customerId: string;
  readonly product: string;
  readonly amount: number;
}

const WAVERING = rulesOf(...wavering);
const SETTLED = settled('6h');

/** Which rules alerted about what, when what was said arrives in this order, a minute apart, five hours and more later. */
const alerted = (ruleSet: RuleSet, said: readonly Heard[]): readonly string[] =>
  played(
    ruleSet,
    said.map((one, place) => ({ ...one, arrives: 5 * 60 + place })),
  ).map(({ alertKey, cycle, severity }) => `${alertKey} ${cycle} ${severity}`);

type Heard = Said & { readonly id: string };
/** With the minute at which it arrives. */
type Arriving = Heard & { readonly arrives: number };

/** All alerts after a day. Somebody closes what is open eight hours and ten hours after the beginning. */
function played(ruleSet: RuleSet, said: readonly Arriving[]): readonly Alert[] {
  const happenings = said.map(
    ({ id, minute, arrives, type, customerId, product, amount }): Happening => ({
      kind: 'signal',
      id,
      type,
      at: START + arrives * MINUTE,
      occurredAt: START + minute * MINUTE,
      customerId,
      fields: { product, amount },
    }),
  );
  const closing = [8, 10].flatMap((hour) =>
    ['c1', 'c2'].map(
      (customerId): Happening => ({
        kind: 'order',
        id: `close-${hour}`,
        order: 'alert.closed',
        at: START + hour * HOUR,
        customerId,
      }),
    ),
  );
  const end = { at: START + 30 * HOUR, text: '30h', place: { line: 1, column: 1 } };
  const story: Story = {
    name: '',
    at: end.place,
    profiles: {},
    happenings: [...happenings, ...closing].sort((a, b) => a.at - b.at),
    checkpoints: [end],
  };
  let found: readonly Alert[] = [];
  playStory(story, { ruleSet, settings, start: START }, (_, { alerts, troubles }) => {
    expect(troubles.filter((trouble) => !trouble.endsWith('has no open alert'))).toEqual([]);
    found = [...alerts].sort((a, b) => (a.alertId < b.alertId ? -1 : 1));
  });
  return found;
}

/** A random sequence, and the same in another order with each signal twice. */
function shuffled() {
  const said = fc.uniqueArray(
    fc.record({
      minute: fc.integer({ min: 0, max: 290 }),
      type: fc.constantFrom<Said['type']>('complaint.received', 'payment.failed', 'contact.logged'),
      customerId: fc.constantFrom('c1', 'c2'),
      product: fc.constantFrom('dsl', 'tv'),
      amount: fc.integer({ min: 0, max: 10 }),
    }),
    { minLength: 1, maxLength: 9, selector: ({ minute }) => minute },
  );
  return said
    .map((list) => list.map((one, index) => ({ ...one, id: `s${index}` })))
    .chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray([...list, ...list], { minLength: list.length * 2 })),
    );
}

const inOrder = <T extends Said>(list: readonly T[]): T[] => [...list].sort((a, b) => a.minute - b.minute);

test('any order of arrival within the allowed lateness, and repeats, lead to the same alerts', () => {
  fc.assert(
    fc.property(shuffled(), ([list, withRepeats]) => {
      expect(alerted(growing, withRepeats)).toEqual(alerted(growing, inOrder(list)));
    }),
    { numRuns: 200 },
  );
});

test('what a signal that comes late would have kept from matching may alert, but no order loses an alert', () => {
  let more = 0;
  fc.assert(
    fc.property(shuffled(), ([list, withRepeats]) => {
      const found = alerted(WAVERING, withRepeats);
      const wanted = alerted(WAVERING, inOrder(list));
      expect(found).toEqual(expect.arrayContaining([...wanted]));
      more += found.length > wanted.length ? 1 : 0;
    }),
    { numRuns: 200, seed: 1 },
  );
  expect(more).toBeGreaterThan(0);
});

test('a rule that settles alerts the same in any order of arrival, whatever it asks', () => {
  const raised = new Set<string>();
  fc.assert(
    fc.property(shuffled(), ([list, withRepeats]) => {
      const found = alerted(SETTLED, withRepeats);
      expect(found).toEqual(alerted(SETTLED, inOrder(list)));
      for (const alert of found) raised.add(alert.split(':')[0] ?? '');
    }),
    { numRuns: 200 },
  );
  expect([...raised].sort()).toEqual(SETTLED.rules.map(({ id }) => id).sort());
});

/** What of an alert is the same when its signals came at other times. It quotes what came last. */
const decided = (alerts: readonly Alert[]): unknown =>
  alerts.map(({ alertKey, cycle, severity, status, openedAt, deadlines, because }) => ({
    alertKey,
    cycle,
    severity,
    status,
    openedAt,
    deadlines,
    because,
  }));

/** Each signal arrives with a delay of its own, and once more later. */
const delayed = (delay: fc.Arbitrary<number>) =>
  shuffled().chain(([list]) =>
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

test('with settle, signals may arrive that much later one by one: each alert opens at the same instant, with the same reasons and deadlines', () => {
  fc.assert(
    fc.property(delayed(fc.integer({ min: 0, max: 359 })), ({ inTime, late }) => {
      expect(decided(played(SETTLED, late))).toEqual(decided(played(SETTLED, inTime)));
    }),
    { numRuns: 200 },
  );
});

test('control: signals that arrive later than settle may alert otherwise', () => {
  let different = 0;
  fc.assert(
    fc.property(delayed(fc.integer({ min: 0, max: 359 })), ({ inTime, late }) => {
      const hasty = settled('30m');
      const found = JSON.stringify(decided(played(hasty, late)));
      different += found === JSON.stringify(decided(played(hasty, inTime))) ? 0 : 1;
    }),
    { numRuns: 20, seed: 1 },
  );
  expect(different).toBeGreaterThan(0);
});
