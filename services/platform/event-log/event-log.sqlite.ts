import { createHash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Topic } from '../../contracts/topics.ts';
import type { LedgerTable } from '../database/ledger.sqlite.ts';
import { inTransaction } from '../database/sqlite.ts';
import type { TopicRecord } from '../keyed-process/keyed-process.ts';
import { crashPoint } from '../process/crash-point.ts';
import type { Clock } from '../time/clock.ts';
import { type EventLog, type Publishable, type PublishResult, StorageUnavailable } from './event-log.ts';
import { type LogTable, recordAt, recordsOf, type StoredBatch } from './log-table.sqlite.ts';
import { batchLines } from './record-batch.ts';

/** The embedded log has one partition: one process, one order. */
export const EMBEDDED_PARTITION = 0;

/**
 * The event log in the data file.
 *
 * Publishes that wait at the same time share one transaction, so that many small requests cost few syncs.
 */
export class SqliteEventLog implements EventLog {
  readonly #db: DatabaseSync;
  readonly #table: LogTable;
  readonly #ledger: LedgerTable;
  readonly #clock: Clock;
  readonly #seen: StatementSync;
  readonly #appended = new Set<() => void>();
  #waiting: Waiting[] = [];
  #closed = false;

  constructor(db: DatabaseSync, table: LogTable, ledger: LedgerTable, clock: Clock) {
    this.#db = db;
    this.#table = table;
    this.#ledger = ledger;
    this.#clock = clock;
    this.#seen = db.prepare('INSERT INTO log_seen (id, at) VALUES (?, ?) ON CONFLICT DO NOTHING');
  }

  publish<T extends Topic>(topic: T, records: readonly Publishable<T>[]): Promise<readonly PublishResult[]> {
    if (this.#closed) return Promise.reject(new StorageUnavailable('closed', 'the log is closed'));
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#flush());
      this.#waiting.push({ topic, records, resolve, reject });
    });
  }

  async read<T extends Topic>(
    topic: T,
    partition: number,
    offset: number,
    limit: number,
  ): Promise<readonly TopicRecord<T>[]> {
    const records: TopicRecord<Topic>[] = [];
    let next = offset;
    while (records.length < limit) {
      const [batch] = this.#table.batchesFrom(topic, partition, next, 1);
      if (batch === undefined) break;
      for (const record of recordsOf(batch, next)) if (records.length < limit) records.push(record);
      next = batch.baseOffset + batch.count;
    }
    // Only batches of `topic` were read, so the records are of its type.
    return records as unknown as TopicRecord<T>[];
  }

  async fetch<T extends Topic>(
    topic: T,
    partition: number,
    offsets: readonly number[],
  ): Promise<readonly TopicRecord<T>[]> {
    const found: TopicRecord<Topic>[] = [];
    let open: { batch: StoredBatch; lines: string[] } | undefined;
    for (const offset of offsets) {
      if (
        open === undefined ||
        offset < open.batch.baseOffset ||
        offset >= open.batch.baseOffset + open.batch.count
      ) {
        const [batch] = this.#table.batchesFrom(topic, partition, offset, 1);
        open = batch === undefined ? undefined : { batch, lines: batchLines(batch) };
      }
      const record = open === undefined ? undefined : recordAt(open.batch, open.lines, offset);
      if (record !== undefined) found.push(record);
    }
    // As above.
    return found as unknown as TopicRecord<T>[];
  }

  async endOffset(topic: Topic, partition: number): Promise<number> {
    return this.#table.end(topic, partition);
  }

  /** Calls `listener` after each publish that appended something. Returns how to stop listening. */
  onAppend(listener: () => void): () => void {
    this.#appended.add(listener);
    return () => this.#appended.delete(listener);
  }

  /** Writes what is waiting, then refuses further publishes. */
  close(): void {
    this.#flush();
    this.#closed = true;
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0) return;
    try {
      const results = inTransaction(this.#db, () => {
        const stored = this.#store(waiting);
        this.#ledger.flush();
        return stored;
      });
      crashPoint('cp1');
      if (waiting.some((one) => one.topic === 'alert-commands')) crashPoint('cp10');
      for (const [index, one] of waiting.entries()) one.resolve(results[index] ?? []);
    } catch (error) {
      this.#table.rolledBack();
      this.#ledger.rolledBack();
      for (const one of waiting) one.reject(error);
      return;
    }
    for (const listener of this.#appended) listener();
  }

  #store(waiting: readonly Waiting[]): PublishResult[][] {
    const now = this.#clock.now();
    return waiting.map(({ topic, records }) => {
      const fresh: { key: string; value: unknown }[] = [];
      const results = records.map((record): PublishResult => {
        const isNew = this.#seen.run(hashId(topic, record.id), now).changes === 1;
        if (isNew) fresh.push(record);
        return isNew ? 'accepted' : 'repeated';
      });
      this.#table.append(topic, EMBEDDED_PARTITION, fresh, now);
      this.#ledger.add('log', topic, 'accepted', '', fresh.length);
      this.#ledger.add('log', topic, 'repeated', '', records.length - fresh.length);
      return results;
    });
  }
}

interface Waiting {
  readonly topic: Topic;
  readonly records: readonly Publishable<Topic>[];
  readonly resolve: (results: readonly PublishResult[]) => void;
  readonly reject: (error: unknown) => void;
}

/** 128 bits: two of 10¹² ids are taken for one another with a chance below 10⁻¹⁴. */
const hashId = (topic: Topic, id: string): Uint8Array =>
  createHash('sha256').update(`${topic}\0${id}`).digest().subarray(0, 16);
