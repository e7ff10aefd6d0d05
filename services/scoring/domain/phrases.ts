import type { Tokens } from './tokenise.ts';
import { MAX_GAP, type Phrase, type PhraseNode, type Word } from './vocabulary.ts';

/** A phrase found in a text: tokens `start` to `end`, the end not included. */
export interface PhraseMatch {
  readonly phrase: Phrase;
  readonly start: number;
  readonly end: number;
}

/** Adds one way of writing a phrase. A later phrase of the same words adds to what the earlier one says. */
export function addPhrase(root: PhraseNode, symbols: readonly (number | 'gap')[], phrase: Phrase): void {
  let node = root;
  for (const symbol of symbols) node = symbol === 'gap' ? gapOf(node) : edgeOf(node, symbol);
  const earlier = node.phrase;
  node.phrase = earlier === undefined ? phrase : combine(earlier, phrase);
}

export const emptyNode = (): PhraseNode => ({ edges: undefined, gap: undefined, phrase: undefined });

function gapOf(node: PhraseNode): PhraseNode {
  node.gap ??= emptyNode();
  return node.gap;
}

function edgeOf(node: PhraseNode, symbol: number): PhraseNode {
  node.edges ??= new Map();
  let next = node.edges.get(symbol);
  if (next === undefined) {
    next = emptyNode();
    node.edges.set(symbol, next);
  }
  return next;
}

const combine = (one: Phrase, other: Phrase): Phrase => ({
  text: one.text,
  effect: Math.abs(other.effect) > Math.abs(one.effect) ? other.effect : one.effect,
  intent: one.intent ?? other.intent,
  guard: one.guard || other.guard,
  sarcasm: one.sarcasm || other.sarcasm,
});

/**
 * The longest phrase that begins at a token, within its sentence.
 *
 * Work per token is bounded by the longest phrase of the lexicon, so that a text costs linear time.
 */
export function phraseAt(root: PhraseNode, tokens: Tokens, start: number): PhraseMatch | undefined {
  const sentence = tokens.sentences[start] ?? 0;
  let phrase: Phrase | undefined;
  let phraseEnd = start;

  const follow = (node: PhraseNode, position: number): void => {
    if (node.phrase !== undefined && position > phraseEnd) {
      phrase = node.phrase;
      phraseEnd = position;
    }
    if (position >= tokens.count || tokens.sentences[position] !== sentence) return;
    const word = tokens.words[position];
    if (node.edges !== undefined && word !== undefined) followWord(node.edges, word, position);
    if (node.gap !== undefined) followGap(node.gap, position);
  };
  const followWord = (edges: ReadonlyMap<number, PhraseNode>, word: Word, position: number): void => {
    for (const symbol of word.symbols) {
      const next = edges.get(symbol);
      if (next !== undefined) follow(next, position + 1);
    }
  };
  const followGap = (gap: PhraseNode, from: number): void => {
    for (let skipped = 0; skipped <= MAX_GAP && from + skipped < tokens.count; skipped++) {
      if (tokens.sentences[from + skipped] !== sentence) return;
      const word = tokens.words[from + skipped];
      if (gap.edges !== undefined && word !== undefined) followWord(gap.edges, word, from + skipped);
    }
  };

  follow(root, start);
  return phrase === undefined ? undefined : { phrase, start, end: phraseEnd };
}
