import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { RULES_MIGRATIONS, replaceKept } from '../../action-management/adapters/kept-rule-sets.sqlite.ts';
import type { KeptRuleSet } from '../../action-management/ports.ts';
import type { Topic } from '../../contracts/topics.ts';
import { PULLED_FILE } from '../../embedded/rules-replay/stored-history.sqlite.ts';
import { type DataFolder, takeDataFolder } from '../../platform/database/data-folder.ts';
import { DATA_FILE } from '../../platform/database/embedded-store.ts';
import { PLATFORM_MIGRATIONS } from '../../platform/database/migrations.ts';
import { type Migration, openSqlite } from '../../platform/database/sqlite.ts';
import { EMBEDDED_PARTITION } from '../../platform/event-log/event-log.sqlite.ts';
import { LogTable } from '../../platform/event-log/log-table.sqlite.ts';
import { encodeLine } from '../../platform/event-log/record-batch.ts';

/** A record as it lay in Kafka. */
export interface PulledRecord {
  readonly offset: number;
  /** Epoch ms. */
  readonly at: number;
  readonly key: string;
  readonly value: unknown;
}

/** The folder holds something else; `message` says what. */
export class NotForHistory extends Error {
  override readonly name = 'NotForHistory';
}

/** Records that were pulled and have no place in the log yet, since others may have come before them. */
const PULLED: readonly Migration[] = [
  {
    id: '0901-pulled',
    sql: `
      CREATE TABLE pulled (
        topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL, at INTEGER NOT NULL, line TEXT NOT NULL,
        PRIMARY KEY (topic, partition, offset)
      );
      -- So that a long history is not sorted in memory.
      CREATE INDEX pulled_in_order ON pulled (at, topic, partition, offset);
      CREATE TABLE pulled_until (
        topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (topic, partition)
      );`,
  },
];

/** A batch that is longer saves nothing more. */
const LINES_TOGETHER = 1_000;

/**
 * The history of many machines in one file, in the layout of a data folder's log, so that whatever reads that reads this.
 * What was pulled before stays, and how far it came is stored with it: a pull that was interrupted goes on from there.
 */
export class PulledFile {
  readonly #folder: DataFolder;
  readonly #db: DatabaseSync;
  readonly #log: LogTable;

  constructor(path: string) {
    if (existsSync(join(path, DATA_FILE)))
      throw new NotForHistory(
        `${path}: holds the data of an embedded Tocsin; name another folder with --data DIR`,
      );
    this.#folder = takeDataFolder(path);
    this.#db = openSqlite(join(path, PULLED_FILE), [...PLATFORM_MIGRATIONS, ...RULES_MIGRATIONS, ...PULLED]);
    this.#log = new LogTable(this.#db);
  }

  /** Where a partition is to be read on; nothing when it was never read. */
  startOf(topic: Topic, partition: number): number | undefined {
    const row = this.#db
      .prepare('SELECT next FROM pulled_until WHERE topic = ? AND partition = ?')
      .get(topic, partition);
    return row === undefined ? undefined : Number(row.next);
  }

  put(topic: Topic, partition: number, records: readonly PulledRecord[], next: number): void {
    const insert = this.#db.prepare('INSERT OR REPLACE INTO pulled VALUES (?, ?, ?, ?, ?)');
    this.#inTransaction(() => {
      for (const { offset, at, key, value } of records)
        insert.run(topic, partition, offset, at, encodeLine(key, value));
      this.#db.prepare('INSERT OR REPLACE INTO pulled_until VALUES (?, ?, ?)').run(topic, partition, next);
    });
  }

  /** Brings what was pulled into the log, in the order in which it was written to Kafka. Answers how much it was. */
  arrange(): number {
    let count = 0;
    this.#inTransaction(() => {
      const rows = this.#db
        .prepare('SELECT topic, at, line FROM pulled ORDER BY at, topic, partition, offset')
        .iterate();
      let batch: { readonly topic: Topic; readonly at: number; readonly lines: string[] } | undefined;
      const store = (): void => {
        if (batch !== undefined) this.#log.append(batch.topic, EMBEDDED_PARTITION, batch.lines, batch.at);
      };
      for (const row of rows) {
        // Only `put` writes here.
        const [topic, at] = [row.topic as Topic, Number(row.at)];
        if (batch?.topic !== topic || batch.at !== at || batch.lines.length >= LINES_TOGETHER) {
          store();
          batch = { topic, at, lines: [] };
        }
        batch.lines.push(String(row.line));
        count += 1;
      }
      store();
      this.#db.exec('DELETE FROM pulled');
    });
    return count;
  }

  keepRules(sets: readonly KeptRuleSet[]): void {
    this.#inTransaction(() => replaceKept(this.#db, sets));
  }

  /** Of everything that is in the file. */
  counts(): readonly { readonly topic: string; readonly records: number }[] {
    return this.#db
      .prepare('SELECT topic, sum(count) AS records FROM log_batch GROUP BY topic ORDER BY topic')
      .all()
      .map(({ topic, records }) => ({ topic: String(topic), records: Number(records) }));
  }

  close(): void {
    this.#db.close();
    this.#folder.release();
  }

  #inTransaction(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      this.#log.rolledBack();
      throw error;
    }
  }
}
