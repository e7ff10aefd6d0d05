import type { DatabaseSync } from 'node:sqlite';
import { LogTable } from '../event-log/log-table.sqlite.ts';
import { Checkpointer } from './checkpointer.ts';
import { LedgerTable } from './ledger.sqlite.ts';
import { inTransaction } from './sqlite.ts';
import { WalSync } from './wal-sync.ts';

/** The data file, and what this process knows of its contents because it is the only writer. */
export class DataFile {
  readonly db: DatabaseSync;
  readonly log: LogTable;
  readonly ledger: LedgerTable;
  readonly #checkpointer: Checkpointer;
  readonly #walSync: WalSync;

  constructor(db: DatabaseSync, path: string) {
    this.db = db;
    this.#walSync = new WalSync(path);
    this.#checkpointer = new Checkpointer(db, path);
    this.log = new LogTable(db);
    this.ledger = new LedgerTable(db);
  }

  /**
   * Runs `work` in one transaction, together with the counts that wait to be written.
   *
   * All of it is committed when this returns, and survives the end of the process; a power cut it survives only once
   * `synced` has resolved. When this throws, nothing is committed, and the waiting counts go on waiting.
   */
  transaction<T>(work: () => T): T {
    if (this.#walSync.failure !== undefined) throw this.#walSync.failure;
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

  /**
   * Resolves when all that is committed now is on disk, in the order of the commits. Whoever tells somebody outside of
   * a commit waits for this first.
   */
  synced(): Promise<void> {
    return this.#walSync.synced();
  }

  close(): void {
    this.#checkpointer.close();
    this.#walSync.close();
    this.db.close();
  }
}
