import type { Topic } from '../../contracts/topics.ts';
import type { TopicRecord } from '../keyed-process/keyed-process.ts';
import type { InputFeed } from '../keyed-process/state-store.ts';
import { EMBEDDED_PARTITION } from './event-log.sqlite.ts';
import { type LogTable, recordsOf } from './log-table.sqlite.ts';

/** Reads several topics of the data file as one feed, in the order in which their batches arrived. */
export class SqliteInputFeed implements InputFeed {
  readonly #table: LogTable;
  readonly #heads: Head[];

  constructor(table: LogTable, positions: ReadonlyMap<Topic, number>) {
    this.#table = table;
    this.#heads = [...positions].map(([topic, next]) => ({ topic, next, seq: 0, records: [] }));
  }

  async take(limit: number): Promise<readonly TopicRecord<Topic>[]> {
    const taken: TopicRecord<Topic>[] = [];
    while (taken.length < limit) {
      const head = this.#earliestHead();
      if (head === undefined) break;
      const part = head.records.splice(0, limit - taken.length);
      head.next += part.length;
      taken.push(...part);
    }
    return taken;
  }

  seek(positions: ReadonlyMap<Topic, number>): void {
    for (const head of this.#heads) {
      head.next = positions.get(head.topic) ?? head.next;
      head.records = [];
    }
  }

  #earliestHead(): Head | undefined {
    let earliest: Head | undefined;
    for (const head of this.#heads) {
      if (head.records.length === 0) this.#refill(head);
      if (head.records.length > 0 && (earliest === undefined || head.seq < earliest.seq)) earliest = head;
    }
    return earliest;
  }

  #refill(head: Head): void {
    const [batch] = this.#table.batchesFrom(head.topic, EMBEDDED_PARTITION, head.next, 1);
    if (batch === undefined) return;
    head.seq = batch.seq;
    head.records = recordsOf(batch, head.next);
  }
}

/** The batch that a topic has reached, without the records that were taken. */
interface Head {
  readonly topic: Topic;
  next: number;
  seq: number;
  records: TopicRecord<Topic>[];
}
