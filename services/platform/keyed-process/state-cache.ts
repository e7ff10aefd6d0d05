import type { StateRow } from './state-store.ts';

/**
 * The rows that a runner has lately touched, in memory. Only the partition's owner may have one.
 *
 * Two generations stand in for a least-recently-used list: what was not touched while one generation
 * filled up is dropped. It holds between `rowsAtLeast` and twice as many.
 */
export class StateCache {
  readonly #rowsAtLeast: number;
  #young = new Map<string, StateRow | null>();
  #old = new Map<string, StateRow | null>();

  constructor(rowsAtLeast: number) {
    this.#rowsAtLeast = rowsAtLeast;
  }

  /** `undefined`: not known here. `null`: known not to exist. */
  get(id: string): StateRow | null | undefined {
    const young = this.#young.get(id);
    if (young !== undefined) return young;
    const old = this.#old.get(id);
    if (old !== undefined) this.put(id, old);
    return old;
  }

  put(id: string, row: StateRow | null): void {
    this.#young.set(id, row);
    if (this.#young.size < this.#rowsAtLeast) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}
