import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Topic } from '../../contracts/topics.ts';
import { SqliteEventLog } from '../event-log/event-log.sqlite.ts';
import { SqliteInputFeed } from '../event-log/input-feed.sqlite.ts';
import type { InputFeed, OwnedTimer, PartitionStore } from '../keyed-process/state-store.ts';
import type { Clock } from '../time/clock.ts';
import { DataFile } from './data-file.ts';
import { SqliteDeadLetters } from './dead-letters.sqlite.ts';
import { SqliteEffectQueue } from './effect-queue.sqlite.ts';
import type { LedgerTable } from './ledger.sqlite.ts';
import { PLATFORM_MIGRATIONS } from './migrations.ts';
import { type Forget, type Pruned, Retention } from './retention.sqlite.ts';
import { type Migration, openSqlite } from './sqlite.ts';
import { SqlitePartitionStore, type ViewWriter } from './state-store.sqlite.ts';

/** Everything that the embedded pipeline keeps, in one file: log, states, timers, effects, ledger. */
export interface EmbeddedStore {
  readonly db: DatabaseSync;
  readonly log: SqliteEventLog;
  readonly effects: SqliteEffectQueue;
  readonly ledger: LedgerTable;
  readonly deadLetters: SqliteDeadLetters;
  openFeed(positions: ReadonlyMap<Topic, number>): InputFeed;
  /** The store of one runner; `consumer` names it in the table of positions. */
  partition(consumer: string, views: ReadonlyMap<string, ViewWriter>): PartitionStore;
  /** Number of timers that are set. */
  timersPending(): number;
  /** Number of timers that are due at an instant and have not fired. */
  timersOverdue(now: number): number;
  /** The earliest timers. */
  timers(limit: number): readonly OwnedTimer[];
  /** One small step of removing what is older than the retention; see `Retention`. */
  prune(now: number, retentionMs: number): Pruned;
  /** What `prune` removes besides: from tables of the services' own. */
  alsoForget(forgets: readonly Forget[]): void;
  /** Calls `wake` whenever there may be new input. */
  onInput(wake: () => void): void;
  close(): void;
}

/** Name of the file inside the data folder. */
export const DATA_FILE = 'tocsin.sqlite';

/** Opens, and creates or upgrades, the data file of a folder that this process has taken. */
export function openEmbeddedStore(
  folder: string,
  clock: Clock,
  migrations: readonly Migration[],
): EmbeddedStore {
  const path = join(folder, DATA_FILE);
  const db = openSqlite(path, [...PLATFORM_MIGRATIONS, ...migrations]);
  const file = new DataFile(db, path);
  const log = new SqliteEventLog(file, clock);
  const listeners: (() => void)[] = [];
  const wakeAll = (): void => {
    for (const wake of listeners) wake();
  };
  log.onAppend(wakeAll);
  const retention = new Retention(file);
  const timers = db.prepare('SELECT count(*) AS count FROM timer');
  const overdue = db.prepare('SELECT count(*) AS count FROM timer WHERE due_at <= ?');
  const earliest = db.prepare('SELECT process, key, name, due_at FROM timer ORDER BY due_at LIMIT ?');
  return {
    db,
    log,
    ledger: file.ledger,
    effects: new SqliteEffectQueue(file, clock, wakeAll),
    deadLetters: new SqliteDeadLetters(file, wakeAll),
    openFeed: (positions) => new SqliteInputFeed(file.log, positions),
    partition: (consumer, views) => new SqlitePartitionStore(file, consumer, views),
    timersPending: () => Number(timers.get()?.count ?? 0),
    timersOverdue: (now) => Number(overdue.get(now)?.count ?? 0),
    timers: (limit) =>
      earliest.all(limit).map((row) => ({
        process: String(row.process),
        key: String(row.key),
        name: String(row.name),
        dueAt: Number(row.due_at),
      })),
    prune: (now, retentionMs) => retention.prune(now, retentionMs),
    alsoForget: (forgets) => retention.alsoForget(forgets),
    onInput: (wake) => listeners.push(wake),
    close: () => {
      log.close();
      file.close();
    },
  };
}
