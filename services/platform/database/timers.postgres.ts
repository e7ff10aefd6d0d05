import type { OwnedTimer } from '../keyed-process/state-store.ts';
import type { NamedSql, Postgres } from './postgres.ts';
import { restored } from './storable-text.ts';

/** The earliest timers of every service in the database. */
export async function earliestTimers(postgres: Postgres, limit: number): Promise<readonly OwnedTimer[]> {
  const rows = await postgres.query<Row>(EARLIEST, [limit]);
  return rows.map(({ process, key, name, due_at }) => ({
    process,
    key: restored(key),
    name: restored(name),
    dueAt: Number(due_at),
  }));
}

/** How many timers every service in the database has set, and how many of them are due at an instant and have not fired. */
export async function countTimers(
  postgres: Postgres,
  now: number,
): Promise<{ readonly pending: number; readonly overdue: number }> {
  const [row] = await postgres.query<{ pending: string; overdue: string }>(COUNT, [now]);
  return { pending: Number(row?.pending ?? 0), overdue: Number(row?.overdue ?? 0) };
}

interface Row {
  readonly process: string;
  readonly key: string;
  readonly name: string;
  readonly due_at: string;
}

const COUNT: NamedSql = {
  name: 'count-timers',
  text: 'SELECT count(*) AS pending, count(*) FILTER (WHERE due_at <= $1) AS overdue FROM timer',
};

const EARLIEST: NamedSql = {
  name: 'earliest-timers',
  text: 'SELECT process, key, name, due_at FROM timer ORDER BY due_at LIMIT $1',
};
