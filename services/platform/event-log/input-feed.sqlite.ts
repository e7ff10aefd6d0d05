import type { Topic } from '../../contracts/topics.ts';
import type { TopicRecord } from '../keyed-process/keyed-process.ts';
import type { InputFeed } from '../keyed-process/state-store.ts';
import { EMBEDDED_PARTITION } from './event-log.sqlite.ts';
import { type LogTable, recordAt, type StoredBatch } from './log-table.sqlite.ts';
import { batchLines } from './record-batch.ts';

/** Reads several topics of the data file as one feed, in the order in which their batches arrived. */
export class SqliteInputFeed implements InputFeed {
  readonly #table: LogTable;
  readonly #heads: Head[];

  constructor(table: LogTable, positions: ReadonlyMap<Topic, number>) {
    this.#table = table;
    this.#heads = [...positions].map(([topic, next]) => ({ topic, next, open: undefined }));
  }

  async take(limit: number): Promise<readonly TopicRecord<Topic>[]> {
    const taken: TopicRecord<Topic>[] = [];
    while (taken.length < limit) {
      const head = this.#earliestHead();
      if (head?.open === undefined) break;
      takeFrom(head, head.open, limit, taken);
    }
    return taken;
  }

  seek(positions: ReadonlyMap<Topic, number>): void {
    for (const head of this.#heads) {
      head.next = positions.get(head.topic) ?? head.next;
      head.open = undefined;
    }
  }

  #earliestHead(): Head | undefined {
    let earliest: Head | undefined;
    for (const head of this.#heads) {
      head.open ??= this.#openBatch(head);
      if (head.open === undefined) continue;
      if (earliest?.open === undefined || head.open.batch.seq < earliest.open.batch.seq) earliest = head;
    }
    return earliest;
  }

  #openBatch(head: Head): OpenBatch | undefined {
    const [batch] = this.#table.batchesFrom(head.topic, EMBEDDED_PARTITION, head.next, 1);
    if (batch === undefined) return undefined;
    // Behind a gap that retention has left, the batch begins later than expected.
    head.next = Math.max(head.next, batch.baseOffset);
    return { batch, lines: batchLines(batch), end: batch.baseOffset + batch.count };
  }
}

/** Parses only what is taken: a large batch is read in as many parts as passes need it. */
function takeFrom(head: Head, open: OpenBatch, limit: number, taken: TopicRecord<Topic>[]): void {
  while (taken.length < limit && head.next < open.end) {
    const record = recordAt(open.batch, open.lines, head.next);
    if (record !== undefined) taken.push(record);
    head.next += 1;
  }
  if (head.next >= open.end) head.open = undefined;
}

/** Where a topic has been read up to, and the batch that holds the next record. */
interface Head {
  readonly topic: Topic;
  next: number;
  open: OpenBatch | undefined;
}

interface OpenBatch {
  readonly batch: StoredBatch;
  readonly lines: readonly string[];
  /** The offset behind the batch's last record. */
  readonly end: number;
}
