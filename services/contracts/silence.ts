/**
 * Matches that nobody is to be bothered with for a while: planned work, a known incident. Who said so, why, and
 * until when is part of it. Written by action-management, keyed by id; the newest record of an id holds.
 */
export interface Silence {
  readonly id: string;
  /** What it covers: all that are given must fit. At least one is. */
  readonly rule?: string;
  /** Customer id, or the segment's key. */
  readonly subject?: string;
  readonly product?: string;
  readonly region?: string;
  /** The team that answers for the rule, where one is named: it hears of the end. */
  readonly team?: string;
  readonly by: string;
  readonly reason: string;
  /** Epoch ms. */
  readonly startsAt: number;
  /** Epoch ms, at most fourteen days after the start. Ended early, it is when that was done. */
  readonly endsAt: number;
  /** Who ended it before its time. */
  readonly endedBy?: string;
}
