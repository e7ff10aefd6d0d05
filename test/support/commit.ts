import type { Commit } from '../../services/platform/keyed-process/state-store.ts';

/** A commit of these parts and nothing else. */
export const commitOf = (parts: Partial<Commit>): Commit => ({
  positions: [],
  states: [],
  timers: [],
  facts: [],
  effects: [],
  views: [],
  ledger: [],
  deadLetters: [],
  redelivered: [],
  ...parts,
});
