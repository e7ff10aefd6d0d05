import type { Intent } from '../../contracts/assessment.ts';
import type { Tokens } from './tokenise.ts';
import {
  type Gap,
  MAX_GAP,
  MAX_WIDE_GAP,
  maskOf,
  type Phrase,
  type PhraseNode,
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
 * Finds the longest phrase that begins at a token, within its sentence.
 *
 * Work per token is bounded by the longest phrase of the lexicon, so that a text costs linear time. Keeps
 * what it found in fields, as closures would cost more than the search.
 */
class PhraseSearch {
  #sentence = 0;
  #phrase: Phrase | undefined;
  #end = 0;

  at(starts: readonly PhraseNode[], tokens: Tokens, start: number): PhraseMatch | undefined {
    this.#sentence = tokens.sentences[start] ?? 0;
    this.#phrase = undefined;
    this.#end = start;
    for (const node of starts) this.#follow(node, tokens, start + 1);
    return this.#phrase === undefined ? undefined : { phrase: this.#phrase, start, end: this.#end };
  }

  #follow(node: PhraseNode, tokens: Tokens, position: number): void {
    if (node.phrase !== undefined && position > this.#end) {
      this.#phrase = node.phrase;
      this.#end = position;
    }
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

/** Of moods that overlap, the one that begins first stands. */
function findMoods(search: PhraseSearch, tokens: Tokens): readonly PhraseMatch[] {
  let matches: PhraseMatch[] | undefined;
  for (let index = 0; index < tokens.count; index++) {
    const match = matchAt(search, tokens, tokens.words[index]?.moodStarts, index);
    if (match === undefined) continue;
    matches ??= [];
    matches.push(match);
    index = match.end - 1;
  }
  return matches ?? NONE;
}

/** Intents hide none of each other. */
function findIntentPhrases(search: PhraseSearch, tokens: Tokens): readonly PhraseMatch[] {
  let matches: PhraseMatch[] | undefined;
  for (let index = 0; index < tokens.count; index++) {
    const match = matchAt(search, tokens, tokens.words[index]?.intentStarts, index);
    if (match === undefined) continue;
    matches ??= [];
    matches.push(match);
  }
  return matches ?? NONE;
}

function matchAt(
  search: PhraseSearch,
  tokens: Tokens,
  starts: readonly PhraseNode[] | undefined,
  index: number,
): PhraseMatch | undefined {
  return starts === undefined || starts.length === 0 ? undefined : search.at(starts, tokens, index);
}

/**
 * A guard hides what begins within it; and where it reaches beyond a phrase that began before it, it speaks for the
 * words that they share: "want to cancel" says nothing in "want to cancel my ticket".
 */
function withoutHidden(matches: readonly PhraseMatch[]): readonly PhraseMatch[] {
  if (!hasGuard(matches)) return matches;
  const guards = matches.filter(({ phrase }) => phrase.guard);
  let first = 0;
  return matches.flatMap((match) => {
    while ((guards[first]?.end ?? Number.POSITIVE_INFINITY) <= match.start) first++;
    return hideFrom(match, guards, first);
  });
}

function hasGuard(matches: readonly PhraseMatch[]): boolean {
  for (const { phrase } of matches) if (phrase.guard) return true;
  return false;
}

function hideFrom(match: PhraseMatch, guards: readonly PhraseMatch[], first: number): readonly PhraseMatch[] {
  let { phrase } = match;
  for (let index = first; index < guards.length; index++) {
    const guard = guards[index];
    if (guard === undefined || guard.start >= match.end) break;
    if (speaksFor(guard, match)) phrase = withoutIntents(phrase, guard.phrase.hides);
  }
  if (phrase === match.phrase) return [match];
  return phrase.intents.length === 0 && !phrase.guard ? [] : [{ ...match, phrase }];
}

function speaksFor(guard: PhraseMatch, match: PhraseMatch): boolean {
  if (match.start >= guard.start) return match.start < guard.end;
  return match.end > guard.start && match.end < guard.end;
}

function withoutIntents(phrase: Phrase, hidden: readonly Intent[]): Phrase {
  if (!phrase.intents.some((intent) => hidden.includes(intent))) return phrase;
  return { ...phrase, intents: phrase.intents.filter((intent) => !hidden.includes(intent)) };
}

const NONE: readonly PhraseMatch[] = [];
