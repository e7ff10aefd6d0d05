import type { StatementSync } from 'node:sqlite';
import type { DeadLetter } from '../../contracts/dead-letter.ts';
import type { DataFile } from './data-file.ts';
import {
  type DeadLetterStatus,
  type DeadLetters,
  type LetterDecision,
  type LetterFilter,
  type ParkedLetter,
  toDecision,
  toStatus,
} from './dead-letters.ts';

export class SqliteDeadLetters implements DeadLetters {
  readonly #file: DataFile;
  readonly #sql: ReturnType<typeof statements>;
  readonly #wake: () => void;

  /** `wake` is called when something is to be tried again. */
  constructor(file: DataFile, wake: () => void) {
    this.#file = file;
    this.#sql = statements(file);
    this.#wake = wake;
  }

  async list(status: DeadLetterStatus | undefined, limit: number): Promise<readonly ParkedLetter[]> {
    return this.#sql.list.all(status ?? null, limit).map(toLetter);
  }

  async settled(limit: number): Promise<readonly ParkedLetter[]> {
    return this.#sql.settled.all(limit).map(toLetter);
  }

  async find(id: string): Promise<ParkedLetter | undefined> {
    const row = this.#sql.find.get(id);
    return row === undefined ? undefined : toLetter(row);
  }

  async retry(id: string, { by, why, at }: LetterDecision, payload?: string): Promise<boolean> {
    if (payload !== undefined) JSON.parse(payload);
    const found = this.#file.transaction(
      () => this.#sql.retry.run(payload ?? null, by, why ?? null, at, id).changes === 1,
    );
    await this.#file.synced();
    if (found) this.#wake();
    return found;
  }

  async drop(id: string, { by, why, at }: LetterDecision): Promise<boolean> {
    const found = this.#file.transaction(() => this.#sql.drop.run(by, why ?? null, at, id).changes === 1);
    await this.#file.synced();
    return found;
  }

  async retryAll(filter: LetterFilter, decision: LetterDecision): Promise<number> {
    const found = await this.#decideAll('retrying', filter, decision);
    if (found > 0) this.#wake();
    return found;
  }

  dropAll(filter: LetterFilter, decision: LetterDecision): Promise<number> {
    return this.#decideAll('dropped', filter, decision);
  }

  async #decideAll(
    status: DeadLetterStatus,
    { process, reason }: LetterFilter,
    { by, why, at }: LetterDecision,
  ): Promise<number> {
    const values = [status, by, why ?? null, at, process ?? null, reason ?? null];
    const { changes } = this.#file.transaction(() => this.#sql.decideAll.run(...values));
    await this.#file.synced();
    return Number(changes);
  }

  async counts(): Promise<Readonly<Record<DeadLetterStatus, number>>> {
    const counts = { parked: 0, retrying: 0, retried: 0, dropped: 0 };
    for (const row of this.#sql.counts.all()) counts[toStatus(row.status)] = Number(row.count);
    return counts;
  }
}

const COLUMNS =
  'id, process, topic, key, partition, at_offset, reason, detail, at, payload, status, attempts, decided_by, decided_why, decided_at';

const statements = ({ db }: DataFile) =>
  ({
    list: db.prepare(
      `SELECT ${COLUMNS} FROM dead_letter WHERE ?1 IS NULL OR status = ?1 ORDER BY at, id LIMIT ?2`,
    ),
    settled: db.prepare(
      `SELECT ${COLUMNS} FROM dead_letter WHERE status IN ('retried', 'dropped')
       ORDER BY coalesce(decided_at, at) DESC, id LIMIT ?`,
    ),
    find: db.prepare(`SELECT ${COLUMNS} FROM dead_letter WHERE id = ?`),
    retry: db.prepare(
      `UPDATE dead_letter SET status = 'retrying', payload = coalesce(?, payload), decided_by = ?, decided_why = ?, decided_at = ?
       WHERE id = ? AND status = 'parked'`,
    ),
    drop: db.prepare(
      `UPDATE dead_letter SET status = 'dropped', decided_by = ?, decided_why = ?, decided_at = ?
       WHERE id = ? AND status = 'parked'`,
    ),
    decideAll: db.prepare(
      `UPDATE dead_letter SET status = ?1, decided_by = ?2, decided_why = ?3, decided_at = ?4
       WHERE status = 'parked' AND (?5 IS NULL OR process = ?5) AND (?6 IS NULL OR reason = ?6)`,
    ),
    counts: db.prepare('SELECT status, count(*) AS count FROM dead_letter GROUP BY status'),
  }) satisfies Record<string, StatementSync>;

const toLetter = (row: Record<string, unknown>): ParkedLetter => ({
  id: String(row.id),
  process: String(row.process),
  topic: String(row.topic),
  key: String(row.key),
  partition: Number(row.partition),
  offset: Number(row.at_offset),
  // The column is only ever written from a DeadLetter.
  reason: String(row.reason) as DeadLetter['reason'],
  detail: String(row.detail),
  at: Number(row.at),
  payload: String(row.payload),
  status: toStatus(row.status),
  attempts: Number(row.attempts),
  ...toDecision(row),
});
