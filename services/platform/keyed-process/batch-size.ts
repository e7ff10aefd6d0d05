/** How many records one pass takes. */
export interface BatchSize {
  readonly limit: number;
  /** Hears how many records a pass had and how long its commit took. */
  learn(records: number, commitMs: number): void;
}

/** Always the same. */
export const fixedBatchSize = (limit: number): BatchSize => ({ limit, learn: () => undefined });

/**
 * As many as can be committed in the time for which the event loop may be kept busy.
 *
 * A commit costs something by itself, its sync to disk above all, so larger ones are cheaper per record; but
 * requests that arrive meanwhile wait for it. How long a record takes depends on machine and disk, so it is
 * learnt from full passes, half a step at a time, since single ones may be slowed down by a checkpoint.
 */
export function learningBatchSize({ commitMs, smallest, largest }: Pace = AT_ONCE): BatchSize {
  let limit = Math.max(smallest, FIRST);
  return {
    get limit() {
      return limit;
    },
    learn: (records, ms) => {
      if (records < limit) return;
      const fitting = limit * Math.min(2, commitMs / ms);
      limit = Math.round(Math.min(largest, Math.max(smallest, (limit + fitting) / 2)));
    },
  };
}

/** How long a commit may take, and the bounds of what is learnt from that. */
export interface Pace {
  readonly commitMs: number;
  readonly smallest: number;
  readonly largest: number;
}

/**
 * For a store that keeps the event loop busy while it commits: long enough to make the sync a small part, short
 * enough that nobody who waits for an answer notices. On a slow or busy disk the sync takes most of a commit: fewer
 * records than the smallest would make it cheaper by nothing.
 */
export const AT_ONCE: Pace = { commitMs: 40, smallest: 250, largest: 1_000 };

/**
 * For a store on the other side of a network: the loop is free meanwhile, and each commit has its round trips. With a backlog on a
 * busy machine a thousand records cost PostgreSQL and Kafka a tenth less each than five hundred; nobody waits for one of them.
 */
export const OVER_THE_NETWORK: Pace = { commitMs: 150, smallest: 1_000, largest: 2_000 };

const FIRST = 250;
