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
export function learningBatchSize(): BatchSize {
  let limit = FIRST;
  return {
    get limit() {
      return limit;
    },
    learn: (records, ms) => {
      if (records < limit) return;
      const fitting = limit * Math.min(2, PASS_MS / ms);
      limit = Math.round(Math.min(LARGEST, Math.max(SMALLEST, (limit + fitting) / 2)));
    },
  };
}

/** Long enough to make the sync a small part, short enough that nobody who waits for an answer notices. */
const PASS_MS = 10;
const FIRST = 250;
/** On a slow or busy disk the sync takes most of a pass: fewer records would make it cheaper by nothing. */
const SMALLEST = 200;
const LARGEST = 1_000;
