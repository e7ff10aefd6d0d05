import type { Emit } from '../keyed-process/keyed-process.ts';
import type { Traced } from '../keyed-process/state-store.ts';
import type { TraceContext } from '../tracing/tracing.ts';

/** An effect that this worker holds until `leaseUntil`. */
export interface ClaimedEffect {
  readonly id: string;
  readonly queue: string;
  readonly dueAt: number;
  readonly payload: unknown;
  /**
   * True when an earlier worker claimed it and was never heard of again: it may have been done already.
   * Whoever claims it now must find out, or mark the repeat.
   */
  readonly uncertain: boolean;
  /** True when it was cancelled after that earlier claim: find out whether it was done, but do not do it. */
  readonly cancelled: boolean;
  /** The trace that it belongs to. */
  readonly trace?: TraceContext;
}

/**
 * Effects that keyed processes queued in their transactions.
 *
 * Promises: an effect is claimed by one worker at a time, in order of `dueAt`; a claim outlives the worker
 * only until its lease ends; `settle` removes the effect and publishes its outcome in one transaction.
 */
export interface EffectQueue {
  claim(queue: string, now: number, limit: number, leaseMs: number): Promise<readonly ClaimedEffect[]>;
  /** False when the effect was cancelled, or its lease ran out and somebody else holds it. */
  stillHeld(id: string, now: number): Promise<boolean>;
  settle(id: string, outcome: readonly Traced<Emit>[]): Promise<void>;
  /**
   * Puts a claimed effect back untouched, to be claimed again from `dueAt` on. One that was cancelled meanwhile,
   * and that no earlier worker may have sent, is gone.
   */
  release(id: string, dueAt: number): Promise<void>;
  /** What waits here, for metrics. */
  pending(queue: string): Promise<Pending>;
}

/** How many effects wait; when the earliest may be claimed, and since when the oldest is wanted. */
export interface Pending {
  readonly count: number;
  readonly earliestDueAt?: number;
  readonly oldestSince?: number;
}
