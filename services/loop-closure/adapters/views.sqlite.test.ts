import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { HeldRow } from '../domain/alert-view.ts';
import { auditRowOf } from '../domain/audit.ts';
import { at, exampleEvent, exampleRow } from '../domain/example.ts';
import { BadCursor } from '../ports.ts';
import { LOOP_CLOSURE_MIGRATIONS } from './view-tables.sqlite.ts';
import { createViews, READ_SQL } from './views.sqlite.ts';

const open = () => {
  const db = new DatabaseSync(':memory:');
  for (const { sql } of LOOP_CLOSURE_MIGRATIONS) db.exec(sql);
  return { db, views: createViews(db) };
};

type Views = ReturnType<typeof createViews>;

const putAlert = (views: Views, changes: Parameters<typeof exampleRow>[0]) => {
  const row = exampleRow(changes);
  views.writers.alerts(row.alertId, row);
};

const ids = (page: { readonly rows: readonly { readonly alertId: string }[] }) =>
  page.rows.map(({ alertId }) => alertId);

test('every question finds its rows by an index, and sorts none', () => {
  const { db } = open();
  const named = { sort: 0, id: '', status: null, team: null, owner: null, severity: null, rule: null };
  const filter = { ...named, overdueAt: null, stage: null, limit: 1 };
  for (const [name, sql] of Object.entries(READ_SQL)) {
    const explain = db.prepare(`EXPLAIN QUERY PLAN ${sql}`);
    const positional = Array.from({ length: sql.split('?').length - 1 }, () => 0);
    const rows =
      name === 'ofCustomer'
        ? explain.all({ ...filter, customer: '' })
        : sql.includes(':sort')
          ? explain.all(filter)
          : explain.all(...positional);
    const plan = rows.map((row) => String(row.detail)).join('; ');
    expect(plan, name).toMatch(/SEARCH \w+ USING|SCAN \w+ USING (COVERING )?INDEX|USING INTEGER PRIMARY KEY/);
    expect(plan, name).not.toMatch(name === 'heldByReason' ? /^SCAN/ : /TEMP B-TREE/);
  }
});

test('an alert is one row, however often it changes', async () => {
  const { views } = open();
  putAlert(views, {});
  putAlert(views, { status: 'acknowledged', person: 'anna' });
  const page = await views.alerts({}, 10);
  expect(page.rows).toEqual([exampleRow({ status: 'acknowledged', person: 'anna' })]);
});

test('a filter leaves what matches all of it', async () => {
  const { views } = open();
  putAlert(views, { alertId: 'a', team: 'retention', severity: 'P1', person: 'anna', subject: 'c-1' });
  putAlert(views, { alertId: 'b', team: 'retention', severity: 'P2', subject: 'c-2', ruleId: 'other' });
  putAlert(views, { alertId: 'c', team: 'billing', severity: 'P1', status: 'closed', subject: 'c-1' });
  putAlert(views, { alertId: 'd', stage: 'shadow' });
  const listed = async (filter: Parameters<Views['alerts']>[0]) => ids(await views.alerts(filter, 10)).sort();
  expect(await listed({})).toEqual(['a', 'b', 'c']);
  expect(await listed({ status: 'unfinished' })).toEqual(['a', 'b']);
  expect(await listed({ status: 'closed' })).toEqual(['c']);
  expect(await listed({ team: 'retention', severity: 'P1' })).toEqual(['a']);
  expect(await listed({ owner: 'anna' })).toEqual(['a']);
  expect(await listed({ rule: 'other' })).toEqual(['b']);
  expect(await listed({ customer: 'c-1' })).toEqual(['a', 'c']);
  expect(await listed({ customer: 'c-1', status: 'unfinished' })).toEqual(['a']);
  expect(await listed({ stage: 'shadow' })).toEqual(['d']);
  expect(await listed({ overdueAt: at('10:29') })).toEqual([]);
  expect(await listed({ overdueAt: at('10:30') })).toEqual(['a', 'b']);
});

test('an alert for which nothing is due comes last in the queue, not first', async () => {
  const { views } = open();
  const { next, ...idle } = exampleRow({ alertId: 'idle' });
  views.writers.alerts('idle', idle);
  putAlert(views, { alertId: 'pressing' });
  expect(ids(await views.alerts({ status: 'unfinished' }, 10))).toEqual(['pressing', 'idle']);
});

test('an alert whose deadlines stand still is queued for the end of its snooze, and is not late then', async () => {
  const { views } = open();
  const { next, ...snoozed } = exampleRow({
    alertId: 'snoozed',
    status: 'snoozed',
    snoozedUntil: at('10:20'),
  });
  views.writers.alerts('snoozed', { ...snoozed, paused: true });
  putAlert(views, { alertId: 'pressing' });
  expect(ids(await views.alerts({ status: 'unfinished' }, 10))).toEqual(['snoozed', 'pressing']);
  for (const filter of [{ status: 'unfinished' } as const, {}, { customer: 'c-1' }]) {
    expect(ids(await views.alerts({ ...filter, overdueAt: at('11:00') }, 10))).toEqual(['pressing']);
  }
});

test('pages follow each other without gap or repeat, also among equal deadlines', async () => {
  const { views } = open();
  for (const id of ['a', 'b', 'c', 'd', 'e']) putAlert(views, { alertId: id });
  for (const status of ['unfinished', undefined] as const) {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await views.alerts(status === undefined ? {} : { status }, 2, cursor);
      seen.push(...ids(page));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(seen).toEqual(status === undefined ? ['e', 'd', 'c', 'b', 'a'] : ['a', 'b', 'c', 'd', 'e']);
  }
});

test.each(['xyz', '', btoa('[1]'), btoa('["a","b"]'), btoa('{"sort":1}')])(
  '%j is not a cursor',
  async (cursor) => {
    const { views } = open();
    await expect(views.alerts({}, 10, cursor)).rejects.toThrow(BadCursor);
  },
);

test('alerts that share a label by chance are both found', async () => {
  const { views } = open();
  putAlert(views, { alertId: 'a', alertKey: 'a' });
  putAlert(views, { alertId: 'b', alertKey: 'b' });
  expect((await views.alertsNamed('t-7q4mx')).map(({ alertId }) => alertId).sort()).toEqual(['a', 'b']);
  expect((await views.alertsNamed('b')).map(({ alertId }) => alertId)).toEqual(['b']);
});

test('an alert key means its latest cycle', async () => {
  const { views } = open();
  putAlert(views, { alertId: 'k#1', alertKey: 'k', cycle: 1, status: 'closed' });
  putAlert(views, { alertId: 'k#2', alertKey: 'k', cycle: 2 });
  expect((await views.alertsNamed('k')).map(({ alertId }) => alertId)).toEqual(['k#2']);
  expect((await views.cycles('k')).map(({ cycle }) => cycle)).toEqual([2, 1]);
});

test('an event is audited once, in the order of writing', async () => {
  const { views } = open();
  for (const seq of [1, 2, 3, 2]) {
    const row = auditRowOf(exampleEvent({ seq, commandId: `command ${seq}` }), undefined);
    views.writers.audit(row.id, row);
  }
  expect((await views.eventsOfAlert('repeat-complaint:c-1')).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect((await views.eventsOfCustomer('c-1')).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect((await views.eventOfCommand('command 2'))?.seq).toBe(2);
  const first = await views.audit({}, 2);
  expect(first.rows.map(({ seq }) => seq)).toEqual([3, 2]);
  expect((await views.audit({}, 2, first.next)).rows.map(({ seq }) => seq)).toEqual([1]);
  expect((await views.audit({ actor: 'alerting' }, 9)).rows).toHaveLength(3);
  expect((await views.audit({ alertKey: 'other' }, 9)).rows).toEqual([]);
});

test('what was held back is counted by reason within a span', async () => {
  const { views } = open();
  const put = (id: string, reason: HeldRow['reason'], when: number) =>
    views.writers.held(id, { id, at: when, reason } satisfies Pick<HeldRow, 'id' | 'at' | 'reason'>);
  put('1', 'mute', at('10:00'));
  put('2', 'mute', at('10:30'));
  put('3', 'cooldown', at('10:30'));
  expect(await views.heldByReason(at('10:00'), at('11:00'))).toEqual({ mute: 2, cooldown: 1 });
  expect(await views.heldByReason(at('10:00'), at('10:30'))).toEqual({ mute: 1 });
  expect((await views.held(2)).rows.map(({ id }) => id)).toEqual(['3', '2']);
});

test('what the CRM said of customers adds up to when they were away', async () => {
  const { views } = open();
  for (const [active, at] of [
    [true, 1],
    [false, 5],
    [false, 6],
    [true, 9],
  ] as const) {
    views.writers.standings('c-1', { customerId: 'c-1', active, at });
  }
  expect(await views.standingsOf(['c-1', 'c-2'])).toEqual([
    { customerId: 'c-1', away: [{ from: 5, to: 9 }] },
  ]);
});
