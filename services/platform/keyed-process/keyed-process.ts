import type { Topic, TopicValues } from '../../contracts/topics.ts';
import type { TraceContext } from '../tracing/tracing.ts';

/**
 * The keyed process: `(state of the key, input or due timer, now) → step`.
 *
 * Handlers are pure. No clock, no I/O, no randomness, and no change to the state they were given: time comes
 * in, a `Step` comes out, and the runner commits it in one transaction together with the input's position.
 * A handler may therefore run again for the same input after a crash, and must then return the same step.
 */
export interface KeyedProcess<State> {
  /** Unique; names the process in ledgers, metrics and dead letters, for example `scoring`. */
  readonly name: string;
  /**
   * What its keys are: `customer`, `alert`, `identity`, `record`. Processes of one runner that share a key
   * space share one stored row per key, in which each has its own slot named after the process. A process over
   * `record` keeps no state: each of its keys comes once, so nothing is loaded, and what it returns is dropped.
   */
  readonly keySpace: KeySpace;
  readonly inputs: readonly Topic[];
  onInput(state: State | undefined, input: Input, now: number): Step<State>;
  onTimer?(state: State | undefined, timer: DueTimer, now: number): Step<State>;
}

export const KEY_SPACES = ['record', 'identity', 'customer', 'segment', 'alert'] as const;
export type KeySpace = (typeof KEY_SPACES)[number];

/** A record of one topic. Narrow on `topic` to get its value's type. */
export type Input = { [T in Topic]: TopicRecord<T> }[Topic];

export interface TopicRecord<T extends Topic> {
  readonly topic: T;
  readonly key: string;
  readonly value: TopicValues[T];
  readonly partition: number;
  /** Position in its topic and partition. Never reused; grows by one. */
  readonly offset: number;
  /** When the log took it, epoch ms. */
  readonly appendedAt: number;
  /** The trace that it belongs to. Nothing for handlers to look at. */
  readonly trace?: TraceContext;
}

export interface DueTimer {
  readonly key: string;
  readonly name: string;
  readonly dueAt: number;
}

/** What a handler decided, as data. */
export interface Step<State> {
  readonly outcome: Outcome;
  /** The new state; the old one stays when absent; `null` forgets the key. */
  readonly state?: State | null;
  readonly emit?: readonly Emit[];
  readonly timers?: readonly TimerChange[];
  readonly effects?: readonly EffectChange[];
  readonly views?: readonly ViewChange[];
}

/** How the ledger counts the input. Exactly one per input and process. */
export type Outcome =
  | { readonly type: 'handled'; readonly reason?: string }
  | { readonly type: 'skipped'; readonly reason: string }
  | { readonly type: 'deadLetter'; readonly reason: string; readonly detail: string };

export const HANDLED: Outcome = { type: 'handled' };
export const skipped = (reason: string): { readonly outcome: Outcome } => ({
  outcome: { type: 'skipped', reason },
});

/** A fact to append to a topic, and to hand to the processes chained behind it. */
export type Emit = {
  [T in Topic]: { readonly topic: T; readonly key: string; readonly value: TopicValues[T] };
}[Topic];

/** Sets the key's timer of that name, replacing an earlier one; `dueAt: null` clears it. */
export interface TimerChange {
  readonly name: string;
  readonly dueAt: number | null;
}

/**
 * Something to be done in the outside world after the commit, by a worker that claims it from the queue.
 * Done at least once. `payload: null` cancels an effect that has not been claimed yet.
 */
export interface EffectChange {
  /** Unique over all time; the same id is queued once. */
  readonly id: string;
  readonly queue: string;
  /** Epoch ms before which nobody claims it. */
  readonly dueAt: number;
  /** Since when it is wanted, where that is earlier: a retry is as old as what it repeats. Default: `dueAt`. */
  readonly since?: number;
  /** A JSON value. */
  readonly payload: unknown;
}

/** A row of a read model that the same transaction writes. `row: null` deletes it. */
export interface ViewChange {
  /** Name under which the read model's writer was registered. */
  readonly view: string;
  readonly id: string;
  readonly row: unknown;
}
