import type { Topic } from '../../contracts/topics.ts';
import type { FetchedRecord } from '../event-log/input-feed.kafka.ts';

/** One partition of a service as an instance has it open: state, feed, runner and relay. */
export interface OpenPartition {
  /** Takes the partition from whoever had it and says where each topic stands. */
  positions(topics: readonly Topic[]): Promise<ReadonlyMap<Topic, number>>;
  readonly feed: {
    begin(topic: Topic, offset: number, inOrderUntil: number): void;
    tail(topic: Topic): number;
    /** True: full, until there is room again. */
    push(topic: Topic, records: readonly FetchedRecord[], nextOffset: number): boolean;
    waiting(): readonly {
      readonly topic: Topic;
      readonly count: number;
      /** The first offset that is not committed. */
      readonly next: number;
      readonly since: number | undefined;
      /** No room for more: the topic is not fetched. */
      readonly full: boolean;
    }[];
  };
  /** Works until `stop`. Rejects with `PositionTaken` when somebody else has the partition. */
  run(stop: AbortSignal): Promise<void>;
  /** Says that there may be something to do. */
  wake(): void;
  /** When the runner last looked for work, epoch ms. */
  readonly lastScanAt: number;
}

/** A topic of an open partition, of which the log holds more than was fetched. */
export interface Unfetched {
  readonly topic: Topic;
  readonly partition: number;
  /** The offset that is to be fetched next. */
  readonly next: number;
  readonly end: number;
}
