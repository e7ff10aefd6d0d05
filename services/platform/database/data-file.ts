import type { DatabaseSync } from 'node:sqlite';
import { LogTable } from '../event-log/log-table.sqlite.ts';
import { Checkpointer } from './checkpointer.ts';
import { LedgerTable } from './ledger.sqlite.ts';
import { inTransaction } from './sqlite.ts';

/** The data file, and what this process knows of its contents because it is the only writer. */
export class DataFile {
  readonly db: DatabaseSync;
  readonly log: LogTable;
  readonly ledger: LedgerTable;
  readonly #checkpointer: Checkpointer;

  constructor(db: DatabaseSync, path: string) {
    this.db = db;
    this.#checkpointer = new Checkpointer(db, path);
    this.log = new LogTable(db);
    this.ledger = new LedgerTable(db);
  }

  /**
   * Runs `work` in one transaction, together with the counts that wait to be written.
   *
   * All of it is on disk when this returns; when it throws, nothing is, and the waiting counts go on waiting.
   */
  transaction<T>(work: () => T): T {
    try {
      const result = inTransaction(this.db, () => {
        const done = work();
        this.ledger.writeWaiting();
        return done;
      });
      this.ledger.forgetWaiting();
      this.#checkpointer.written();
      return result;
    } catch (error) {
      this.log.rolledBack();
      throw error;
    }
  }

  close(): void {
    this.#checkpointer.close();
    this.db.close();
  }
}
