import type { DatabaseSync } from 'node:sqlite';
import type { Forget } from '../../platform/database/retention.sqlite.ts';

/** Looking at this many neighbouring rows takes a millisecond or two. */
const ROWS_PER_STEP = 500;

/** Every statement that forgets, by name, so that a test can ask SQLite how it would run each of them. */
export const FORGET_SQL = {
  alerts: `
    DELETE FROM loop_alert WHERE alert_id IN (
      SELECT alert_id FROM loop_alert
      WHERE status = 'closed' AND opened_at < :tooOld AND body ->> '$.closedAt' < :tooOld
      ORDER BY opened_at LIMIT :limit)`,
  audit: `
    DELETE FROM loop_audit WHERE position IN (
      SELECT position FROM (SELECT position, body FROM loop_audit ORDER BY position LIMIT :limit)
      WHERE body ->> '$.recordedAt' < :tooOld)`,
  held: `
    DELETE FROM loop_held WHERE event_id IN (
      SELECT event_id FROM loop_held WHERE at < :tooOld ORDER BY at LIMIT :limit)`,
  delivery: 'DELETE FROM loop_delivery WHERE outcome_id = ?',
  deliveriesAfter: `
    SELECT alert_key, at, outcome_id FROM loop_delivery
    WHERE (alert_key, at) > (?, ?) ORDER BY alert_key, at LIMIT ?`,
} as const;

/**
 * What the read models forget, as in PostgreSQL: an alert that was closed too long ago; an event of the audit, a match that
 * was held back and a delivery that are too old themselves. An alert that is not closed stays, however old.
 */
export const loopClosureForgets = (db: DatabaseSync): readonly Forget[] => [
  someAtATime(db, FORGET_SQL.alerts),
  someAtATime(db, FORGET_SQL.audit),
  someAtATime(db, FORGET_SQL.held),
  deliveries(db),
];

const someAtATime = (db: DatabaseSync, sql: string): Forget => {
  const forget = db.prepare(sql);
  return (tooOld) => {
    const removed = Number(forget.run({ tooOld, limit: ROWS_PER_STEP }).changes);
    return { removed, done: removed < ROWS_PER_STEP };
  };
};

/** Deliveries lie in the order of their alerts, not of time: they are swept in that order, from where the step before stopped. */
const deliveries = (db: DatabaseSync): Forget => {
  const after = db.prepare(FORGET_SQL.deliveriesAfter);
  const remove = db.prepare(FORGET_SQL.delivery);
  let swept = { key: '', at: 0 };
  return (tooOld) => {
    const rows = after.all(swept.key, swept.at, ROWS_PER_STEP);
    const last = rows.at(-1);
    const done = last === undefined || rows.length < ROWS_PER_STEP;
    // Of several of one alert within one millisecond some may lie on the far side; the next round finds them.
    swept = done ? { key: '', at: 0 } : { key: String(last.alert_key), at: Number(last.at) };
    const old = rows.filter(({ at }) => Number(at) < tooOld);
    for (const { outcome_id: id } of old) remove.run(String(id));
    return { removed: old.length, done };
  };
};
