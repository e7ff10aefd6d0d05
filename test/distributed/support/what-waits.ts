import type { NamedSql, Postgres } from '../../../services/platform/database/postgres.ts';

/** What is still to be done at this instant, in words; nothing when all stand still. */
export async function whatWaits(postgres: Postgres, now: number): Promise<readonly string[]> {
  const rows = await postgres.query<{ what: string }>(WAITING, [now]);
  return rows.map(({ what }) => what);
}

const WAITING: NamedSql = {
  name: 'test-waiting',
  text: `
    SELECT 'outbox of ' || consumer || ': ' || count(*) AS what FROM outbox GROUP BY consumer
    UNION ALL SELECT 'timers of ' || consumer FROM timer WHERE due_at <= $1 GROUP BY consumer
    UNION ALL SELECT 'effects' FROM effect WHERE due_at <= $1 HAVING count(*) > 0
    UNION ALL SELECT 'letters to be tried again of ' || consumer FROM dead_letter WHERE status = 'retrying' GROUP BY consumer
    UNION ALL SELECT consumer || ' has read ' || read || ' of ' || topic || ', put out are ' || put_out FROM (
      SELECT consumer, topic, sum(next_offset) AS read, coalesce((
        SELECT sum(count) FROM ledger
        WHERE ledger.topic = position.topic AND outcome IN ('emitted', 'accepted') AND consumer <> 'embedded'), 0) AS put_out
      FROM position WHERE consumer <> 'embedded' GROUP BY consumer, topic
    ) AS progress WHERE read < put_out`,
};
