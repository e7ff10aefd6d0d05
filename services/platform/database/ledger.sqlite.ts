import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { LedgerEntry } from '../keyed-process/state-store.ts';

/** Counts that a caller adds at any time and that go to disk with the next transaction. */
export interface Ledger {
  add(stage: string, topic: string, outcome: string, reason: string, count: number): void;
}

/**
 * The ledger's table.
 *
 * `add` counts what belongs to no transaction, such as requests that were refused; it waits in memory for the
 * next one, and a crash before it loses the count. What a transaction itself does is counted with `write`.
 */
export class LedgerTable implements Ledger {
  readonly #upsert: StatementSync;
  readonly #all: StatementSync;
  readonly #waiting = new Map<string, LedgerEntry>();

  constructor(db: DatabaseSync) {
    this.#upsert = db.prepare(
      `INSERT INTO ledger (stage, topic, outcome, reason, count) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET count = count + excluded.count`,
    );
    this.#all = db.prepare(
      'SELECT stage, topic, outcome, reason, count FROM ledger ORDER BY stage, topic, outcome, reason',
    );
  }

  add(stage: string, topic: string, outcome: string, reason: string, count: number): void {
    if (count === 0) return;
    const key = `${stage}\0${topic}\0${outcome}\0${reason}`;
    const before = this.#waiting.get(key)?.count ?? 0;
    this.#waiting.set(key, { stage, topic, outcome, reason, count: before + count });
  }

  /** Runs inside the caller's transaction. */
  write(entries: Iterable<LedgerEntry>): void {
    for (const { stage, topic, outcome, reason, count } of entries) {
      if (count > 0) this.#upsert.run(stage, topic, outcome, reason, count);
    }
  }

  /** Runs inside the caller's transaction; `forgetWaiting` follows once that is committed. */
  writeWaiting(): void {
    this.write(this.#waiting.values());
  }

  forgetWaiting(): void {
    this.#waiting.clear();
  }

  /** What is on disk. Counts that still wait are not in it. */
  entries(): LedgerEntry[] {
    return this.#all.all().map((row) => ({
      stage: String(row.stage),
      topic: String(row.topic),
      outcome: String(row.outcome),
      reason: String(row.reason),
      count: Number(row.count),
    }));
  }
}
