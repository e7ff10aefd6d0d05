import type { StatementSync } from 'node:sqlite';
import type { Topic } from '../../contracts/topics.ts';
import type { DataFile } from '../database/data-file.ts';
import type { TopicRecord } from '../keyed-process/keyed-process.ts';
import { crashPoint } from '../process/crash-point.ts';
import type { Clock } from '../time/clock.ts';
import { activeTrace } from '../tracing/tracing.ts';
import { type EventLog, type Publishable, type PublishResult, StorageUnavailable } from './event-log.ts';
import { recordAt, recordsOf, type StoredBatch } from './log-table.sqlite.ts';
import { batchLines, encodeLine } from './record-batch.ts';
import { seenId } from './seen-id.ts';

/** The embedded log has one partition: one process, one order. */
export const EMBEDDED_PARTITION = 0;

/**
 * The event log in the data file.
 *
 * Publishes that wait at the same time share one transaction, so that many small requests cost few syncs.
 */
export class SqliteEventLog implements EventLog {
  readonly #file: DataFile;
  readonly #clock: Clock;
  readonly #remember: StatementSync;
  readonly #appended = new Set<() => void>();
  #waiting: Waiting[] = [];
  #closed = false;

  constructor(file: DataFile, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
    this.#remember = file.db.prepare(
      'INSERT INTO log_seen (topic, id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
  }

  async publish<T extends Topic>(
    topic: T,
    records: readonly Publishable<T>[],
  ): Promise<readonly PublishResult[]> {
    if (this.#closed) throw new StorageUnavailable('closed', 'the log is closed');
    // Encoded at once: a value that JSON cannot hold fails its own publish and nobody else's.
    const trace = activeTrace();
    const encoded = records.map(({ id, key, value }) => ({
      id: seenId(id),
      line: encodeLine(key, value, trace),
    }));
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => void this.#flush());
      this.#waiting.push({ topic, records: encoded, resolve, reject });
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
      const [batch] = this.#file.log.batchesFrom(topic, partition, next, 1);
      if (batch === undefined) break;
      records.push(...recordsOf(batch, next, limit - records.length));
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
        const [batch] = this.#file.log.batchesFrom(topic, partition, offset, 1);
        open = batch === undefined ? undefined : { batch, lines: batchLines(batch) };
      }
      const record = open === undefined ? undefined : recordAt(open.batch, open.lines, offset);
      if (record !== undefined) found.push(record);
    }
    // As above.
    return found as unknown as TopicRecord<T>[];
  }

  async endOffset(topic: Topic, partition: number): Promise<number> {
    return this.#file.log.end(topic, partition);
  }

  /** Calls `listener` after each transaction that appended what was published. Returns how to stop listening. */
  onAppend(listener: () => void): () => void {
    this.#appended.add(listener);
    return () => this.#appended.delete(listener);
  }

  /** Writes what is waiting, then refuses further publishes. */
  close(): void {
    this.#closed = true;
    while (this.#waiting.length > 0) void this.#flush();
  }

  /** Writes the publishes that wait, up to a limit; the others follow when others had their turn. */
  async #flush(): Promise<void> {
    const together = this.#takeWaiting();
    if (together.length === 0) return;
    try {
      const results = this.#file.transaction(() => this.#store(together));
      for (const listener of this.#appended) listener();
      await this.#file.synced();
      crashPoint('cp1');
      if (together.some((one) => one.topic === 'alert-commands')) crashPoint('cp10');
      for (const [index, one] of together.entries()) one.resolve(results[index] ?? []);
    } catch (error) {
      for (const one of together) one.reject(error);
    }
  }

  #takeWaiting(): Waiting[] {
    let taken = 0;
    let records = 0;
    for (const one of this.#waiting) {
      if (records >= RECORDS_TOGETHER) break;
      records += one.records.length;
      taken += 1;
    }
    const together = this.#waiting.splice(0, taken);
    if (this.#waiting.length > 0) setImmediate(() => void this.#flush());
    return together;
  }

  /** Neighbours of one topic become one batch: order of arrival is kept, and large batches compress well. */
  #store(waiting: readonly Waiting[]): PublishResult[][] {
    const now = this.#clock.now();
    let open: Batch | undefined;
    const results = waiting.map(({ topic, records }) => {
      if (open !== undefined && open.topic !== topic) this.#append(open, now);
      if (open?.topic !== topic) open = { topic, repeated: 0, lines: [] };
      const batch = open;
      return records.map(({ id, line }): PublishResult => {
        const isNew = this.#remember.run(topic, id, now).changes === 1;
        if (isNew) batch.lines.push(line);
        else batch.repeated += 1;
        return isNew ? 'accepted' : 'repeated';
      });
    });
    if (open !== undefined) this.#append(open, now);
    return results;
  }

  #append({ topic, repeated, lines }: Batch, now: number): void {
    this.#file.log.append(topic, EMBEDDED_PARTITION, lines, now);
    this.#file.ledger.write([
      { stage: 'log', topic, outcome: 'accepted', reason: '', count: lines.length },
      { stage: 'log', topic, outcome: 'repeated', reason: '', count: repeated },
    ]);
  }
}

/** Publishes are put into one transaction until they hold this many records: about ten milliseconds. */
const RECORDS_TOGETHER = 1_000;

interface Waiting {
  readonly topic: Topic;
  readonly records: readonly { readonly id: string; readonly line: string }[];
  readonly resolve: (results: readonly PublishResult[]) => void;
  readonly reject: (error: unknown) => void;
}

interface Batch {
  readonly topic: Topic;
  /** Those that are new. */
  readonly lines: string[];
  repeated: number;
}
