import { setTimeout } from 'node:timers/promises';
import { StorageUnavailable } from '../event-log/event-log.ts';
import { type Clock, DAY, MINUTE } from '../time/clock.ts';
import type { NamedSql, Postgres, Sql } from './postgres.ts';

/** A table `PARTITION BY RANGE (at)`, in epoch ms, with a default partition `<table>_default`. */
export type MonthlyTable = string;

/** Which rows of which tables are forgotten when they are too old. */
export interface Forgetting {
  readonly tables: readonly MonthlyTable[];
  /**
   * For other tables: each removes what is older than `$1`, epoch ms, at most `$2` rows, and returns a row for each. Asked
   * again while that many went.
   */
  readonly statements: readonly NamedSql[];
}

/**
 * Keeps the large tables in bounds, once: makes the partitions of this month and the next, drops those that are
 * wholly too old, and removes ids of published records, settled dead letters and what else is to be forgotten, a few thousand
 * rows at a time.
 *
 * Of the instances of a service only one does it; the others answer `false` at once. Safe to be stopped anywhere.
 */
export async function keepRetention(
  postgres: Postgres,
  { tables, statements }: Forgetting,
  now: number,
  retentionMs: number,
): Promise<boolean> {
  const tooOld = now - retentionMs;
  const mine = await postgres.transaction(async (sql) => {
    if (!(await isOnlyOne(sql, tables))) return false;
    // Whoever reads or writes is not kept waiting by this; it is tried again in a while.
    await sql.query(`SET LOCAL lock_timeout = '2s'`);
    for (const table of tables) {
      for (const month of [monthOf(now), monthAfter(monthOf(now))]) await addPartition(sql, table, month);
      await dropPartitions(sql, table, tooOld);
    }
    return true;
  });
  if (!mine) return false;
  for (const statement of [FORGET_IDS, FORGET_LETTERS, ...statements]) {
    while ((await postgres.query(statement, [tooOld, ROWS_PER_STEP])).length === ROWS_PER_STEP);
  }
  return true;
}

/** Does so now and every ten minutes until `stop`. A database that cannot do it now is asked again then. */
export async function watchRetention(
  postgres: Postgres,
  options: { readonly forgetting: Forgetting; readonly days: number; readonly clock: Clock },
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    try {
      await keepRetention(postgres, options.forgetting, options.clock.now(), options.days * DAY);
    } catch (error) {
      if (!(error instanceof StorageUnavailable)) throw error;
    }
    await setTimeout(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}

const LOOK_EVERY_MS = 10 * MINUTE;
/** A few milliseconds of deleting. */
const ROWS_PER_STEP = 2_000;
/** Any number will do, as long as everybody takes the same. */
const RETAINING = 7_041_915;

async function isOnlyOne(sql: Sql, tables: readonly MonthlyTable[]): Promise<boolean> {
  const { rows } = await sql.query('SELECT pg_try_advisory_xact_lock($1, hashtext($2)) AS mine', [
    RETAINING,
    tables.join(),
  ]);
  return rows[0].mine === true;
}

/** `2026-03`, in UTC. */
const monthOf = (at: number): string => new Date(at).toISOString().slice(0, 7);
const startOf = (month: string): number => Date.parse(`${month}-01T00:00:00Z`);
const monthAfter = (month: string): string => monthOf(startOf(month) + 32 * DAY);
const partitionOf = (table: string, month: string): string => `${table}_${month.replace('-', '_')}`;

/** What the default partition took for the month meanwhile moves along. */
async function addPartition(sql: Sql, table: MonthlyTable, month: string): Promise<void> {
  const name = partitionOf(table, month);
  const { rows } = await sql.query('SELECT to_regclass($1) AS known', [name]);
  if (rows[0].known !== null) return;
  const [from, to] = [startOf(month), startOf(monthAfter(month))];
  await sql.query(`CREATE TABLE ${name} (LIKE ${table} INCLUDING ALL)`);
  await sql.query(
    `WITH moved AS (DELETE FROM ${table}_default WHERE at >= ${from} AND at < ${to} RETURNING *)
     INSERT INTO ${name} SELECT * FROM moved`,
  );
  await sql.query(`ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM (${from}) TO (${to})`);
}

async function dropPartitions(sql: Sql, table: MonthlyTable, tooOld: number): Promise<void> {
  const { rows } = await sql.query(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = to_regclass($1) ORDER BY name`,
    [table],
  );
  for (const { name } of rows as { name: string }[]) {
    const month = name.slice(table.length + 1).replace('_', '-');
    if (!/^\d{4}-\d{2}$/.test(month)) continue;
    if (startOf(monthAfter(month)) <= tooOld) await sql.query(`DROP TABLE ${name}`);
  }
  await sql.query(`DELETE FROM ${table}_default WHERE at < $1`, [tooOld]);
}

/** An id that is forgotten makes its record new, should it be sent again. */
const FORGET_IDS: NamedSql = {
  name: 'forget-ids',
  text: `DELETE FROM log_seen WHERE ctid = ANY (ARRAY(SELECT ctid FROM log_seen WHERE at < $1 LIMIT $2)) RETURNING 1`,
};

/** Those that wait for somebody stay. */
const FORGET_LETTERS: NamedSql = {
  name: 'forget-letters',
  text: `DELETE FROM dead_letter WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM dead_letter WHERE status IN ('retried', 'dropped') AND at < $1 LIMIT $2)) RETURNING 1`,
};
