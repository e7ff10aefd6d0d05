import type { Topic, TopicValues } from '../../contracts/topics.ts';
import type { TopicRecord } from '../keyed-process/keyed-process.ts';

/** A record to publish. `id` makes it idempotent within its topic. */
export interface Publishable<T extends Topic> {
  readonly id: string;
  readonly key: string;
  readonly value: TopicValues[T];
}

/**
 * The ordered, durable log of every topic.
 *
 * Promises: what `publish` reported is on disk; records of one key keep their order; each partition's offsets
 * grow by one; the same id published again to the same topic is reported as `repeated` and not stored.
 * Does not promise order between keys, or that ids and records are kept beyond the configured retention.
 */
export interface EventLog {
  /**
   * Appends from outside a keyed process: the gateway and commands. One answer per record, in order.
   * Rejects with `StorageUnavailable` when nothing is known to be stored; then all may be sent again. Rejects with another
   * error when a value cannot be written as JSON.
   */
  publish<T extends Topic>(topic: T, records: readonly Publishable<T>[]): Promise<readonly PublishResult[]>;
  /** At most `limit` records from `offset` on, in order. Empty when there are none (yet). */
  read<T extends Topic>(
    topic: T,
    partition: number,
    offset: number,
    limit: number,
  ): Promise<readonly TopicRecord<T>[]>;
  /** The records at exactly these offsets, where they still exist. */
  fetch<T extends Topic>(
    topic: T,
    partition: number,
    offsets: readonly number[],
  ): Promise<readonly TopicRecord<T>[]>;
  /** The offset that the next record will get. */
  endOffset(topic: Topic, partition: number): Promise<number>;
}

export type PublishResult = 'accepted' | 'repeated';

/**
 * The store could not take a write: disk full, read-only, locked. Nothing was stored, or (`io_error`) nobody can say
 * whether it was; sending again is safe.
 */
export class StorageUnavailable extends Error {
  override readonly name = 'StorageUnavailable';
  readonly reason: 'disk_full' | 'not_writable' | 'busy' | 'closed' | 'io_error';
  constructor(reason: StorageUnavailable['reason'], message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}
