import { expect, test } from 'vitest';
import { DAY } from '../../platform/time/clock.ts';
import { NO_NAMES } from '../../settings/names.ts';
import type { AlertRow } from './alert-row.ts';
import { exampleRow } from './example.ts';
import { type KeptInput, keptOf, keptSince } from './kept.ts';

const NOW = Date.parse('2026-11-30T12:00:00Z');
const daysAgo = (days: number): number => NOW - days * DAY;

/** Closed as saved a day after it was opened. */
const loop = (opened: number, changes: Partial<AlertRow> = {}): AlertRow =>
  exampleRow({
    alertId: `a-${opened}-${changes.subject ?? 'c-1'}`,
    openedAt: daysAgo(opened),
    status: 'closed',
    closedAt: daysAgo(opened - 1),
    outcome: 'saved',
    rootCause: 'price',
    ...changes,
  });

const after30 = (rows: KeptInput['rows'], standings: KeptInput['standings'] = [CUSTOMER]) =>
  keptOf({ rows, standings, from: daysAgo(30), to: NOW + 1, now: NOW, names: NO_NAMES })[0];

const CUSTOMER = { customerId: 'c-1', away: [] };

test.each([
  ['stays', [], [1, 1]],
  ['leaves before the day', [{ from: daysAgo(20) }], [0, 0]],
  ['leaves on the very day', [{ from: daysAgo(9) }], [0, 0]],
  ['leaves after it', [{ from: daysAgo(9) + 1 }], [1, 1]],
  ['was away and is back', [{ from: daysAgo(30), to: daysAgo(20) }], [1, 1]],
  ['had left before and came back for good', [{ from: daysAgo(300), to: daysAgo(200) }], [1, 1]],
] as const)('a customer who %s within 30 days of closing', (_, away, [saved, recovered]) => {
  const kept = after30([loop(40)], [{ customerId: 'c-1', away }]);
  expect([kept?.all.saved.n, kept?.all.recovered.n]).toEqual([saved, recovered]);
});

test('who complains again has not recovered, though saved', () => {
  const again = exampleRow({ alertId: 'again', openedAt: daysAgo(20) });
  expect(after30([loop(40), again])?.all).toEqual({
    saved: { of: 1, n: 1, share: 1 },
    recovered: { of: 1, n: 0, share: 0 },
  });
});

test('a loop that was not said to be saved counts as recovered or not, and as no save', () => {
  expect(after30([loop(40, { outcome: 'unreachable' })])?.all).toEqual({
    saved: { of: 0, n: 0 },
    recovered: { of: 1, n: 1, share: 1 },
  });
});

test('of whom the CRM says nothing, nothing is claimed', () => {
  expect(after30([loop(40)], [])).toMatchObject({ unknown: 1, running: 0, all: { recovered: { of: 0 } } });
});

test('what was closed too lately is still running', () => {
  expect(after30([loop(31, { closedAt: daysAgo(29) })])).toMatchObject({ running: 1, unknown: 0 });
});

test('false alarms, alerts of other times and those about a segment count nowhere', () => {
  const { riskScore: _, ...ofSegment } = loop(40);
  const rows = [loop(40, { outcome: 'false_alarm' }), loop(29), loop(61), ofSegment];
  expect(after30(rows)).toMatchObject({ running: 0, unknown: 0, all: { recovered: { of: 0 } } });
});

test('by rule, by team and by cause, the largest first', () => {
  const rows = [
    loop(40, { rootCause: 'outage', ruleId: 'r-2', ruleTitle: 'Second' }),
    loop(41, { subject: 'c-2' }),
    loop(42, { subject: 'c-3' }),
  ];
  const away = [{ from: daysAgo(35) }];
  const kept = after30(rows, [CUSTOMER, { customerId: 'c-2', away: [] }, { customerId: 'c-3', away }]);
  expect(kept?.byRootCause.map(({ id, saved }) => [id, saved.n, saved.of])).toEqual([
    ['price', 1, 2],
    ['outage', 1, 1],
  ]);
  expect(kept?.byRule.map(({ title }) => title)).toEqual(['High-value customer complains again', 'Second']);
  expect(kept?.byTeam.map(({ id, recovered }) => [id, recovered.of])).toEqual([['retention', 3]]);
});

test('it looks back as far as its longest span', () => {
  expect(keptSince(daysAgo(30))).toBe(daysAgo(120));
});
