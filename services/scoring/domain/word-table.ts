/** FNV-1a, 32 bits; fed one character at a time while the tokeniser looks for the end of a word. */
export const HASH_SEED = 0x811c9dc5;
export const hashStep = (hash: number, code: number): number => Math.imul(hash ^ code, 0x01000193);

/** Hash of the characters of `text` from `start` to `end`. */
export function hashOf(text: string, start: number, end: number): number {
  let hash = HASH_SEED;
  for (let position = start; position < end; position++) hash = hashStep(hash, text.charCodeAt(position));
  return hash;
}

/**
 * Finds words by a stretch of text, without cutting it out.
 *
 * A `Map` needs a string of its own per lookup; for a text of twenty words that is the larger part of the
 * whole work. Open addressing, at most half full; built once, then only read.
 */
export class WordTable<T> {
  readonly #mask: number;
  readonly #slots: Int32Array;
  readonly #spellings: readonly string[];
  readonly #words: readonly T[];

  constructor(words: ReadonlyMap<string, T>) {
    this.#spellings = [...words.keys()];
    this.#words = [...words.values()];
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, words.size * 2)));
    this.#mask = size - 1;
    this.#slots = new Int32Array(size).fill(EMPTY);
    for (const [index, spelling] of this.#spellings.entries()) this.#insert(spelling, index);
  }

  #insert(spelling: string, index: number): void {
    let slot = spread(hashOf(spelling, 0, spelling.length)) & this.#mask;
    while (this.#slots[slot] !== EMPTY) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = index;
  }

  /** The word spelt by `text` from `start` to `end`, whose characters gave `hash`. */
  find(text: string, start: number, end: number, hash: number): T | undefined {
    let slot = spread(hash) & this.#mask;
    for (;;) {
      const index = this.#slots[slot] ?? EMPTY;
      if (index === EMPTY) return undefined;
      const spelling = this.#spellings[index] ?? '';
      if (spelling.length === end - start && matches(spelling, text, start)) return this.#words[index];
      slot = (slot + 1) & this.#mask;
    }
  }
}

const EMPTY = -1;

/** FNV's low bits alone are uneven for short words. */
const spread = (hash: number): number => hash ^ (hash >>> 15);

function matches(spelling: string, text: string, start: number): boolean {
  for (let position = 0; position < spelling.length; position++) {
    if (spelling.charCodeAt(position) !== text.charCodeAt(start + position)) return false;
  }
  return true;
}
