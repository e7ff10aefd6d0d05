/** How many records one pass takes. */
export interface BatchSize {
  readonly limit: number;
  /** Hears how many records a pass had and how long it took. */
  learn(records: number, ms: number): void;
}

/** Always the same. */
export const fixedBatchSize = (limit: number): BatchSize => ({ limit, learn: () => undefined });

/**
 * As many as fit into the time for which a pass may keep the event loop busy.
 *
 * A pass costs something by itself, its sync to disk above all, so larger ones are cheaper per record; but
 * requests that arrive meanwhile wait for it. How long a record takes depends on rules, machine and disk, so
 * it is learnt from full passes, half a step at a time, since single ones may be slowed down by a checkpoint.
 */
export function learningBatchSize({ passMs, smallest, largest }: Pace = AT_ONCE): BatchSize {
  let limit = Math.max(smallest, FIRST);
  return {
    get limit() {
      return limit;
    },
    learn: (records, ms) => {
      if (records < limit) return;
      const fitting = limit * Math.min(2, passMs / ms);
      limit = Math.round(Math.min(largest, Math.max(smallest, (limit + fitting) / 2)));
    },
  };
}

/** How long a pass may take, and the bounds of what is learnt from that. */
export interface Pace {
  readonly passMs: number;
  readonly smallest: number;
  readonly largest: number;
}

/**
 * For a store that keeps the event loop busy while it commits: long enough to make the sync a small part, short
 * enough that nobody who waits for an answer notices. On a slow or busy disk the sync takes most of a pass: fewer
 * records than the smallest would make it cheaper by nothing.
 */
export const AT_ONCE: Pace = { passMs: 10, smallest: 200, largest: 1_000 };

/** For a store on the other side of a network: the loop is free meanwhile, and each commit has its round trips. */
export const OVER_THE_NETWORK: Pace = { passMs: 100, smallest: 500, largest: 2_000 };

const FIRST = 250;
