import { DatabaseSync } from 'node:sqlite';
import { StorageUnavailable } from '../event-log/event-log.ts';
import { DataFolderUnusable } from './data-folder.ts';

/** One forward step of the stored layout. Ids sort in the order of application and never change. */
export interface Migration {
  readonly id: string;
  readonly sql: string;
}

/**
 * Opens the SQLite file and brings its layout up to date, each migration in its own transaction.
 *
 * Commits are in the write-ahead log when they return, and reach the disk in their order: `WalSync` says when. A file
 * that a newer Tocsin has migrated is refused, untouched.
 */
export function openSqlite(file: string, migrations: readonly Migration[]): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA foreign_keys = ON;
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -${CACHE_KIB};
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
    `);
    migrate(db, file, migrations);
    return db;
  } catch (error) {
    db?.close();
    throw whyNotOpened(file, error);
  }
}

/** Readers outside (backup, the sqlite3 shell) may hold a lock for a moment. */
const BUSY_TIMEOUT_MS = 5_000;
/** Page cache, filled as needed. Holds a hundred thousand customers, or the upper levels of every tree of ten million. */
const CACHE_KIB = 256 * 1024;
/** Pages of WAL at which a commit itself moves them into the file: only when `Checkpointer` does not keep up. */
const CHECKPOINT_PAGES = 32_000;

function whyNotOpened(file: string, error: unknown): unknown {
  if (DAMAGED.has(primaryCode(error))) {
    return new DataFolderUnusable(
      'damaged',
      `${file}: not a data file of Tocsin, or damaged (${String((error as Error).message)}); restore the last backup, or choose another folder with --data DIR`,
    );
  }
  const cause = asStorageError(error);
  if (!(cause instanceof StorageUnavailable)) return error;
  return new DataFolderUnusable(
    'not_writable',
    `${file}: cannot be written (${String((error as Error).message)}); give this user the right and the disk the room to write it`,
  );
}

/** https://sqlite.org/rescode.html: corrupt, not a database. */
const DAMAGED: ReadonlySet<number> = new Set([11, 26]);

function migrate(db: DatabaseSync, file: string, migrations: readonly Migration[]): void {
  db.exec(
    'CREATE TABLE IF NOT EXISTS migration (id TEXT PRIMARY KEY, applied_at INTEGER NOT NULL) WITHOUT ROWID',
  );
  const applied = new Set(
    db
      .prepare('SELECT id FROM migration')
      .all()
      .map((row) => String(row.id)),
  );
  const unknown = [...applied].filter((id) => !migrations.some((migration) => migration.id === id));
  if (unknown.length > 0) {
    throw new DataFolderUnusable(
      'newer_version',
      `${file}: written by a newer Tocsin (it has ${unknown.join(', ')}); run that version, or restore the backup taken before the upgrade`,
    );
  }
  const record = db.prepare("INSERT INTO migration (id, applied_at) VALUES (?, unixepoch('subsec') * 1000)");
  for (const migration of migrations.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    if (applied.has(migration.id)) continue;
    inTransaction(db, () => {
      db.exec(migration.sql);
      record.run(migration.id);
    });
  }
}

/** Runs `work` in one immediate transaction; anything thrown rolls it back. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  try {
    db.exec('BEGIN IMMEDIATE');
  } catch (error) {
    throw asStorageError(error);
  }
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite has already rolled back after some errors, a full disk among them.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw asStorageError(error);
  }
}

/** Names the errors of SQLite that mean "not now"; others pass through as they are. */
export function asStorageError(error: unknown): unknown {
  const reason = STORAGE_REASONS[primaryCode(error)];
  if (reason === undefined) return error;
  return new StorageUnavailable(
    reason,
    `the data file cannot be used now: ${String((error as Error).message)}`,
    error,
  );
}

/** Extended result codes carry the primary code in their low byte; https://sqlite.org/rescode.html. */
const primaryCode = (error: unknown): number => ((error as { errcode?: number }).errcode ?? 0) & 0xff;

const STORAGE_REASONS: { readonly [code: number]: StorageUnavailable['reason'] | undefined } = {
  5: 'busy',
  6: 'busy',
  8: 'not_writable',
  10: 'io_error',
  13: 'disk_full',
  14: 'not_writable',
};
