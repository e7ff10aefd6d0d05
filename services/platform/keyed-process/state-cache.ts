import type { KeySpace } from './keyed-process.ts';
import type { StateRow } from './state-store.ts';

/**
 * The rows that a runner has lately touched, in memory. Only the partition's owner may have one.
 *
 * Two generations stand in for a least-recently-used list: what was not touched while one generation
 * filled up is dropped. It holds between `rowsAtLeast` and twice as many.
 */
export class StateCache {
  readonly #rowsAtLeast: number;
  #young: Generation = byKeySpace();
  #old: Generation = byKeySpace();
  #youngRows = 0;

  constructor(rowsAtLeast: number) {
    this.#rowsAtLeast = rowsAtLeast;
  }

  /** `undefined`: not known here. `null`: known not to exist. */
  get(keySpace: KeySpace, key: string): StateRow | null | undefined {
    const young = this.#young[keySpace].get(key);
    if (young !== undefined) return young;
    const old = this.#old[keySpace].get(key);
    if (old !== undefined) this.put(keySpace, key, old);
    return old;
  }

  put(keySpace: KeySpace, key: string, row: StateRow | null): void {
    const rows = this.#young[keySpace];
    const before = rows.size;
    rows.set(key, row);
    this.#youngRows += rows.size - before;
    if (this.#youngRows < this.#rowsAtLeast) return;
    this.#old = this.#young;
    this.#young = byKeySpace();
    this.#youngRows = 0;
  }
}

type Generation = Readonly<Record<KeySpace, Map<string, StateRow | null>>>;

/** An empty map for each key space: one map over all would need a longer key built for every look. */
export const byKeySpace = <T>(): Readonly<Record<KeySpace, Map<string, T>>> => ({
  record: new Map(),
  identity: new Map(),
  customer: new Map(),
  segment: new Map(),
  alert: new Map(),
});
