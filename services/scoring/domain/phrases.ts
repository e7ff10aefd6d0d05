import { longestFirst, withoutHidden } from './hidden-intents.ts';
import type { Tokens } from './tokenise.ts';
import {
  type Gap,
  MAX_GAP,
  MAX_WIDE_GAP,
  maskOf,
  type Phrase,
  type PhraseNode,
  type PhraseStarts,
  type Word,
} from './vocabulary.ts';

/** A phrase found in a text: tokens `start` to `end`, the end not included. */
export interface PhraseMatch {
  readonly phrase: Phrase;
  readonly start: number;
  readonly end: number;
}

/** Adds one way of writing a phrase. A later phrase of the same words adds to what the earlier one says. */
export function addPhrase(root: PhraseNode, symbols: readonly (number | Gap)[], phrase: Phrase): void {
  let node = root;
  for (const symbol of symbols)
    node = typeof symbol === 'number' ? edgeOf(node, symbol) : gapOf(node, symbol);
  const earlier = node.phrase;
  node.phrase = earlier === undefined ? phrase : combine(earlier, phrase);
}

export const emptyNode = (): PhraseNode => ({
  edges: undefined,
  gap: undefined,
  wideGap: undefined,
  phrase: undefined,
  mask: 0,
});

function gapOf(node: PhraseNode, kind: Gap): PhraseNode {
  node[kind] ??= emptyNode();
  return node[kind];
}

function edgeOf(node: PhraseNode, symbol: number): PhraseNode {
  node.edges ??= new Map();
  let next = node.edges.get(symbol);
  if (next === undefined) {
    next = emptyNode();
    node.edges.set(symbol, next);
    node.mask |= maskOf(symbol);
  }
  return next;
}

const combine = (one: Phrase, other: Phrase): Phrase => ({
  text: one.text,
  effect: Math.abs(other.effect) > Math.abs(one.effect) ? other.effect : one.effect,
  intents: [...new Set([...one.intents, ...other.intents])],
  guard: one.guard || other.guard,
  hides: [...new Set([...one.hides, ...other.hides])],
  sarcasm: one.sarcasm || other.sarcasm,
});

/**
 * Finds the longest phrase that begins at a token, within its sentence, or all of them.
 *
 * Work per token is bounded by the longest phrase of the lexicon, so that a text costs linear time. Keeps
 * what it found in fields, as closures would cost more than the search.
 */
class PhraseSearch {
  #sentence = 0;
  #phrase: Phrase | undefined;
  #end = 0;
  #start = 0;
  /** Where all are wanted, and not only the longest. */
  #all: PhraseMatch[] | undefined;

  longestAt(starts: PhraseStarts, tokens: Tokens, start: number): PhraseMatch | undefined {
    this.#search(starts, tokens, start);
    return this.#phrase === undefined ? undefined : { phrase: this.#phrase, start, end: this.#end };
  }

  /** Adds to `into`. */
  allAt(starts: PhraseStarts, tokens: Tokens, start: number, into: PhraseMatch[]): void {
    this.#all = into;
    this.#search(starts, tokens, start);
    this.#all = undefined;
  }

  #search({ nodes }: PhraseStarts, tokens: Tokens, start: number): void {
    this.#sentence = tokens.sentences[start] ?? 0;
    this.#phrase = undefined;
    this.#start = start;
    this.#end = start;
    for (const node of nodes) this.#follow(node, tokens, start + 1);
  }

  #follow(node: PhraseNode, tokens: Tokens, position: number): void {
    const { phrase } = node;
    if (phrase !== undefined && position > this.#end) {
      this.#phrase = phrase;
      this.#end = position;
    }
    if (phrase !== undefined) this.#all?.push({ phrase, start: this.#start, end: position });
    if (position >= tokens.count || tokens.sentences[position] !== this.#sentence) return;
    const word = tokens.words[position];
    if (word !== undefined && (node.mask & word.mask) !== 0) this.#followWord(node, word, tokens, position);
    if (node.gap !== undefined) this.#followGap(node.gap, tokens, position, MAX_GAP);
    if (node.wideGap !== undefined) this.#followGap(node.wideGap, tokens, position, MAX_WIDE_GAP);
  }

  #followWord(node: PhraseNode, word: Word, tokens: Tokens, position: number): void {
    const edges = node.edges;
    if (edges === undefined) return;
    for (let index = 0; index < word.symbols.length; index++) {
      const next = edges.get(word.symbols[index] ?? -1);
      if (next !== undefined) this.#follow(next, tokens, position + 1);
    }
  }

  /** A gap does not reach over "but": what follows is another thought. */
  #followGap(gap: PhraseNode, tokens: Tokens, from: number, reach: number): void {
    for (let position = from; position <= from + reach && position < tokens.count; position++) {
      if (tokens.sentences[position] !== this.#sentence) return;
      const word = tokens.words[position];
      if (word === undefined) continue;
      if ((gap.mask & word.mask) !== 0) this.#followWord(gap, word, tokens, position);
      if (word.turn) return;
    }
  }
}

export type FindPhrases = (tokens: Tokens, kind: 'moodStarts' | 'intentStarts') => readonly PhraseMatch[];

/** Finds all phrases of one kind from left to right. */
export function createPhraseFinder(): FindPhrases {
  const search = new PhraseSearch();
  return (tokens, kind) =>
    kind === 'moodStarts' ? findMoods(search, tokens) : withoutHidden(findIntentPhrases(search, tokens));
}

/** Of moods that overlap, the one that begins first stands, and of those the longest. */
function findMoods(search: PhraseSearch, tokens: Tokens): readonly PhraseMatch[] {
  let matches: PhraseMatch[] | undefined;
  for (let index = 0; index < tokens.count; index++) {
    const starts = tokens.words[index]?.moodStarts;
    if (starts === undefined || isAtEnd(starts, tokens, index)) continue;
    const match = search.longestAt(starts, tokens, index);
    if (match === undefined) continue;
    matches ??= [];
    matches.push(match);
    index = match.end - 1;
  }
  return matches ?? NONE;
}

/** Phrases of one intent hide none of another; of those that begin at one word the longest speaks first. */
function findIntentPhrases(search: PhraseSearch, tokens: Tokens): readonly PhraseMatch[] {
  let matches: PhraseMatch[] | undefined;
  let here: PhraseMatch[] = [];
  for (let index = 0; index < tokens.count; index++) {
    const starts = tokens.words[index]?.intentStarts;
    if (starts === undefined || isAtEnd(starts, tokens, index)) continue;
    search.allAt(starts, tokens, index, here);
    if (here.length === 0) continue;
    if (matches === undefined) matches = longestFirst(here);
    else matches.push(...longestFirst(here));
    here = [];
  }
  return matches ?? NONE;
}

/** Most words begin some phrase, and most do not go on with one: told without a search. */
function isAtEnd({ needsNext, mask }: PhraseStarts, tokens: Tokens, index: number): boolean {
  if (!needsNext) return false;
  const next = index + 1 < tokens.count ? tokens.words[index + 1] : undefined;
  return next === undefined || (next.mask & mask) === 0;
}

const NONE: readonly PhraseMatch[] = [];
