import type { DeadLetter } from '../../contracts/dead-letter.ts';
import {
  type DeadLetterStatus,
  type DeadLetters,
  type LetterDecision,
  type LetterFilter,
  type ParkedLetter,
  toDecision,
  toStatus,
} from './dead-letters.ts';
import type { NamedSql, Postgres } from './postgres.ts';
import { restored, storable } from './storable-text.ts';

/**
 * The dead letters of every service in the database. Whoever owns the partition of a letter looks for those to
 * try again once a second.
 */
export class PostgresDeadLetters implements DeadLetters {
  readonly #postgres: Postgres;

  constructor(postgres: Postgres) {
    this.#postgres = postgres;
  }

  async list(status: DeadLetterStatus | undefined, limit: number): Promise<readonly ParkedLetter[]> {
    return (await this.#postgres.query(SQL.list, [status ?? null, limit])).map(toLetter);
  }

  async settled(limit: number): Promise<readonly ParkedLetter[]> {
    return (await this.#postgres.query(SQL.settled, [limit])).map(toLetter);
  }

  async find(id: string): Promise<ParkedLetter | undefined> {
    const [row] = await this.#postgres.query(SQL.find, [storable(id)]);
    return row === undefined ? undefined : toLetter(row);
  }

  async retry(id: string, decision: LetterDecision, payload?: string): Promise<boolean> {
    if (payload !== undefined) JSON.parse(payload);
    const values = [payload ?? null, storable(id), ...decided(decision)];
    return (await this.#postgres.query(SQL.retry, values)).length > 0;
  }

  /** Parks what never came as far as a process of the service; the same letter again is the same letter. */
  async park(consumer: string, letter: DeadLetter): Promise<void> {
    const { id, process, topic, key, partition, offset, reason, detail, at, payload } = letter;
    await this.#postgres.query(SQL.park, [
      consumer,
      storable(id),
      process,
      topic,
      storable(key),
      partition,
      offset,
      reason,
      storable(detail),
      at,
      payload,
    ]);
  }

  async drop(id: string, decision: LetterDecision): Promise<boolean> {
    return (await this.#postgres.query(SQL.drop, [storable(id), ...decided(decision)])).length > 0;
  }

  retryAll(filter: LetterFilter, decision: LetterDecision): Promise<number> {
    return this.#decideAll('retrying', filter, decision);
  }

  dropAll(filter: LetterFilter, decision: LetterDecision): Promise<number> {
    return this.#decideAll('dropped', filter, decision);
  }

  async #decideAll(
    status: DeadLetterStatus,
    { process, reason }: LetterFilter,
    decision: LetterDecision,
  ): Promise<number> {
    const values = [status, ...decided(decision), process ?? null, reason ?? null];
    const [row] = await this.#postgres.query<{ count: string }>(SQL.decideAll, values);
    return Number(row?.count ?? 0);
  }

  async counts(): Promise<Readonly<Record<DeadLetterStatus, number>>> {
    const counts = { parked: 0, retrying: 0, retried: 0, dropped: 0 };
    for (const row of await this.#postgres.query(SQL.counts, []))
      counts[toStatus(row.status)] = Number(row.count);
    return counts;
  }
}

const decided = ({ by, why, at }: LetterDecision) => [
  storable(by),
  why === undefined ? null : storable(why),
  at,
];

const toLetter = (row: Record<string, unknown>): ParkedLetter => ({
  id: restored(String(row.id)),
  process: String(row.process),
  topic: String(row.topic),
  key: restored(String(row.key)),
  partition: Number(row.partition),
  offset: Number(row.at_offset),
  // The column is only ever written from a DeadLetter.
  reason: String(row.reason) as DeadLetter['reason'],
  detail: restored(String(row.detail)),
  at: Number(row.at),
  payload: String(row.payload),
  status: toStatus(row.status),
  attempts: Number(row.attempts),
  ...toDecision(row, restored),
});

const COLUMNS =
  'id, process, topic, key, partition, at_offset, reason, detail, at, payload, status, attempts, decided_by, decided_why, decided_at';

const sql = (name: string, text: string): NamedSql => ({ name, text });

// Ids begin with the name of the process, so they are unique over all services.
const SQL = {
  list: sql(
    'list-letters',
    `SELECT ${COLUMNS} FROM dead_letter WHERE $1::text IS NULL OR status = $1 ORDER BY at, id LIMIT $2`,
  ),
  settled: sql(
    'settled-letters',
    `SELECT ${COLUMNS} FROM dead_letter WHERE status IN ('retried', 'dropped')
     ORDER BY coalesce(decided_at, at) DESC, id LIMIT $1`,
  ),
  find: sql('find-letter', `SELECT ${COLUMNS} FROM dead_letter WHERE id = $1`),
  retry: sql(
    'retry-letter',
    `UPDATE dead_letter SET status = 'retrying', payload = coalesce($1::text, payload),
       decided_by = $3, decided_why = $4, decided_at = $5
     WHERE id = $2 AND status = 'parked' RETURNING 1`,
  ),
  park: sql(
    'park-letter',
    `INSERT INTO dead_letter (consumer, owner_partition, id, process, topic, key, partition, at_offset, reason, detail,
                              at, payload, status)
     VALUES ($1, $6, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'parked') ON CONFLICT (consumer, id) DO NOTHING`,
  ),
  drop: sql(
    'drop-letter',
    `UPDATE dead_letter SET status = 'dropped', decided_by = $2, decided_why = $3, decided_at = $4
     WHERE id = $1 AND status = 'parked' RETURNING 1`,
  ),
  decideAll: sql(
    'decide-all-letters',
    `WITH decided AS (
       UPDATE dead_letter SET status = $1, decided_by = $2, decided_why = $3, decided_at = $4
       WHERE status = 'parked' AND ($5::text IS NULL OR process = $5) AND ($6::text IS NULL OR reason = $6) RETURNING 1
     )
     SELECT count(*) AS count FROM decided`,
  ),
  counts: sql('count-letters', 'SELECT status, count(*) AS count FROM dead_letter GROUP BY status'),
} satisfies Record<string, NamedSql>;
