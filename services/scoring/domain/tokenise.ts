import {
  APOSTROPHE,
  AT,
  CLAUSE_END,
  classOf,
  DIGIT,
  HASH,
  isPlainWordCharacter,
  LETTER,
  SENTENCE_END,
  SPACE,
} from './character-class.ts';
import { emoticonEnd, emoticonWord } from './emoticon.ts';
import { MAX_TEXT_LENGTH } from './normalise-text.ts';
import type { Vocabulary, Word } from './vocabulary.ts';
import { HASH_SEED, hashStep, WordTable } from './word-table.ts';

/** Written in capitals in a text that otherwise is not. */
export const SHOUTED = 1;
/** Written with letters drawn out: sooo. */
export const STRETCHED = 2;

/**
 * The words of one text, as parallel arrays over the token number.
 *
 * The arrays are reused: a `Tokens` is valid until the tokeniser is called again.
 */
export interface Tokens {
  readonly text: string;
  /** The text in small letters, of the same length as `text`. */
  readonly folded: string;
  readonly count: number;
  readonly words: readonly (Word | undefined)[];
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Number of the clause; commas, brackets, dashes and sentence ends begin a new one. */
  readonly clauses: Int32Array;
  readonly sentences: Int32Array;
  readonly flags: Uint8Array;
  /** By sentence number: 1 when it ends in a question mark. */
  readonly asked: Uint8Array;
  /** By sentence number, at most three. */
  readonly exclamations: Uint8Array;
  /** Letters of scripts that English does not use, in words that the lexicon does not know. */
  readonly foreignLetters: number;
  /** Latin letters beyond a–z, in words that the lexicon does not know. */
  readonly accentedLetters: number;
}

/**
 * Splits normalised text into words in one pass over its characters.
 *
 * Web addresses and @mentions are dropped, hashtags are split at capitals or into known words, contractions
 * lose their tail (`it's` → it) or join (`don't` → dont), drawn-out letters are shortened, emoji and
 * emoticons become tokens.
 */
export function createTokeniser(vocabulary: Vocabulary): (text: string) => Tokens {
  const tokeniser = new Tokeniser(vocabulary);
  return (text) => tokeniser.run(text);
}

const QUESTION = 63;
const DOT = 46;
const EXCLAMATION = 33;
const DASH = 45;
const MAX_EXCLAMATIONS = 3;
/** Longer hashtags are one unknown word: splitting tries each ending of each piece. */
const MAX_HASHTAG = 40;
/** Shorter ones are rarely two words. */
const MIN_RUN_TOGETHER = 6;
const LONGEST_PIECE = 14;
const DRAWN_OUT = /(.)\1{2,}/g;

class Tokeniser implements Tokens {
  readonly words: (Word | undefined)[] = [];
  readonly starts = new Int32Array(MAX_TEXT_LENGTH + 1);
  readonly ends = new Int32Array(MAX_TEXT_LENGTH + 1);
  readonly clauses = new Int32Array(MAX_TEXT_LENGTH + 1);
  readonly sentences = new Int32Array(MAX_TEXT_LENGTH + 1);
  readonly flags = new Uint8Array(MAX_TEXT_LENGTH + 1);
  readonly asked = new Uint8Array(MAX_TEXT_LENGTH + 1);
  readonly exclamations = new Uint8Array(MAX_TEXT_LENGTH + 1);
  text = '';
  folded = '';
  count = 0;
  foreignLetters = 0;
  accentedLetters = 0;
  readonly #vocabulary: Vocabulary;
  readonly #table: WordTable<Word>;
  #clause = 0;
  #sentence = 0;
  #sentenceStart = 0;
  #shouted = 0;
  /** Of the word that `#wordEnd` has just passed. */
  #hash = 0;
  /** Of a hashtag's letters, by place: see `#findPieces`. */
  readonly #pieces = new Uint8Array(MAX_HASHTAG);

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
    this.#table = new WordTable(vocabulary.words);
  }

  run(original: string): Tokens {
    this.#begin(original);
    const folded = this.folded;
    let position = 0;
    while (position < folded.length) position = this.#step(folded.charCodeAt(position), position);
    // In a text that is all capitals they are a habit, not a cry.
    if (this.#shouted > 0 && this.#shouted * 2 <= this.count) this.#markShouted();
    return this;
  }

  #begin(original: string): void {
    this.folded = original.toLowerCase();
    // A few letters change their length when lowered; positions must agree, so such texts lose their capitals.
    this.text = this.folded.length === original.length ? original : this.folded;
    this.count = 0;
    this.foreignLetters = 0;
    this.accentedLetters = 0;
    this.#clause = 0;
    this.#sentence = 0;
    this.#sentenceStart = 0;
    this.#shouted = 0;
    this.asked[0] = 0;
    this.exclamations[0] = 0;
  }

  /** Takes what stands at `position` and says where to go on. */
  #step(code: number, position: number): number {
    switch (classOf(code)) {
      case SPACE:
        return position + 1;
      case LETTER:
        return this.#takeWord(position);
      case DIGIT:
        return this.#takeNumber(position);
      case SENTENCE_END:
        return this.#endSentence(code, position);
      case CLAUSE_END:
        return this.#endClause(position);
      case HASH:
        return this.#takeHashtag(position + 1);
      case AT:
        return this.#skipMention(position + 1);
      default:
        return this.#takeSymbol(code, position);
    }
  }

  #add(word: Word | undefined, start: number, end: number, flags = 0): void {
    const index = this.count++;
    this.words[index] = word;
    this.starts[index] = start;
    this.ends[index] = end;
    this.clauses[index] = this.#clause;
    this.sentences[index] = this.#sentence;
    this.flags[index] = flags;
  }

  #takeWord(start: number): number {
    const end = this.#wordEnd(start);
    if (this.#isAddress(start, end)) return this.#skipToBlank(end);
    if (isShouted(this.text, start, end)) this.#shouted++;
    const known = this.#table.find(this.folded, start, end, this.#hash);
    if (known !== undefined) this.#add(known, start, end);
    else this.#addUnknown(start, end);
    return end;
  }

  #wordEnd(from: number): number {
    const text = this.folded;
    let hash = HASH_SEED;
    let position = from;
    for (; position < text.length; position++) {
      const code = text.charCodeAt(position);
      const kind = classOf(code);
      if (kind !== LETTER && kind !== DIGIT) {
        const within = kind === APOSTROPHE && position > from;
        if (!within || classOf(text.charCodeAt(position + 1)) !== LETTER) break;
      }
      hash = hashStep(hash, code);
    }
    this.#hash = hash;
    return position;
  }

  #addUnknown(start: number, end: number): void {
    if (!this.#isSpecial(start, end)) {
      this.#add(undefined, start, end);
      return;
    }
    const words = this.#vocabulary.words;
    const spelling = this.folded.slice(start, end);
    const plain = spelling.includes("'") ? withoutContraction(spelling) : spelling;
    const shortened = plain.replace(DRAWN_OUT, '$1$1');
    if (shortened === plain) this.#add(words.get(plain), start, end);
    else this.#add(words.get(shortened) ?? words.get(plain.replace(DRAWN_OUT, '$1')), start, end, STRETCHED);
  }

  /** Whether the word has a contraction or drawn-out letters; counts foreign letters on the way. */
  #isSpecial(start: number, end: number): boolean {
    let special = false;
    let before = 0;
    let run = 1;
    for (let position = start; position < end; position++) {
      const code = this.folded.charCodeAt(position);
      run = code === before ? run + 1 : 1;
      before = code;
      if (run === 3 || code === QUOTE) special = true;
      if (code >= 128) this.#countScript(code);
    }
    return special;
  }

  #countScript(code: number): void {
    // Latin blocks with accents end at 0x250 and go on at 0x1e00; Greek, Cyrillic and all others follow.
    if (code < 0x250 || (code >= 0x1e00 && code < 0x1f00)) this.accentedLetters++;
    else if (code >= 0x370) this.foreignLetters++;
  }

  #isAddress(start: number, end: number): boolean {
    const length = end - start;
    if (length === 4 || length === 5) {
      return this.folded.startsWith('://', end) && this.folded.startsWith('http', start);
    }
    return length === 3 && this.folded.startsWith('www.', start);
  }

  #skipToBlank(from: number): number {
    let position = from;
    while (position < this.folded.length && this.folded.charCodeAt(position) > 32) position++;
    return position;
  }

  /** `10`, `3,500`, `12:30` and `2nd` are one number, or the word that the lexicon has for it. */
  #takeNumber(start: number): number {
    const end = this.#wordEnd(start);
    const word = this.#table.find(this.folded, start, end, this.#hash);
    this.#add(word ?? this.#vocabulary.number, start, end);
    const followed = end < this.folded.length && NUMBER_JOINTS.includes(this.folded.charAt(end));
    if (!followed || classOf(this.folded.charCodeAt(end + 1)) !== DIGIT) return end;
    const last = this.#wordEnd(end + 1);
    this.ends[this.count - 1] = last;
    return last;
  }

  #endSentence(code: number, position: number): number {
    const sentence = this.#sentence;
    this.#clause++;
    if (code === QUESTION) this.asked[sentence] = 1;
    if (code === EXCLAMATION) {
      this.exclamations[sentence] = Math.min(MAX_EXCLAMATIONS, (this.exclamations[sentence] ?? 0) + 1);
    }
    // `?!` and `...` end one sentence, not three.
    const next = this.folded.charCodeAt(position + 1);
    const goesOn = next === DOT || next === QUESTION || next === EXCLAMATION;
    if (!goesOn && this.count > this.#sentenceStart) this.#beginSentence();
    return position + 1;
  }

  #beginSentence(): void {
    this.#sentence++;
    this.#sentenceStart = this.count;
    this.asked[this.#sentence] = 0;
    this.exclamations[this.#sentence] = 0;
  }

  #endClause(position: number): number {
    const end = emoticonEnd(this.folded, position);
    if (end === 0) {
      this.#clause++;
      return position + 1;
    }
    this.#add(this.#vocabulary.words.get(emoticonWord(this.folded, position, end)), position, end);
    return end;
  }

  #takeHashtag(start: number): number {
    const end = this.#wordEnd(start);
    if (end - start > MAX_HASHTAG) this.#add(undefined, start, end);
    else this.#splitAtCapitals(start, end);
    return end;
  }

  #splitAtCapitals(start: number, end: number): void {
    let from = start;
    for (let position = start + 1; position < end; position++) {
      if (!isCapital(this.text.charCodeAt(position)) || isCapital(this.text.charCodeAt(position - 1)))
        continue;
      this.#splitIntoWords(from, position);
      from = position;
    }
    if (end > from) this.#splitIntoWords(from, end);
  }

  /** `worstairline` → worst airline when known words cover it all, the longest first; else one word. */
  #splitIntoWords(start: number, end: number): void {
    const whole = this.#vocabulary.words.get(this.folded.slice(start, end));
    if (whole !== undefined || end - start < MIN_RUN_TOGETHER || !this.#findPieces(start, end)) {
      this.#add(whole, start, end);
      return;
    }
    for (let from = start; from < end; ) {
      const to = from + (this.#pieces[from - start] ?? 1);
      this.#add(this.#vocabulary.words.get(this.folded.slice(from, to)), from, to);
      from = to;
    }
  }

  /**
   * Notes for each place the length of the longest known word, of two letters or more, after which known words cover the
   * rest; 0 where there is none: `customers ervice` is no way to read `customerservice`.
   */
  #findPieces(start: number, end: number): boolean {
    for (let from = end - 2; from >= start; from--) {
      let length = Math.min(end - from, LONGEST_PIECE);
      for (; length >= 2; length--) {
        const to = from + length;
        const rest = to === end || (to < end - 1 && (this.#pieces[to - start] ?? 0) > 0);
        if (rest && this.#vocabulary.words.has(this.folded.slice(from, to))) break;
      }
      this.#pieces[from - start] = length < 2 ? 0 : length;
    }
    return (this.#pieces[0] ?? 0) > 0;
  }

  #skipMention(from: number): number {
    let position = from;
    while (position < this.folded.length) {
      const code = this.folded.charCodeAt(position);
      if (!isPlainWordCharacter(code) && code !== UNDERSCORE) break;
      position++;
    }
    return position;
  }

  #takeSymbol(code: number, start: number): number {
    const emoticon = emoticonEnd(this.folded, start);
    if (emoticon > 0) {
      this.#add(this.#vocabulary.words.get(emoticonWord(this.folded, start, emoticon)), start, emoticon);
      return emoticon;
    }
    const end = start + (code >= 0xd800 && code <= 0xdbff ? 2 : 1);
    if (code < 128) {
      if (code === DASH && this.folded.charCodeAt(end) === 32) this.#clause++;
      return end;
    }
    const word = this.#vocabulary.words.get(this.folded.slice(start, end));
    if (word !== undefined) this.#add(word, start, end);
    return end;
  }

  #markShouted(): void {
    for (let index = 0; index < this.count; index++) {
      if (!isShouted(this.text, this.starts[index] ?? 0, this.ends[index] ?? 0)) continue;
      this.flags[index] = (this.flags[index] ?? 0) | SHOUTED;
    }
  }
}

const UNDERSCORE = 95;
const QUOTE = 39;
const NUMBER_JOINTS = '.,:/';

const isCapital = (code: number): boolean => code >= 65 && code <= 90;

/** Three capitals or more; "OK" and "US" are not shouted. */
function isShouted(text: string, start: number, end: number): boolean {
  if (end - start < 3 || !isCapital(text.charCodeAt(start))) return false;
  for (let position = start + 1; position < end; position++) {
    if (!isCapital(text.charCodeAt(position))) return false;
  }
  return true;
}

/** `don't` → dont, `it's` → it. The lexicon's words go the same way, so that both meet. */
export function withoutContraction(word: string): string {
  if (word.endsWith("n't")) return `${word.slice(0, -3)}nt`;
  return word.slice(0, word.indexOf("'"));
}
