import type { Intent } from '../../contracts/assessment.ts';

/** What a word does to the words around it, beside its own effect. */
export interface Word {
  readonly text: string;
  /** Effect of the word alone, −5 (worst) to 5 (best); 0 says nothing. */
  readonly effect: number;
  /** Turns what follows into its opposite: not, never, without. */
  readonly negator: boolean;
  /** Multiplies the effect of what follows: very 1.4, slightly 0.6. 1 for other words. */
  readonly factor: number;
  /** What follows outweighs what came before: but, however. */
  readonly turn: boolean;
  /** What follows until the next comma weighs less: although, despite. */
  readonly concession: boolean;
  /** Good words after it are wished for, not there: would, wish, should. */
  readonly wish: boolean;
  /** Bad words after it are over: fixed, resolved. */
  readonly relief: boolean;
  /** Opens an ironic remark: yeah, wow, oh. */
  readonly interjection: boolean;
  /** Evidence for English, or for another language, when the language is not given. */
  readonly english: boolean;
  readonly foreign: boolean;
  /** Its own symbol and those of its groups, as phrases refer to it. */
  readonly symbols: readonly number[];
  /** The bits of its symbols, see `maskOf`. */
  readonly mask: number;
  /** Where phrases that begin with it go on; most words begin none. */
  readonly moodStarts: PhraseStarts | undefined;
  readonly intentStarts: PhraseStarts | undefined;
}

/** What a matched phrase says. */
export interface Phrase {
  /** As the lexicon writes it. */
  readonly text: string;
  readonly effect: number;
  /** What it shows; "switch to another provider" shows two. */
  readonly intents: readonly Intent[];
  /** Of moods: consumes its words and says nothing: "not only". */
  readonly guard: boolean;
  /** Intents that its words do not show, whatever other phrase says so: "decided not to cancel". */
  readonly hides: readonly Intent[];
  /** Good words nearby are meant ironically when there is trouble nearby. */
  readonly sarcasm: boolean;
}

/** The nodes that a word leads to. */
export interface PhraseStarts {
  readonly nodes: readonly PhraseNode[];
  /** The bits of all symbols that lead on from any of them. */
  readonly mask: number;
  /** Whether no phrase can be found unless the very next word leads on. */
  readonly needsNext: boolean;
}

/** A node of the phrase trie: an edge per symbol, and one for each kind of gap. */
export interface PhraseNode {
  edges: Map<number, PhraseNode> | undefined;
  gap: PhraseNode | undefined;
  wideGap: PhraseNode | undefined;
  phrase: Phrase | undefined;
  /** The bits of all symbols that lead on from here: most words share none, and then no look-up is needed. */
  mask: number;
}

/** A symbol's bit among 32. Symbols that share a bit cost a look-up, and nothing else. */
export const maskOf = (symbol: number): number => 1 << (symbol & 31);

/** A compiled lexicon: everything that reading a text looks up. Immutable after compilation. */
export interface Vocabulary {
  readonly version: string;
  readonly words: ReadonlyMap<string, Word>;
  /** Stands for every token that begins with a digit. */
  readonly number: Word;
}

/** Words that `~` in a phrase may stand for. Three keeps "cancel ~ account" to one thought. */
export const MAX_GAP = 3;
/** Words that `~~` may stand for: as many as may stand between a promise and what was promised. */
export const MAX_WIDE_GAP = 8;

/** What a phrase may say instead of a word. */
export type Gap = 'gap' | 'wideGap';
