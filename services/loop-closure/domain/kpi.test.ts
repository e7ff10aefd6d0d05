import { expect, test } from 'vitest';
import { HOUR, MINUTE } from '../../platform/time/clock.ts';
import { NO_NAMES } from '../../settings/names.ts';
import { at, exampleRow } from './example.ts';
import { fateOf, type KpiInput, kpisOf, percentile } from './kpi.ts';

const measure = (rows: KpiInput['rows'], changes: Partial<KpiInput> = {}) =>
  kpisOf({
    rows,
    heldByReason: {},
    names: NO_NAMES,
    now: at('12:00'),
    businessMsBetween: (calendar, from, to) => (calendar === 'business' ? (to - from) / 2 : undefined),
    ...changes,
  });

const DUE = at('10:30');

test.each([
  ['done before it was due', { metAt: DUE - 1 }, {}, 'met'],
  ['done at the very instant', { metAt: DUE }, {}, 'met'],
  ['done late', { metAt: DUE + 1, breachedAt: DUE + 1 }, {}, 'missed'],
  ['passed and noticed', { breachedAt: DUE + 1 }, {}, 'missed'],
  ['passed and not yet noticed', {}, {}, 'missed'],
  [
    'passed, and closed afterwards without it',
    {},
    { status: 'closed', closedAt: DUE + 1 } as const,
    'missed',
  ],
  ['closed before, without it', {}, { status: 'closed', closedAt: DUE - 1 } as const, 'void'],
])('a deadline %s counts as it should', (_, box, changes, fate) => {
  const row = exampleRow({ deadlines: { ack_by: { dueAt: DUE, ...box } }, ...changes });
  expect(fateOf(row, 'ack_by', DUE + 10)).toBe(fate);
});

test('a deadline still to come is running, and one that the rule does not have counts nowhere', () => {
  const row = exampleRow({ deadlines: { ack_by: { dueAt: DUE } } });
  expect(fateOf(row, 'ack_by', DUE - 1)).toBe('running');
  expect(fateOf(row, 'close_by', DUE - 1)).toBe('none');
});

test('a deadline that stands still is not missed, however long ago it would have been', () => {
  const row = exampleRow({ deadlines: { ack_by: { dueAt: DUE } }, status: 'snoozed', paused: true });
  expect(fateOf(row, 'ack_by', DUE + 10)).toBe('running');
});

test('the hit rate leaves out what still runs and what was no longer needed', () => {
  const rows = [
    exampleRow({ deadlines: { contact_by: { dueAt: DUE, metAt: DUE } } }),
    exampleRow({ deadlines: { contact_by: { dueAt: DUE, breachedAt: DUE } } }),
    exampleRow({ deadlines: { contact_by: { dueAt: at('18:00') } } }),
    exampleRow({ deadlines: { contact_by: { dueAt: DUE } }, status: 'closed', closedAt: DUE - 1 }),
  ];
  expect(measure(rows).deadlines.contact_by).toEqual({ met: 1, missed: 1, running: 1, void: 1, rate: 0.5 });
});

test('without anything decided there is no hit rate, rather than a rate of nought', () => {
  expect(measure([]).deadlines.ack_by).toEqual({ met: 0, missed: 0, running: 0, void: 0 });
});

test('times from opening are measured in both clocks; an unknown calendar is measured in one', () => {
  const openedAt = at('10:00');
  const rows = [
    exampleRow({ openedAt, acknowledgedAt: at('10:20') }),
    exampleRow({ openedAt, acknowledgedAt: at('11:00'), calendar: 'forgotten' }),
    exampleRow({ openedAt }),
  ];
  const { acknowledge, close } = measure(rows).timeTo;
  expect(acknowledge.wall).toEqual({ n: 2, p50Ms: 20 * MINUTE, p90Ms: HOUR, p95Ms: HOUR });
  expect(acknowledge.business).toEqual({ n: 1, p50Ms: 10 * MINUTE, p90Ms: 10 * MINUTE, p95Ms: 10 * MINUTE });
  expect(close.wall).toEqual({ n: 0 });
});

test.each([
  [[], 0.5, undefined],
  [[7], 0.95, 7],
  [[1, 2, 3, 4], 0.5, 2],
  [[1, 2, 3, 4, 5], 0.5, 3],
  [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9, 9],
])('of %j the %d percentile by nearest rank is %j', (sorted, rank, wanted) => {
  expect(percentile(sorted, rank)).toBe(wanted);
});

test('a contact counts as proven only where a record shows it', () => {
  const rows = [
    exampleRow({ contactedAt: at('10:10'), contactProven: true }),
    exampleRow({ contactedAt: at('10:10'), contactProven: false }),
    exampleRow({ contactAttempts: 2 }),
  ];
  expect(measure(rows).proven).toEqual({ of: 2, n: 1, share: 0.5 });
});

test('outcomes are counted among the closed, by rule and by team as well', () => {
  const closed = { status: 'closed', closedAt: at('11:00') } as const;
  const rows = [
    exampleRow({ ...closed, outcome: 'saved', rootCause: 'outage' }),
    exampleRow({
      ...closed,
      outcome: 'false_alarm',
      rootCause: 'constructor',
      ruleId: 'other',
      team: 'billing',
    }),
    exampleRow({ cycle: 2, next: { deadline: 'ack_by', dueAt: DUE } }),
  ];
  const kpis = measure(rows, { heldByReason: { mute: 2, cooldown: 1 } });
  expect(kpis).toMatchObject({
    opened: 3,
    reopened: 1,
    overdueNow: 1,
    byStatus: { open: 1, acknowledged: 0, snoozed: 0, closed: 2 },
    byOutcome: { saved: 1, false_alarm: 1 },
    byRootCause: { outage: 1, constructor: 1 },
    saidSaved: { of: 2, n: 1, share: 0.5 },
    falseAlarms: { of: 2, n: 1, share: 0.5 },
    heldBack: { total: 3 },
  });
  expect(kpis.byRule.map(({ id, opened, open, overdueNow }) => [id, opened, open, overdueNow])).toEqual([
    ['repeat-complaint', 2, 1, 1],
    ['other', 1, 0, 0],
  ]);
  expect(kpis.byTeam.map(({ id }) => id)).toEqual(['retention', 'billing']);
});

test('alerts count for whoever owns them; those that only a team owns for nobody in person', () => {
  const { person: _, ...ownedByTeam } = exampleRow();
  const rows = [exampleRow({ person: 'ana' }), ownedByTeam, exampleRow({ person: 'ana' })];
  const { byPerson } = measure(rows, {});
  expect(byPerson.map(({ id, title, opened }) => [id, title, opened])).toEqual([
    ['ana', 'ana', 2],
    ['', 'nobody in person', 1],
  ]);
});
