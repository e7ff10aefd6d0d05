import { expect, test } from 'vitest';
import { aggregateEvents } from './aggregate.ts';

const OPTIONS = { id: 'who', date: 'day', values: ['paid'], horizonDays: 30, activeDays: 60 };
const aggregate = (rows: readonly (readonly string[])[], options = {}) =>
  aggregateEvents({ columns: ['who', 'day', 'paid'], rows }, { ...OPTIONS, ...options });

const events = [
  ['ana', '2026-01-01', '10'],
  ['ana', '2026-01-21', '30'],
  ['ana', '2026-03-10', '99'],
  ['bo', '2026-01-31', '5'],
  ['cy', '2025-10-01', '5'],
  ['', '2026-01-31', '5'],
  ['bo', 'some day', '5'],
  ['late', '2026-03-31', '1'],
];

test('each customer is one row, as known at the cut-off, with what became of them', () => {
  const made = aggregate(events);
  if (!made.ok) throw new Error(made.problem);
  expect(made.value.cutoffs).toEqual([Date.parse('2026-03-02')]);
  expect(made.value).toMatchObject({ eventsLeft: 2, customersBefore: 3 });
  const [ana, bo, ...more] = made.value.rows.map((row) =>
    Object.fromEntries(row.map((cell, index) => [made.value.columns[index], cell])),
  );
  expect(more).toEqual([]);
  expect(ana).toMatchObject({
    who: 'ana',
    events: 2,
    events_30d: 0,
    events_90d: 2,
    days_since_last: 40,
    days_since_first: 60,
    mean_days_between: 20,
    gaps_overdue: 2,
    paid_total: 40,
    paid_mean: 20,
    paid_last: 30,
    left: 'no',
  });
  expect(bo).toMatchObject({ who: 'bo', mean_days_between: '', left: 'yes' });
});

test('nothing after the cut-off is known at it', () => {
  const made = aggregate(events, { cutoff: Date.parse('2026-01-15') });
  expect(made.ok && made.value.rows.map((row) => row.slice(0, 2))).toEqual([['ana', 1]]);
});

test('a cut-off after which too little is known is refused', () => {
  expect(aggregate(events, { cutoff: Date.parse('2026-03-20') })).toEqual({
    ok: false,
    problem: 'the events end on 2026-03-31: too early to know 30 days after the cut-off',
  });
});

test('an earlier cut-off adds a row of what was known then, and of what became of it within the same horizon', () => {
  const made = aggregate(events, { earlier: { count: 4, everyDays: 30 } });
  if (!made.ok) throw new Error(made.problem);
  // Before 2 November there are no sixty days of events.
  expect(made.value.cutoffs.map((at) => new Date(at).toISOString().slice(0, 10))).toEqual([
    '2026-03-02',
    '2026-01-31',
    '2026-01-01',
    '2025-12-02',
  ]);
  // On 31 January: ana's visits, after which she was silent until March. Bo had not come yet.
  expect(made.value.rows.map((row) => [row[0], row[1], row.at(-1)])).toEqual([
    ['ana', 2, 'no'],
    ['bo', 1, 'yes'],
    ['ana', 2, 'yes'],
  ]);
});
