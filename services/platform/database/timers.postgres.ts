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

interface Row {
  readonly process: string;
  readonly key: string;
  readonly name: string;
  readonly due_at: string;
}

const EARLIEST: NamedSql = {
  name: 'earliest-timers',
  text: 'SELECT process, key, name, due_at FROM timer ORDER BY due_at LIMIT $1',
};
