/**
 * Numbers by pairs of small numbers: open addressing, at most half full, built once.
 *
 * A `Map` would need one key out of two numbers, larger than what engines keep as a plain integer.
 */
export class PairTable {
  readonly #mask: number;
  readonly #firsts: Int32Array;
  readonly #seconds: Int32Array;
  readonly #values: Int32Array;

  constructor(entries: readonly (readonly [first: number, second: number, value: number])[]) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, entries.length * 2)));
    this.#mask = size - 1;
    this.#firsts = new Int32Array(size).fill(EMPTY);
    this.#seconds = new Int32Array(size);
    this.#values = new Int32Array(size);
    for (const [first, second, value] of entries) {
      let slot = this.#slotOf(first, second);
      while (this.#firsts[slot] !== EMPTY) slot = (slot + 1) & this.#mask;
      this.#firsts[slot] = first;
      this.#seconds[slot] = second;
      this.#values[slot] = value;
    }
  }

  /** The value of a pair; −1 where there is none. */
  find(first: number, second: number): number {
    let slot = this.#slotOf(first, second);
    for (;;) {
      const found = this.#firsts[slot];
      if (found === EMPTY) return -1;
      if (found === first && this.#seconds[slot] === second) return this.#values[slot] ?? -1;
      slot = (slot + 1) & this.#mask;
    }
  }

  #slotOf(first: number, second: number): number {
    // Two odd constants of 32 bits (Knuth's and FNV's) spread neighbours apart.
    const hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x01000193);
    return (hash ^ (hash >>> 15)) & this.#mask;
  }
}

const EMPTY = -1;
