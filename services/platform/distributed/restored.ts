import type { NamedSql, Postgres } from '../database/postgres.ts';

/**
 * Notices that the database was put back to an earlier instant, or that a standby took over which had not heard of
 * everything: tables made anew, another cluster, another timeline. Answers whether that is so, once.
 *
 * Kafka then holds facts that the database knows nothing of, under numbers that it would give out again, and readers would
 * take what is new for repeats. So from then on numbers begin where none has been: at the microseconds of the present. What
 * is read again and put out again is known by its id as the repeat it is.
 */
export async function noticeRestore(postgres: Postgres): Promise<boolean> {
  const [row] = await postgres.query<{ moved: number }>(NOTICE, []);
  return row?.moved === 1;
}

const NOTICE: NamedSql = {
  name: 'notice-restore',
  text: `
    WITH here AS (
      SELECT system_identifier || '/' || 'owner'::regclass::oid || '/'
             || left(pg_walfile_name(pg_current_wal_lsn()), 8) AS identity
      FROM pg_control_system()
    ), first AS (
      INSERT INTO home (identity) SELECT identity FROM here ON CONFLICT DO NOTHING
    ), moved AS (
      UPDATE home SET identity = here.identity, restored_at = extract(epoch FROM clock_timestamp()) * 1000
      FROM here WHERE home.identity <> here.identity RETURNING 1
    ), numbered AS (
      UPDATE owner SET next_sequence = greatest(next_sequence, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
      WHERE EXISTS (SELECT FROM moved)
    )
    SELECT count(*)::integer AS moved FROM moved`,
};
