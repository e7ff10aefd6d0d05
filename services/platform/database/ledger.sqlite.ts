import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { LedgerEntry } from '../keyed-process/state-store.ts';

/** Counts that a caller adds at any time and that go to disk with the next transaction. */
export interface Ledger {
  add(stage: string, topic: string, outcome: string, reason: string, count: number): void;
}

/**
 * The ledger's table. `add` only remembers; `flush` runs inside somebody's transaction and writes, and
 * `rolledBack` takes what was lost with a failed transaction back into memory.
 */
export class LedgerTable implements Ledger {
  readonly #upsert: StatementSync;
  readonly #all: StatementSync;
  #pending = new Map<string, LedgerEntry>();
  #written: LedgerEntry[] = [];

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
    this.#pending.set(key, {
      stage,
      topic,
      outcome,
      reason,
      count: count + (this.#pending.get(key)?.count ?? 0),
    });
  }

  flush(): void {
    this.#written = [...this.#pending.values()];
    this.#pending = new Map();
    this.write(this.#written);
  }

  write(entries: readonly LedgerEntry[]): void {
    for (const entry of entries) {
      this.#upsert.run(entry.stage, entry.topic, entry.outcome, entry.reason, entry.count);
    }
  }

  rolledBack(): void {
    const lost = this.#written;
    this.#written = [];
    for (const entry of lost) this.add(entry.stage, entry.topic, entry.outcome, entry.reason, entry.count);
  }

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
