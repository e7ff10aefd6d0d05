import { z } from 'zod';
import type { IntentFound, Sentiment } from '../../contracts/assessment.ts';
import { type Problem, parseYamlFile } from '../../platform/config/yaml-file.ts';
import { wordsOf } from './sentiment.ts';
import {
  BAD_WORD_CUES,
  CUES,
  type Cue,
  GAP,
  GOOD_WORD_CUES,
  hasStem,
  readCues,
  STEM_LENGTH,
} from './text-terms.ts';
import type { Tokens } from './tokenise.ts';
import type { Vocabulary, Word } from './vocabulary.ts';
import { hashOf, WordTable } from './word-table.ts';

const CLASSES = ['negative', 'neutral', 'positive'] as const;

const weight = z.number().min(-50).max(50);
/** Log odds for negative, neutral and positive. */
const weights = z.tuple([weight, weight, weight]);
const share = z.number().min(0).max(1);
const count = z.number().int().min(0);
const figure = z.number().min(0).max(1);

/** Equal stretches of the score from −1 to 1 in which drift is counted. */
export const SCORE_TENTHS = 10;

/** A fitted model, as `tocsin sentiment fit` writes it. */
export const sentimentModelSchema = z.strictObject({
  apiVersion: z.literal('tocsin/v1'),
  kind: z.literal('SentimentModel'),
  version: z.string().min(1).max(40),
  language: z.literal('en'),
  lexicon: z.string().min(1).max(80),
  fitted: z.strictObject({
    texts: count,
    negative: count,
    neutral: count,
    positive: count,
    ridge: z.number().min(0),
  }),
  heldOut: z.strictObject({
    folds: count,
    accuracy: figure,
    macroF1: figure,
    negative: z.strictObject({ precision: figure, recall: figure, f1: figure }),
    aucNegative: figure,
  }),
  scores: z.array(share).length(SCORE_TENTHS),
  label: weights,
  intercept: weights,
  cues: z.partialRecord(z.enum(CUES), weights),
  terms: z.record(z.string().min(1).max(120), weights),
});
export type SentimentModelFile = z.output<typeof sentimentModelSchema>;

/** What a model says of one text. */
export interface ModelJudgement {
  readonly sentiment: Sentiment;
  /** Chance that a person would call the text negative, 0–1. */
  readonly negative: number;
}

/** A fitted model, ready to read with. */
export interface SentimentModel {
  readonly version: string;
  /** Share of texts in each tenth of the score when it was fitted, from −1 up. */
  readonly scores: readonly number[];
  /** A second opinion on what the shipped layer has read. Same text, same answer; linear in the text. */
  judge(tokens: Tokens, layer: Sentiment, intents: readonly IntentFound[]): ModelJudgement;
}

export type SentimentModelResult =
  | { readonly ok: true; readonly value: SentimentModel }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Compiles a model against the lexicon in use: words that both know are found without spelling them out. */
export function compileSentimentModel(
  file: string,
  text: string,
  vocabulary: Vocabulary,
  stamp = '',
): SentimentModelResult {
  const parsed = parseYamlFile(file, text, sentimentModelSchema);
  if (!parsed.ok) return parsed;
  const problems: Problem[] = [];
  for (const term of Object.keys(parsed.value.terms)) {
    const fault = faultOf(term);
    if (fault !== undefined) problems.push(parsed.at(['terms', term], fault, 'key'));
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: new LinearModel(parsed.value, vocabulary, stamp) };
}

function faultOf(term: string): string | undefined {
  if (term.endsWith('*') && term.length !== STEM_LENGTH + 1) {
    return `a stem has ${STEM_LENGTH} letters before its *; got "${term}"`;
  }
  const words = term.split(' ');
  if (words.length <= 2 || (words.length === 3 && words[1] === '~')) return undefined;
  return `expected a word, a stem*, two words, or "word ~ word"; got "${term}"`;
}

/** A term with its weights; where it stands in the text of the moment. */
interface Term {
  readonly negative: number;
  readonly neutral: number;
  readonly positive: number;
  /** Number of the last text that had it, so that a repeated term counts once. */
  seen: number;
}

/** A term found in a text: tokens `start` to `end`, the end not included. */
interface Found {
  readonly term: Term;
  readonly start: number;
  readonly end: number;
}

/** Spellings in a model; two numbers below it make one key of a pair. */
const MAX_SPELLINGS = 2 ** 20;
const MAX_WORDS = 8;
/** Effects below this are not worth a reader's time. */
const MIN_EFFECT = 0.01;

class LinearModel implements SentimentModel {
  readonly version: string;
  readonly scores: readonly number[];
  readonly #label: Float64Array;
  readonly #intercept: Float64Array;
  /** Three weights for each cue, in the order of `CUES`. */
  readonly #cueWeights: Float64Array;
  readonly #numberOfWord = new Map<Word, number>();
  readonly #numberOfSpelling: WordTable<number>;
  /** By number of the spelling. */
  readonly #single: (Term | undefined)[] = [];
  readonly #stems: WordTable<Term>;
  readonly #stemOfWord = new Map<Word, Term>();
  readonly #pairs = new Map<number, Term>();
  readonly #gapPairs = new Map<number, Term>();
  #text = 0;
  readonly #cues = new Float64Array(CUES.length);
  readonly #odds = new Float64Array(CLASSES.length);
  readonly #chances = new Float64Array(CLASSES.length);

  constructor(file: SentimentModelFile, vocabulary: Vocabulary, stamp: string) {
    this.version = stamp === '' ? file.version : `${file.version}-${stamp}`;
    this.scores = file.scores;
    this.#label = Float64Array.from(file.label);
    this.#intercept = Float64Array.from(file.intercept);
    this.#cueWeights = Float64Array.from(CUES.flatMap((cue) => file.cues[cue] ?? [0, 0, 0]));
    const numbers = new Map<string, number>();
    const stems = new Map<string, Term>();
    for (const [text, [negative, neutral, positive]] of Object.entries(file.terms)) {
      const term: Term = { negative, neutral, positive, seen: 0 };
      if (text.endsWith('*')) stems.set(text.slice(0, -1), term);
      else this.#addTerm(text, term, numbers);
    }
    for (const [spelling, number] of numbers) {
      const word = vocabulary.words.get(spelling);
      if (word !== undefined && word.text === spelling) this.#numberOfWord.set(word, number);
      if (spelling === vocabulary.number.text) this.#numberOfWord.set(vocabulary.number, number);
    }
    for (const word of vocabulary.words.values()) {
      const stem = hasStem(word.text) ? stems.get(word.text.slice(0, STEM_LENGTH)) : undefined;
      if (stem !== undefined) this.#stemOfWord.set(word, stem);
    }
    this.#numberOfSpelling = new WordTable(numbers);
    this.#stems = new WordTable(stems);
  }

  #addTerm(text: string, term: Term, numbers: Map<string, number>): void {
    const numberOf = (spelling: string): number => {
      const number = numbers.get(spelling) ?? numbers.size;
      numbers.set(spelling, number);
      return number;
    };
    const gap = text.indexOf(GAP);
    const blank = text.indexOf(' ');
    if (gap > 0) {
      const key = pairKey(numberOf(text.slice(0, gap)), numberOf(text.slice(gap + GAP.length)));
      this.#gapPairs.set(key, term);
    } else if (blank > 0) {
      this.#pairs.set(pairKey(numberOf(text.slice(0, blank)), numberOf(text.slice(blank + 1))), term);
    } else this.#single[numberOf(text)] = term;
  }

  judge(tokens: Tokens, layer: Sentiment, intents: readonly IntentFound[]): ModelJudgement {
    readCues(tokens, layer, intents, this.#cues);
    const odds = this.#odds;
    odds.set(this.#intercept);
    for (let cue = 0; cue < CUES.length; cue++) {
      const value = this.#cues[cue] ?? 0;
      if (value === 0) continue;
      for (let each = 0; each < 3; each++) {
        odds[each] = (odds[each] ?? 0) + value * (this.#cueWeights[cue * 3 + each] ?? 0);
      }
    }
    const found = this.#findTerms(tokens);
    const chances = this.#chances;
    chances.set(odds);
    toChances(chances);
    const [negative = 0, , positive = 0] = chances;
    const label = this.#labelOf(odds);
    const score = positive - negative;
    const sentiment: Sentiment = {
      score: round(score),
      label: CLASSES[label] ?? 'neutral',
      confidence: round(chances[label] ?? 0),
      words: this.#explain(tokens, layer, found, score),
    };
    return { sentiment, negative };
  }

  #labelOf(odds: Float64Array): number {
    let best = 0;
    for (let each = 1; each < 3; each++) {
      const [here = 0, there = 0] = [odds[each], odds[best]];
      if (here + (this.#label[each] ?? 0) > there + (this.#label[best] ?? 0)) best = each;
    }
    return best;
  }

  /** Adds the terms of the text to the log odds, each once, and gives them with their places. */
  #findTerms(tokens: Tokens): readonly Found[] {
    this.#text++;
    const found: Found[] = [];
    let before = -1;
    let beforeThat = -1;
    for (let index = 0; index < tokens.count; index++) {
      const number = this.#numberOf(tokens, index);
      const sentence = tokens.sentences[index];
      if (number >= 0) {
        this.#count(this.#single[number], index, index + 1, found);
        if (before >= 0 && tokens.sentences[index - 1] === sentence) {
          this.#count(this.#pairs.get(pairKey(before, number)), index - 1, index + 1, found);
        }
        if (beforeThat >= 0 && tokens.sentences[index - 2] === sentence) {
          this.#count(this.#gapPairs.get(pairKey(beforeThat, number)), index - 2, index + 1, found);
        }
      }
      this.#count(this.#stemAt(tokens, index), index, index + 1, found);
      beforeThat = before;
      before = number;
    }
    return found;
  }

  #count(term: Term | undefined, start: number, end: number, found: Found[]): void {
    if (term === undefined || term.seen === this.#text) return;
    term.seen = this.#text;
    found.push({ term, start, end });
    const odds = this.#odds;
    odds[0] = (odds[0] ?? 0) + term.negative;
    odds[1] = (odds[1] ?? 0) + term.neutral;
    odds[2] = (odds[2] ?? 0) + term.positive;
  }

  /** Number of the token's spelling, or −1 when no term has it. */
  #numberOf(tokens: Tokens, index: number): number {
    const word = tokens.words[index];
    if (word !== undefined) return this.#numberOfWord.get(word) ?? -1;
    const start = tokens.starts[index] ?? 0;
    const end = tokens.ends[index] ?? 0;
    return this.#numberOfSpelling.find(tokens.folded, start, end, hashOf(tokens.folded, start, end)) ?? -1;
  }

  #stemAt(tokens: Tokens, index: number): Term | undefined {
    const word = tokens.words[index];
    if (word !== undefined) return this.#stemOfWord.get(word);
    const start = tokens.starts[index] ?? 0;
    if ((tokens.ends[index] ?? 0) - start <= STEM_LENGTH) return undefined;
    const end = start + STEM_LENGTH;
    return this.#stems.find(tokens.folded, start, end, hashOf(tokens.folded, start, end));
  }

  /**
   * The words that made the score, strongest first: how far the score would move without them, roughly, as the
   * log odds that they bring times the slope of the score here.
   */
  #explain(tokens: Tokens, layer: Sentiment, found: readonly Found[], score: number): Sentiment['words'] {
    const leans = new Map<string, number>();
    const add = (word: string, lean: number) => leans.set(word, (leans.get(word) ?? 0) + lean);
    for (const { term, start, end } of strongest(found)) {
      add(wordsOf(tokens, start, end), term.positive - term.negative);
    }
    const bad = this.#leanOf(BAD_WORD_CUES);
    const good = this.#leanOf(GOOD_WORD_CUES);
    const sumOf = (sign: number) =>
      layer.words.reduce((sum, { effect }) => (effect * sign > 0 ? sum + Math.abs(effect) : sum), 0);
    const [badSum, goodSum] = [sumOf(-1), sumOf(1)];
    for (const { word, effect } of layer.words) {
      add(word, effect < 0 ? (bad * -effect) / badSum : (good * effect) / goodSum);
    }
    // Half of the slope of tanh(x/2), which p(positive) − p(negative) is when nothing is neutral; never below a tenth,
    // so that a sure judgement still says what made it.
    const slope = Math.max(0.1, (1 - score * score) / 2);
    return [...leans]
      .map(([word, lean]) => ({ word, effect: round(Math.max(-1, Math.min(1, lean * slope))) }))
      .filter(({ effect }) => Math.abs(effect) >= MIN_EFFECT)
      .sort((one, other) => Math.abs(other.effect) - Math.abs(one.effect))
      .slice(0, MAX_WORDS);
  }

  #leanOf(cues: readonly Cue[]): number {
    let lean = 0;
    for (const cue of cues) {
      const index = CUES.indexOf(cue);
      const [negative = 0, , positive = 0] = this.#cueWeights.subarray(index * 3, index * 3 + 3);
      lean += (this.#cues[index] ?? 0) * (positive - negative);
    }
    return lean;
  }
}

/** Only these can be among the eight that are shown, unless many terms share their words. */
const CANDIDATES = 16;

function strongest(found: readonly Found[]): readonly Found[] {
  const lean = ({ term }: Found) => Math.abs(term.positive - term.negative);
  return found.length <= CANDIDATES
    ? found
    : found.toSorted((a, b) => lean(b) - lean(a)).slice(0, CANDIDATES);
}

const pairKey = (first: number, second: number): number => first * MAX_SPELLINGS + second;

function toChances(odds: Float64Array): void {
  const largest = Math.max(odds[0] ?? 0, odds[1] ?? 0, odds[2] ?? 0);
  let sum = 0;
  for (let each = 0; each < 3; each++) {
    const value = Math.exp((odds[each] ?? 0) - largest);
    odds[each] = value;
    sum += value;
  }
  for (let each = 0; each < 3; each++) odds[each] = (odds[each] ?? 0) / sum;
}

const round = (value: number): number => Math.round(value * 100) / 100 + 0;
