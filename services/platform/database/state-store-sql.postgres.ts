import type { NamedSql } from './postgres.ts';

const sql = (name: string, text: string): NamedSql => ({ name, text });

/**
 * What `PostgresPartitionStore` asks of the database. Lists come as one value, so that each statement has one text: short ones as
 * JSON, those with an entry for each record or key as arrays, see `binary-array.postgres.ts`.
 */
export const SQL = {
  take: sql(
    'take-partition',
    `INSERT INTO owner (consumer, partition, epoch, instance, taken_at)
     VALUES ($1, $2, 1, $3, extract(epoch FROM now()) * 1000)
     ON CONFLICT (consumer, partition) DO UPDATE
       SET epoch = owner.epoch + 1, instance = excluded.instance, taken_at = excluded.taken_at
     RETURNING epoch`,
  ),
  addPositions: sql(
    'add-positions',
    `INSERT INTO position (consumer, topic, partition, next_offset)
     SELECT $1, topic, $2, 0 FROM json_array_elements_text($3::text::json) AS topic ON CONFLICT DO NOTHING`,
  ),
  positions: sql(
    'positions',
    'SELECT topic, next_offset FROM position WHERE consumer = $1 AND partition = $2',
  ),
  origins: sql(
    'origins',
    'SELECT topic, origin, last_sequence FROM origin WHERE consumer = $1 AND partition = $2',
  ),
  loadStates: sql(
    'load-states',
    `SELECT state.key_space, state.key, state.body
     FROM unnest($2::text[], $3::text[]) AS wanted (s, k)
     JOIN state ON state.consumer = $1 AND state.key_space = wanted.s AND state.key = wanted.k`,
  ),
  dueTimers: sql(
    'due-timers',
    `SELECT process, key, name, due_at FROM timer WHERE consumer = $1 AND partition = $2 AND due_at <= $3
     ORDER BY due_at, process, key, name LIMIT $4`,
  ),
  nextTimer: sql(
    'next-timer',
    'SELECT min(due_at) AS due_at FROM timer WHERE consumer = $1 AND partition = $2 AND due_at > $3',
  ),
  retrying: sql(
    'retrying',
    `SELECT id, process, topic, key, partition, at_offset, at, payload FROM dead_letter
     WHERE consumer = $1 AND owner_partition = $2 AND status = 'retrying' ORDER BY at, id LIMIT $3`,
  ),
  queue: sql(
    'queue-effects',
    `INSERT INTO effect (consumer, partition, id, queue, due_at, since, payload, trace)
     SELECT $1, $2, i, q, d, s, p, c
     FROM json_to_recordset($3::text::json) AS e (i text, q text, d bigint, s bigint, p text, c text)
     ON CONFLICT DO NOTHING`,
  ),
  // One that a worker holds may be on its way: it is marked, and the worker looks before it sends.
  cancel: sql(
    'cancel-effects',
    `WITH wanted AS (SELECT id FROM json_array_elements_text($2::text::json) AS id),
     gone AS (DELETE FROM effect USING wanted WHERE consumer = $1 AND effect.id = wanted.id AND claims = 0)
     UPDATE effect SET cancelled = true FROM wanted WHERE consumer = $1 AND effect.id = wanted.id AND claims > 0`,
  ),
  /** All of a commit but effects and views. Without ownership its rows are rolled back by the caller. */
  commit: sql(
    'commit-pass',
    `WITH fence AS (
       UPDATE owner SET next_sequence = next_sequence + $4::bigint
       WHERE consumer = $1 AND partition = $2 AND epoch = $3 RETURNING next_sequence - $4::bigint AS first
     ), moved AS (
       UPDATE position SET next_offset = m.n
       FROM json_to_recordset($6::text::json) AS m (t text, e bigint, n bigint)
       WHERE consumer = $1 AND partition = $2 AND topic = m.t AND next_offset = m.e RETURNING 1
     ), marked AS (
       INSERT INTO origin (consumer, partition, topic, origin, last_sequence)
       SELECT $1, $2, t, o, s FROM json_to_recordset($7::text::json) AS o (t text, o text, s bigint)
       ON CONFLICT (consumer, topic, partition, origin) DO UPDATE SET last_sequence = excluded.last_sequence
     ), stored AS (
       INSERT INTO state (consumer, key_space, key, body, at)
       SELECT $1, s, k, b, $5::bigint FROM unnest($8::text[], $9::text[], $10::text[]) AS s (s, k, b)
       ON CONFLICT (consumer, key_space, key) DO UPDATE SET body = excluded.body, at = excluded.at
     ), forgotten AS (
       DELETE FROM state USING unnest($11::text[], $12::text[]) AS f (s, k)
       WHERE consumer = $1 AND key_space = f.s AND key = f.k
     ), timers_set AS (
       INSERT INTO timer (consumer, partition, process, key, name, due_at)
       SELECT $1, $2, p, k, n, d FROM unnest($13::text[], $14::text[], $15::text[], $16::bigint[]) AS t (p, k, n, d)
       ON CONFLICT (consumer, partition, process, key, name) DO UPDATE SET due_at = excluded.due_at
     ), timers_cleared AS (
       DELETE FROM timer USING unnest($17::text[], $18::text[], $19::text[]) AS c (p, k, n)
       WHERE consumer = $1 AND partition = $2 AND process = c.p AND key = c.k AND name = c.n
     ), put_out AS (
       INSERT INTO outbox (consumer, partition, sequence, count, facts, payload, at)
       SELECT $1, $2, fence.first, $4::bigint, $20, $21, $5::bigint FROM fence WHERE $4::bigint > 0
     ), counted AS (
       INSERT INTO ledger (consumer, partition, stage, topic, outcome, reason, count)
       SELECT $1, $2, s, t, o, r, c
       FROM json_to_recordset($22::text::json) AS l (s text, t text, o text, r text, c bigint)
       ON CONFLICT (consumer, partition, stage, topic, outcome, reason)
         DO UPDATE SET count = ledger.count + excluded.count
     ), parked AS (
       INSERT INTO dead_letter (consumer, owner_partition, id, process, topic, key, partition, at_offset, reason,
                                detail, at, payload, status)
       SELECT $1, $2, i, c, t, k, n, o, r, d, a, p, 'parked'
       FROM json_to_recordset($23::text::json)
         AS d (i text, c text, t text, k text, n integer, o bigint, r text, d text, a bigint, p text)
       ON CONFLICT (consumer, id) DO UPDATE SET reason = excluded.reason, detail = excluded.detail,
         status = 'parked', attempts = dead_letter.attempts + 1
     ), retried AS (
       UPDATE dead_letter SET status = 'retried'
       FROM json_array_elements_text($24::text::json) AS r (id)
       WHERE consumer = $1 AND dead_letter.id = r.id
     )
     SELECT (SELECT first FROM fence), (SELECT count(*)::integer FROM moved) AS moved`,
  ),
} satisfies Record<string, NamedSql>;
