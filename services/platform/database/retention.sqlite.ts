import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { TOPICS } from '../../contracts/topics.ts';
import { EMBEDDED_PARTITION } from '../event-log/event-log.sqlite.ts';
import type { DataFile } from './data-file.ts';

/** What one step of pruning did. */
export interface Pruned {
  readonly batches: number;
  readonly ids: number;
  /** Dead letters that were settled. */
  readonly letters: number;
  /** Of the tables that services keep for what they show. */
  readonly rows: number;
  /** False when there may be more to remove now; the next step goes on where this one stopped. */
  readonly done: boolean;
}

/**
 * Removes a few rows of a service's own tables that are older than an instant, epoch ms, within the transaction that is
 * open. `done`: there is nothing more to remove now.
 */
export type Forget = (tooOld: number) => { readonly removed: number; readonly done: boolean };

/**
 * Removes what is older than the retention, in steps that keep the pipeline waiting for a few milliseconds.
 *
 * A log batch goes when it is too old and every consumer of its topic is past it; the last batch of a topic
 * stays, as the next offset is read from it. An id goes when it is too old: its record, sent again, would then
 * count as new. A dead letter goes when it was retried or given up and is too old; one that waits for somebody stays. The file
 * does not shrink; freed pages are used again.
 */
export class Retention {
  readonly #file: DataFile;
  readonly #sql: ReturnType<typeof statements>;
  readonly #forgets: Forget[] = [];
  /** Ids are swept in the order of their key; this is where the sweep has come to. */
  #swept: { readonly topic: string; readonly id: string } | undefined;

  constructor(file: DataFile) {
    this.#file = file;
    this.#sql = statements(file.db);
  }

  /** What services want forgotten besides. */
  alsoForget(forgets: readonly Forget[]): void {
    this.#forgets.push(...forgets);
  }

  /** One step. `retentionMs` counts back from `now`. */
  prune(now: number, retentionMs: number): Pruned {
    const tooOld = now - retentionMs;
    return this.#file.transaction(() => {
      const batches = this.#pruneLog(tooOld);
      const ids = this.#sweepIds(tooOld);
      const letters = Number(this.#sql.pruneLetters.run(tooOld, LETTERS_PER_STEP).changes);
      const rows = this.#forgets.map((forget) => forget(tooOld));
      return {
        batches,
        ids: ids.removed,
        letters,
        rows: rows.reduce((sum, { removed }) => sum + removed, 0),
        done:
          batches < BATCHES_PER_STEP &&
          ids.atEnd &&
          letters < LETTERS_PER_STEP &&
          rows.every(({ done }) => done),
      };
    });
  }

  #pruneLog(tooOld: number): number {
    let removed = 0;
    for (const topic of Object.keys(TOPICS)) {
      if (removed < BATCHES_PER_STEP) removed += this.#pruneTopic(topic, tooOld, BATCHES_PER_STEP - removed);
    }
    return removed;
  }

  /** From the oldest batch on, up to the first that must stay. */
  #pruneTopic(topic: string, tooOld: number, limit: number): number {
    const consumedTo = this.#sql.consumedTo.get(topic, EMBEDDED_PARTITION)?.offset;
    const oldest = this.#sql.oldest.all(topic, EMBEDDED_PARTITION, limit + 1);
    const young = oldest.findIndex(
      (batch) =>
        Number(batch.appended_at) >= tooOld ||
        (consumedTo !== null && Number(batch.end) > Number(consumedTo)),
    );
    // The last one looked at stays: it may be the last one of its topic.
    const removed = oldest.slice(0, young === -1 ? oldest.length - 1 : Math.min(young, oldest.length - 1));
    for (const batch of removed) this.#sql.removeBatch.run(Number(batch.seq));
    return removed.length;
  }

  #sweepIds(tooOld: number): { readonly removed: number; readonly atEnd: boolean } {
    const from = this.#swept ?? { topic: '', id: '' };
    const upTo = this.#sql.idAfter.get(from.topic, from.id, IDS_PER_STEP - 1);
    const atEnd = upTo === undefined;
    const to = atEnd ? AFTER_ALL : { topic: String(upTo.topic), id: String(upTo.id) };
    this.#swept = atEnd ? undefined : to;
    const { changes } = this.#sql.pruneIds.run(from.topic, from.id, to.topic, to.id, tooOld);
    return { removed: Number(changes), atEnd };
  }
}

/** Thirteen months: rules can be replayed over the same season of the year before. Ids are kept as long. */
export const DEFAULT_RETENTION_DAYS = 400;

/** A batch holds up to a few hundred records; removing two hundred takes about two milliseconds. */
const BATCHES_PER_STEP = 200;
/** Looking at five thousand neighbouring ids takes about two milliseconds. */
const IDS_PER_STEP = 5_000;
/** A letter holds a whole record; removing five hundred takes a few milliseconds. */
const LETTERS_PER_STEP = 500;
/** Topic names are lower-case letters, and `~` sorts after them. */
const AFTER_ALL = { topic: '~', id: '' };

const statements = (db: DatabaseSync) =>
  ({
    consumedTo: db.prepare(
      'SELECT min(next_offset) AS offset FROM position WHERE topic = ? AND partition = ?',
    ),
    oldest: db.prepare(
      `SELECT seq, appended_at, base_offset + count AS end FROM log_batch
       WHERE topic = ? AND partition = ? ORDER BY base_offset LIMIT ?`,
    ),
    removeBatch: db.prepare('DELETE FROM log_batch WHERE seq = ?'),
    idAfter: db.prepare(
      'SELECT topic, id FROM log_seen WHERE (topic, id) > (?, ?) ORDER BY topic, id LIMIT 1 OFFSET ?',
    ),
    pruneIds: db.prepare(
      'DELETE FROM log_seen WHERE (topic, id) > (?, ?) AND (topic, id) <= (?, ?) AND at < ?',
    ),
    // Those that wait for somebody stay.
    pruneLetters: db.prepare(
      `DELETE FROM dead_letter WHERE rowid IN (
         SELECT rowid FROM dead_letter WHERE status IN ('retried', 'dropped') AND at < ? LIMIT ?)`,
    ),
  }) satisfies Record<string, StatementSync>;
