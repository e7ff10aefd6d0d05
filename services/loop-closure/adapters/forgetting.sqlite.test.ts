import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { DAY, MINUTE } from '../../platform/time/clock.ts';
import type { DeliveryRow, HeldRow } from '../domain/alert-view.ts';
import { auditRowOf } from '../domain/audit.ts';
import { at, exampleEvent, exampleRow } from '../domain/example.ts';
import { FORGET_SQL, loopClosureForgets } from './forgetting.sqlite.ts';
import { LOOP_CLOSURE_MIGRATIONS } from './view-tables.sqlite.ts';
import { createViews } from './views.sqlite.ts';

const NOW = at('10:00');
const TOO_OLD = NOW - 400 * DAY;

const open = () => {
  const db = new DatabaseSync(':memory:');
  for (const { sql } of LOOP_CLOSURE_MIGRATIONS) db.exec(sql);
  const forgets = loopClosureForgets(db);
  const { writers, ...queries } = createViews(db);
  return {
    db,
    queries,
    alert: (alertId: string, changes: Parameters<typeof exampleRow>[0]) =>
      writers.alerts(alertId, exampleRow({ alertId, alertKey: alertId, ...changes })),
    event: (seq: number, when: number) =>
      writers.audit(`e-${seq}`, auditRowOf(exampleEvent({ id: `e-${seq}`, seq, at: when }), undefined)),
    held: (id: string, when: number) => writers.held(id, { id, at: when, reason: 'mute' } as HeldRow),
    delivery: (id: string, alertKey: string, when: number) =>
      writers.deliveries(id, { id, alertKey, at: when, outcome: 'delivered' } as DeliveryRow),
    /** Steps until all are done; what each removed. */
    forget: () => {
      const steps: number[] = [];
      for (let done = false; !done && steps.length < 100; ) {
        const results = forgets.map((forget) => forget(TOO_OLD));
        steps.push(results.reduce((sum, { removed }) => sum + removed, 0));
        done = results.every((result) => result.done);
      }
      return steps;
    },
  };
};

test('an alert goes when it was closed too long ago; one that is not closed stays, however old', async () => {
  const { alert, forget, queries } = open();
  const long = TOO_OLD - DAY;
  alert('closed-long-ago', { status: 'closed', openedAt: long - DAY, closedAt: TOO_OLD - 1 });
  alert('closed-lately', { status: 'closed', openedAt: long, closedAt: TOO_OLD });
  alert('open', { status: 'open', openedAt: long });
  alert('acknowledged', { status: 'acknowledged', openedAt: long });
  alert('snoozed', { status: 'snoozed', openedAt: long });
  alert('shadow', { status: 'closed', stage: 'shadow', openedAt: long, closedAt: long });
  expect(forget()).toEqual([2]);
  expect((await queries.alerts({}, 10)).rows.map(({ alertId }) => alertId).toSorted()).toEqual([
    'acknowledged',
    'closed-lately',
    'open',
    'snoozed',
  ]);
  expect((await queries.alerts({ stage: 'shadow' }, 10)).rows).toEqual([]);
});

test('of the audit, of what was held back and of deliveries goes what is too old itself', async () => {
  const { event, held, delivery, forget, queries } = open();
  for (const [index, when] of [TOO_OLD - DAY, TOO_OLD - 1, TOO_OLD, NOW].entries()) {
    event(index, when);
    held(`h-${index}`, when);
    delivery(`d-${index}`, 'k', when);
  }
  expect(forget()).toEqual([6]);
  expect((await queries.audit({}, 10)).rows.map(({ id }) => id)).toEqual(['e-3', 'e-2']);
  expect((await queries.held(10)).rows.map(({ id }) => id)).toEqual(['h-3', 'h-2']);
  expect((await queries.deliveriesOf(['k'])).map(({ id }) => id)).toEqual(['d-2', 'd-3']);
  expect(forget()).toEqual([0]);
});

test('much goes in steps of a bounded size, which reach everything', async () => {
  const { alert, event, delivery, forget, db } = open();
  for (let n = 0; n < 1200; n += 1) {
    const old = TOO_OLD - (1200 - n) * MINUTE;
    alert(`a-${n}`, { status: n % 2 === 0 ? 'closed' : 'open', openedAt: old, closedAt: old });
    event(n, old);
    delivery(`d-${n}`, `k-${n % 7}`, n % 3 === 0 ? NOW : old);
  }
  const steps = forget();
  expect(steps.length).toBeGreaterThan(2);
  expect(Math.max(...steps)).toBeLessThanOrEqual(3 * 500);
  const count = (table: string) => db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n;
  expect(['loop_alert', 'loop_audit', 'loop_delivery'].map(count)).toEqual([600, 0, 400]);
});

test('what is too old is found by an index, without sorting', () => {
  const { db } = open();
  for (const [name, sql] of Object.entries(FORGET_SQL)) {
    const explain = db.prepare(`EXPLAIN QUERY PLAN ${sql}`);
    const rows = sql.includes(':limit')
      ? explain.all({ tooOld: 0, limit: 1 })
      : explain.all(...Array.from({ length: sql.split('?').length - 1 }, () => 0));
    const plan = rows.map((row) => String(row.detail)).join('; ');
    expect(plan, name).not.toContain('TEMP B-TREE FOR ORDER BY');
    // The audit begins at its oldest row and looks at a fixed number of them.
    expect(plan, name).toMatch(
      name === 'audit' ? /SEARCH loop_audit USING INTEGER PRIMARY KEY/ : /SEARCH loop_\w+ USING/,
    );
  }
});
