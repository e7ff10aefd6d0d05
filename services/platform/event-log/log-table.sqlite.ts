import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { isTopic, type Topic } from '../../contracts/topics.ts';
import type { TopicRecord } from '../keyed-process/keyed-process.ts';
import { batchLines, encodeBatch, parseLine } from './record-batch.ts';

/** A stored batch, still encoded. */
export interface StoredBatch {
  /** Order of arrival over all topics. */
  readonly seq: number;
  readonly topic: Topic;
  readonly partition: number;
  readonly baseOffset: number;
  readonly count: number;
  readonly appendedAt: number;
  readonly codec: number;
  readonly payload: Uint8Array;
}

/**
 * The log's table. Knows the end of every topic, as this process is the file's only writer.
 *
 * `append` runs inside the caller's transaction; `rolledBack` must be called when that fails. The last batch
 * of a topic is never removed, because the next offset is read from it.
 */
export class LogTable {
  readonly #ends = new Map<string, number>();
  readonly #insert: StatementSync;
  readonly #from: StatementSync;
  readonly #end: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      'INSERT INTO log_batch (topic, partition, base_offset, count, appended_at, codec, payload) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#from = db.prepare(
      `SELECT seq, topic, partition, base_offset, count, appended_at, codec, payload FROM log_batch
       WHERE topic = ?1 AND partition = ?2 AND base_offset >= coalesce(
         (SELECT max(base_offset) FROM log_batch WHERE topic = ?1 AND partition = ?2 AND base_offset <= ?3), 0)
       ORDER BY base_offset LIMIT ?4`,
    );
    this.#end = db.prepare(
      'SELECT base_offset + count AS end FROM log_batch WHERE topic = ? AND partition = ? ORDER BY base_offset DESC LIMIT 1',
    );
  }

  end(topic: Topic, partition: number): number {
    const place = `${topic}/${partition}`;
    const known = this.#ends.get(place);
    if (known !== undefined) return known;
    const end = Number(this.#end.get(topic, partition)?.end ?? 0);
    this.#ends.set(place, end);
    return end;
  }

  /** Appends one batch of records, given as `lines` of `encodeLine`. */
  append(topic: Topic, partition: number, lines: readonly string[], now: number): void {
    const count = lines.length;
    if (count === 0) return;
    const base = this.end(topic, partition);
    const { codec, payload } = encodeBatch(lines);
    this.#insert.run(topic, partition, base, count, now, codec, payload);
    this.#ends.set(`${topic}/${partition}`, base + count);
  }

  /** Forgets the ends that a failed transaction had moved. */
  rolledBack(): void {
    this.#ends.clear();
  }

  /** At most `limit` batches, beginning with the one that holds `offset` or, where that is gone, the next. */
  batchesFrom(topic: Topic, partition: number, offset: number, limit: number): StoredBatch[] {
    if (offset >= this.end(topic, partition)) return [];
    return this.#from
      .all(topic, partition, offset, limit)
      .map(toBatch)
      .filter((batch) => batch.baseOffset + batch.count > offset);
  }
}

/** At most `limit` records of a batch, from `offset` on. Places that were emptied are passed over. */
export function recordsOf(batch: StoredBatch, offset: number, limit: number): TopicRecord<Topic>[] {
  const records: TopicRecord<Topic>[] = [];
  const lines = batchLines(batch);
  for (let index = Math.max(0, offset - batch.baseOffset); index < lines.length; index += 1) {
    if (records.length >= limit) break;
    const record = recordAt(batch, lines, batch.baseOffset + index);
    if (record !== undefined) records.push(record);
  }
  return records;
}

/** The one record of a batch at `offset`, without parsing the others. Nothing where the place was emptied. */
export function recordAt(
  batch: StoredBatch,
  lines: readonly string[],
  offset: number,
): TopicRecord<Topic> | undefined {
  const line = lines[offset - batch.baseOffset];
  return line === undefined || line === '' ? undefined : recordOf(batch, line, offset - batch.baseOffset);
}

function recordOf(batch: StoredBatch, line: string, index: number): TopicRecord<Topic> {
  const [key, value, trace] = parseLine(line);
  return {
    topic: batch.topic,
    partition: batch.partition,
    key,
    // What was appended to the topic had the topic's type; nothing else writes the table.
    value: value as TopicRecord<Topic>['value'],
    offset: batch.baseOffset + index,
    appendedAt: batch.appendedAt,
    ...(trace === undefined ? {} : { trace }),
  };
}

function toBatch(row: Record<string, unknown>): StoredBatch {
  const topic = String(row.topic);
  if (!isTopic(topic)) throw new Error(`the log holds a topic that this version does not know: ${topic}`);
  if (!(row.payload instanceof Uint8Array))
    throw new Error(`batch ${String(row.seq)} of ${topic} has no payload`);
  return {
    seq: Number(row.seq),
    topic,
    partition: Number(row.partition),
    baseOffset: Number(row.base_offset),
    count: Number(row.count),
    appendedAt: Number(row.appended_at),
    codec: Number(row.codec),
    payload: row.payload,
  };
}
