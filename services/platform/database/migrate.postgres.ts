import type { Postgres, Sql } from './postgres.ts';

/** One forward step of the stored layout, under the same name as the other store's step. */
export interface PostgresMigration {
  readonly id: string;
  readonly sql: string;
}

/** Any number will do, as long as everybody takes the same. */
const MIGRATING = 7_041_914;

/**
 * Brings the layout up to date, each migration in its own transaction; answers which ones were applied.
 *
 * Instances that start together wait for one another. Steps only add (expand); what is no longer read goes in a
 * later release (contract), so the release before can run beside this one. A step that this version does not
 * know is therefore no error: a newer instance is already running.
 */
export async function migratePostgres(
  postgres: Postgres,
  migrations: readonly PostgresMigration[],
): Promise<readonly string[]> {
  const applied: string[] = [];
  for (const migration of migrations.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const isNew = await postgres.transaction((sql) => apply(sql, migration));
    if (isNew) applied.push(migration.id);
  }
  return applied;
}

async function apply(sql: Sql, { id, sql: step }: PostgresMigration): Promise<boolean> {
  await sql.query('SELECT pg_advisory_xact_lock($1)', [MIGRATING]);
  await sql.query(
    'CREATE TABLE IF NOT EXISTS migration (id text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
  );
  const { rowCount } = await sql.query('SELECT 1 FROM migration WHERE id = $1', [id]);
  if (rowCount === 1) return false;
  await sql.query(step);
  await sql.query('INSERT INTO migration (id) VALUES ($1)', [id]);
  return true;
}
