import type { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../platform/time/clock.ts';
import type { Pipeline } from '../pipeline.ts';
import { raiseAlerts } from './raise-alerts.ts';

/** Raises alerts the usual way and closes them, so that there are finished ones to multiply. */
export async function raiseFinishedAlerts(pipeline: Pipeline, count: number): Promise<void> {
  await raiseAlerts(pipeline, 'F', 0, count, systemClock.now());
  await pipeline.runner.drain();
  const stop = new AbortController();
  const running = pipeline.runner.run(stop.signal);
  for (let index = 0; index < count; index++) {
    const order = { alert: `raises:F-${index}`, by: { kind: 'person', id: 'bench' }, via: 'api' } as const;
    await pipeline.desk.order({ ...order, verb: 'contact', body: { channel: 'phone', reached: true } });
    await pipeline.desk.order({ ...order, verb: 'close', body: { outcome: 'saved', rootCause: 'price' } });
  }
  stop.abort();
  await running;
}

/** Copies the finished alerts until there are `times` as many: their states, rows and audit. */
export function multiplyFinishedAlerts(db: DatabaseSync, times: number): void {
  for (let copy = 1; copy < times; copy++) {
    db.exec(`
      BEGIN;
      INSERT INTO state (key_space, key, body)
        SELECT key_space, key || '/${copy}', body FROM state WHERE key_space = 'alert' AND key GLOB 'raises:F-*' AND key NOT GLOB '*/*';
      ${copyRows(db, 'loop_alert', ['alert_id', 'alert_key'], copy)}
      ${copyRows(db, 'loop_audit', ['event_id', 'alert_key'], copy)}
      COMMIT;
    `);
  }
  toDisk(db);
}

/** An INSERT … SELECT over the table's own columns, with `/copy` appended to those that name the alert. */
function copyRows(db: DatabaseSync, table: string, renamed: readonly string[], copy: number): string {
  const columns = db
    .prepare('SELECT name, pk, type FROM pragma_table_info(?)')
    .all(table)
    .filter((column) => !(Number(column.pk) === 1 && column.type === 'INTEGER'))
    .map((column) => String(column.name));
  const values = columns.map((name) => (renamed.includes(name) ? `${name} || '/${copy}'` : name));
  return `INSERT INTO ${table} (${columns.join(', ')}) SELECT ${values.join(', ')} FROM ${table}
    WHERE alert_key GLOB 'raises:F-*' AND alert_key NOT GLOB '*/*';`;
}

/** Copies customers, with what is known of them, until there are `times` as many. */
export function multiplyCustomers(db: DatabaseSync, customers: number, times: number): void {
  for (let copy = 1; copy < times; copy++) {
    const base = copy * customers;
    db.exec(`
      INSERT OR IGNORE INTO state (key_space, key, body)
        SELECT key_space, 'B-' || (${base} + CAST(substr(key, 3) AS INTEGER)), body FROM state
        WHERE key_space = 'customer' AND key GLOB 'B-*' AND CAST(substr(key, 3) AS INTEGER) < ${customers};
      INSERT OR IGNORE INTO state (key_space, key, body)
        SELECT key_space, 'handle:chirp:user' || (${base} + CAST(substr(key, 18) AS INTEGER)), body FROM state
        WHERE key_space = 'identity' AND key GLOB 'handle:chirp:user*' AND CAST(substr(key, 18) AS INTEGER) < ${customers};
    `);
  }
  toDisk(db);
}

/** What was copied is moved into the data file at once, so that it is no cost of what is measured next. */
const toDisk = (db: DatabaseSync): void => db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
