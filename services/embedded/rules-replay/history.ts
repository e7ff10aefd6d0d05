import type { Emit } from '../../platform/keyed-process/keyed-process.ts';

/** Something that happened, and when the replay is to take it. */
export interface HistoryRecord {
  /** Epoch ms; never before the record ahead of it. */
  readonly at: number;
  readonly fact: Emit;
}

/** What happened, oldest first, some at a time: to be replayed as often as wanted. */
export interface History {
  /** Where it comes from, in words. */
  readonly from: string;
  records(): AsyncIterable<readonly HistoryRecord[]>;
}

/** The history cannot be read; `message` says why. */
export class HistoryUnusable extends Error {
  override readonly name = 'HistoryUnusable';
}

/** A history in memory, put in order. */
export function historyOf(from: string, records: readonly HistoryRecord[]): History {
  const ordered = records.toSorted((a, b) => a.at - b.at);
  return {
    from,
    records: async function* () {
      yield ordered;
    },
  };
}
