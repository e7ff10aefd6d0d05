import type { DeadLetter } from '../../contracts/dead-letter.ts';
import type { Topic } from '../../contracts/topics.ts';
import type { TraceContext } from '../tracing/tracing.ts';
import type {
  DueTimer,
  EffectChange,
  Emit,
  Input,
  KeySpace,
  TopicRecord,
  ViewChange,
} from './keyed-process.ts';

/** The stored row of one key: a slot per process of the runner. */
export type StateRow = { readonly [slot: string]: unknown };

/** A timer and the process that set it. */
export interface OwnedTimer extends DueTimer {
  readonly process: string;
}

/** How many inputs a process ended how. `reason` is empty where an outcome has none. */
export interface LedgerEntry {
  /** The process, or `gateway` and `log` for what happens before the first process. */
  readonly stage: string;
  readonly topic: string;
  readonly outcome: string;
  readonly reason: string;
  readonly count: number;
}

/** A dead letter that somebody asked to try again: a record for one process, or a timer. */
export type Redelivery =
  | { readonly deadLetterId: string; readonly process: string; readonly input: Input }
  | { readonly deadLetterId: string; readonly timer: OwnedTimer };

/** With the trace whose work it is, if there is one: kept beside it wherever it goes. */
export type Traced<T> = T & { readonly trace?: TraceContext };

/** A key of one key space, as its row is stored. */
export interface StateKey {
  readonly keySpace: KeySpace;
  readonly key: string;
}

/** The name under which ledger and dead letters have timers, in place of a topic. */
export const TIMERS = 'timers';

/** Everything that one pass of the runner decided. */
export interface Commit {
  /** `expected` is the position that the pass started from; another one there means a second owner. */
  readonly positions: readonly { readonly topic: Topic; readonly expected: number; readonly next: number }[];
  readonly states: readonly {
    readonly keySpace: KeySpace;
    readonly key: string;
    readonly row: StateRow | null;
  }[];
  readonly timers: readonly {
    readonly process: string;
    readonly key: string;
    readonly name: string;
    readonly dueAt: number | null;
  }[];
  /** In order; each topic's offsets follow on what `nextOffset` answered. */
  readonly facts: readonly Traced<Emit>[];
  readonly effects: readonly Traced<EffectChange>[];
  readonly views: readonly ViewChange[];
  readonly ledger: readonly LedgerEntry[];
  readonly deadLetters: readonly DeadLetter[];
  /** Redeliveries that went well this time. */
  readonly redelivered: readonly string[];
}

/**
 * State, timers and positions of one partition, owned by one runner.
 *
 * `commit` is one transaction: all of it is stored, or none. It throws `PositionTaken` when another runner
 * has moved on from the expected positions. Everything here throws `StorageUnavailable` when the disk does not
 * play along for now. Not promised: that a second owner is noticed by a commit that moves no position.
 */
export interface PartitionStore {
  positions(topics: readonly Topic[]): Promise<ReadonlyMap<Topic, number>>;
  /** Fetches the rows of these keys, so that `load` has them at once. */
  prefetch(keys: readonly StateKey[]): Promise<void>;
  /**
   * The row of a key, at once. A store that other machines share has only the rows of the last `prefetch`, and
   * throws for any other key: its processes must not be chained.
   */
  load(keySpace: KeySpace, key: string): StateRow | undefined;
  /** Earliest first. */
  dueTimers(now: number, limit: number): Promise<readonly OwnedTimer[]>;
  nextTimerAt(): Promise<number | undefined>;
  redeliveries(limit: number): Promise<readonly Redelivery[]>;
  /** The offset that the next fact of the topic will get; −1 where only the log can tell. */
  nextOffset(topic: Topic): number;
  commit(commit: Commit, now: number): Promise<void>;
  /**
   * Resolves when all that is committed now survives a power cut; rejects with `StorageUnavailable`, and then takes no more
   * writes. Not there where `commit` waits for that itself.
   */
  synced?(): Promise<void>;
}

/** A store that differs from another one in what is given. Without that, it has no `synced`. */
export const likeStore = (store: PartitionStore, different: Partial<PartitionStore>): PartitionStore => ({
  positions: (topics) => store.positions(topics),
  prefetch: (keys) => store.prefetch(keys),
  load: (keySpace, key) => store.load(keySpace, key),
  dueTimers: (now, limit) => store.dueTimers(now, limit),
  nextTimerAt: () => store.nextTimerAt(),
  redeliveries: (limit) => store.redeliveries(limit),
  nextOffset: (topic) => store.nextOffset(topic),
  commit: (commit, now) => store.commit(commit, now),
  ...different,
});

/** A place of the log that no process gets to see, but that must be accounted for. */
export interface PassedOver {
  readonly topic: Topic;
  readonly partition: number;
  readonly offset: number;
  readonly appendedAt: number;
  readonly key: string;
  /** `sent_again`: its writer has sent it before, under the same number. `not_decodable`: nobody can read it. */
  readonly passedOver: 'sent_again' | 'not_decodable';
  /** What is wrong with it, in words; never customer text. */
  readonly detail: string;
  /** As JSON text, what there is of it. */
  readonly payload: string;
}

/** Input of a runner: the records that it has not consumed, over all its topics, in the order of arrival. */
export interface InputFeed {
  /** At most `limit` records; empty when there are none now. Taken records are not handed out again. */
  take(limit: number): Promise<readonly (TopicRecord<Topic> | PassedOver)[]>;
  /** Begins again at these positions, after a pass that was not committed. */
  seek(positions: ReadonlyMap<Topic, number>): void;
}

/**
 * Another runner owns the partition now, or may: what this one knows of the stored state can be trusted no
 * longer. It must stop; whoever goes on begins with what is stored.
 */
export class PositionTaken extends Error {
  override readonly name = 'PositionTaken';
}
