import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Topic } from '../../contracts/topics.ts';
import { DATA_FILE } from '../../platform/database/embedded-store.ts';
import { LogTable, recordsOf } from '../../platform/event-log/log-table.sqlite.ts';
import type { TopicRecord } from '../../platform/keyed-process/keyed-process.ts';

type Row = Record<string, unknown>;

/** What a stopped embedded Tocsin has in its data file, to be read from beginning to end. */
export class DataFileReader {
  readonly #db: DatabaseSync;
  readonly #log: LogTable;

  constructor(folder: string) {
    this.#db = new DatabaseSync(join(folder, DATA_FILE));
    this.#log = new LogTable(this.#db);
  }

  /** Rows of a table in pieces of some hundred; every piece is one write on the other side. */
  *pieces(table: MovedTable): Generator<readonly Row[]> {
    let piece: Row[] = [];
    for (const row of this.#db.prepare(`SELECT * FROM ${table} ORDER BY ${ORDER[table]}`).iterate()) {
      piece.push(row);
      if (piece.length < ROWS_TOGETHER) continue;
      yield piece;
      piece = [];
    }
    if (piece.length > 0) yield piece;
  }

  count(table: MovedTable): number {
    return Number(this.#db.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count ?? 0);
  }

  /** Where a topic ends. */
  end(topic: Topic): number {
    return this.#log.end(topic, EMBEDDED);
  }

  /** How far the pipeline has read a topic. */
  position(topic: Topic): number {
    const row = this.#db.prepare('SELECT max(next_offset) AS at FROM position WHERE topic = ?').get(topic);
    return Number(row?.at ?? 0);
  }

  /** All records of a topic that retention has left, in pieces. */
  *records(topic: Topic): Generator<readonly TopicRecord<Topic>[]> {
    for (let next = 0; ; ) {
      const [batch] = this.#log.batchesFrom(topic, EMBEDDED, next, 1);
      if (batch === undefined) return;
      yield recordsOf(batch, next, batch.count);
      next = batch.baseOffset + batch.count;
    }
  }

  /**
   * Marks the file so that no embedded Tocsin opens it again: two installations would tell people everything twice.
   * Whoever wants to go back deletes that row.
   */
  retire(): void {
    this.#db
      .prepare("INSERT OR IGNORE INTO migration (id, applied_at) VALUES (?, unixepoch('subsec') * 1000)")
      .run(RETIRED);
  }

  close(): void {
    this.#db.close();
  }
}

const EMBEDDED = 0;
const RETIRED = 'moved-to-distributed';
const ROWS_TOGETHER = 500;

const ORDER = {
  state: 'id',
  timer: 'due_at',
  effect: 'due_at',
  dead_letter: 'at',
  log_seen: 'topic, id',
  ledger: 'stage, topic, outcome, reason',
  loop_alert: 'alert_id',
  loop_audit: 'position',
  loop_held: 'event_id',
  loop_delivery: 'outcome_id',
  loop_standing: 'customer_id',
  rule_set: 'hash',
  rules_in_force: 'at, rowid',
} as const;
export type MovedTable = keyof typeof ORDER;
export const MOVED_TABLES = Object.keys(ORDER) as MovedTable[];
