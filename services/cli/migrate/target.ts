import type { Admin } from 'kafkajs';
import { RULES_POSTGRES_MIGRATIONS } from '../../action-management/adapters/kept-rule-sets.postgres.ts';
import { TOPICS, type Topic } from '../../contracts/topics.ts';
import { LOOP_CLOSURE_POSTGRES_MIGRATIONS } from '../../loop-closure/adapters/view-tables.postgres.ts';
import { migratePostgres, type PostgresMigration } from '../../platform/database/migrate.postgres.ts';
import { PLATFORM_POSTGRES_MIGRATIONS } from '../../platform/database/migrations.postgres.ts';
import type { NamedSql, Postgres, Sql } from '../../platform/database/postgres.ts';
import type { TopicNames } from '../../platform/event-log/topic-names.ts';

/** The target cannot be moved into; `message` says why and what to do. */
export class TargetNotFit extends Error {
  override readonly name = 'TargetNotFit';
}

/** How far a move into this database has come. */
export type MoveState = { readonly state: 'none' | 'begun' } | FinishedMove;

export interface FinishedMove {
  readonly state: 'finished';
  readonly source: string;
  readonly rows: Readonly<Record<string, number>>;
}

/** What the database says of an earlier move. Makes the tables where they are missing. */
export async function moveState(postgres: Postgres): Promise<MoveState> {
  await migratePostgres(postgres, [
    ...PLATFORM_POSTGRES_MIGRATIONS,
    ...RULES_POSTGRES_MIGRATIONS,
    ...LOOP_CLOSURE_POSTGRES_MIGRATIONS,
    MOVED_IN,
  ]);
  const [row] = await postgres.query<{ source: string; moved: string | null }>(MOVE, []);
  if (row === undefined) return { state: 'none' };
  if (row.moved === null) return { state: 'begun' };
  // `finishMove` has written it.
  return { state: 'finished', source: row.source, rows: JSON.parse(row.moved) as Record<string, number> };
}

/** Throws `TargetNotFit` when somebody has worked here already; `begun` when only an earlier try of ours has. */
export async function checkTarget(
  postgres: Postgres,
  admin: Admin,
  names: TopicNames,
  partitions: number,
  begun: boolean,
): Promise<void> {
  const used = (await postgres.query<{ what: string }>(USED, [])).map(({ what }) => what);
  if (used.length > 0) {
    throw new TargetNotFit(
      `the database is not empty (${used.join(', ')}): move into a fresh one, before any service was started`,
    );
  }
  const existing = new Set(await admin.listTopics());
  const topics = Object.keys(TOPICS) as Topic[];
  const missing = topics.filter((topic) => !existing.has(names.of(topic)));
  if (missing.length > 0) {
    throw new TargetNotFit(`the topics ${missing.join(', ')} are missing: run tocsin kafka apply`);
  }
  for (const topic of topics) {
    const offsets = await admin.fetchTopicOffsets(names.of(topic));
    if (offsets.length !== partitions) {
      throw new TargetNotFit(
        `${names.of(topic)} has ${offsets.length} partitions, TOCSIN_PARTITIONS says ${partitions}`,
      );
    }
    const holds = offsets.some(({ high }) => Number(high) > 0);
    // Companies may write to source topics before; services begin there at the beginning.
    if (holds && !begun && TOPICS[topic].writer !== 'anyone') {
      throw new TargetNotFit(`the topic ${names.of(topic)} is not empty: move into fresh topics`);
    }
  }
}

/** Remembers that topics are being filled, so that a run after a kill may go on. */
export const beginMove = (postgres: Postgres, source: string): Promise<unknown> =>
  postgres.query(BEGIN, [source]);

/** Whoever starts a service now waits until all is there. */
export async function keepServicesOut(sql: Sql): Promise<void> {
  await sql.query('LOCK TABLE owner IN SHARE ROW EXCLUSIVE MODE');
  const { rowCount } = await sql.query('SELECT 1 FROM owner WHERE epoch > 0 LIMIT 1');
  if (rowCount !== 0)
    throw new TargetNotFit('a service was started meanwhile: stop it and take a fresh database');
}

export const finishMove = (sql: Sql, rows: Readonly<Record<string, number>>): Promise<unknown> =>
  sql.query('UPDATE moved_in SET moved = $1', [JSON.stringify(rows)]);

/** One row at most: what was moved in here, and how many rows of each kind once that is done. */
const MOVED_IN: PostgresMigration = {
  id: '0901-moved-in',
  sql: `CREATE TABLE moved_in (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    source text NOT NULL,
    moved text
  )`,
};

const MOVE: NamedSql = { name: 'move-state', text: 'SELECT source, moved FROM moved_in' };
const BEGIN: NamedSql = {
  name: 'begin-move',
  text: 'INSERT INTO moved_in (source) VALUES ($1) ON CONFLICT (id) DO UPDATE SET source = excluded.source',
};
/** Tables that a service fills; a partition that was taken says that one has been started. */
const USED: NamedSql = {
  name: 'move-used',
  text: `
    SELECT 'state' AS what WHERE EXISTS (SELECT FROM state)
    UNION ALL SELECT 'timer' WHERE EXISTS (SELECT FROM timer)
    UNION ALL SELECT 'effect' WHERE EXISTS (SELECT FROM effect)
    UNION ALL SELECT 'ledger' WHERE EXISTS (SELECT FROM ledger)
    UNION ALL SELECT 'dead_letter' WHERE EXISTS (SELECT FROM dead_letter)
    UNION ALL SELECT 'log_seen' WHERE EXISTS (SELECT FROM log_seen)
    UNION ALL SELECT 'loop_alert' WHERE EXISTS (SELECT FROM loop_alert)
    UNION ALL SELECT 'position' WHERE EXISTS (SELECT FROM position)
    UNION ALL SELECT 'owner' WHERE EXISTS (SELECT FROM owner WHERE epoch > 0)`,
};
