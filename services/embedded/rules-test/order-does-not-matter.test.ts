import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RuleSet } from '../../action-management/domain/compile.ts';
import { readRuleSet } from '../../action-management/domain/read-rule-set.ts';
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
const wavering = rulesOf(
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

/** Which rules alerted about what, when what was said arrives in this order, a minute apart, five hours and more later. */
function alerted(ruleSet: RuleSet, said: readonly (Said & { readonly id: string })[]): readonly string[] {
  const happenings = said.map(
    ({ id, minute, type, customerId, product, amount }, place): Happening => ({
      kind: 'signal',
      id,
      type,
      at: START + 5 * HOUR + place * MINUTE,
      occurredAt: START + minute * MINUTE,
      customerId,
      fields: { product, amount },
    }),
  );
  const end = { at: START + 30 * HOUR, text: '30h', place: { line: 1, column: 1 } };
  const story: Story = { name: '', at: end.place, profiles: {}, happenings, checkpoints: [end] };
  let found: readonly string[] = [];
  playStory(story, { ruleSet, settings, start: START }, (_, { alerts, troubles }) => {
    expect(troubles).toEqual([]);
    found = alerts.map(({ alertKey, cycle, severity }) => `${alertKey} ${cycle} ${severity}`).sort();
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
      const found = alerted(wavering, withRepeats);
      const wanted = alerted(wavering, inOrder(list));
      expect(found).toEqual(expect.arrayContaining([...wanted]));
      more += found.length > wanted.length ? 1 : 0;
    }),
    { numRuns: 200, seed: 1 },
  );
  expect(more).toBeGreaterThan(0);
});
