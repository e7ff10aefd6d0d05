import { z } from 'zod';
import type { IntentFound, Sentiment } from '../../contracts/assessment.ts';
import { type Problem, parseYamlFile } from '../../platform/config/yaml-file.ts';
import { MAX_TEXT_LENGTH } from './normalise-text.ts';
import { PairTable } from './pair-table.ts';
import { wordsOf } from './sentiment.ts';
import { BAD_WORD_CUES, CUES, GOOD_WORD_CUES, hasStem, readCues, STEM_LENGTH } from './text-terms.ts';
import type { Tokens } from './tokenise.ts';
import type { Vocabulary } from './vocabulary.ts';
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

const MAX_WORDS = 8;
/** Effects below this are not worth a reader's time. */
const MIN_EFFECT = 0.01;
/** A text has at most three terms for each of its words, and a stem. */
const TERMS_PER_TOKEN = 4;
const NONE = -1;

/** Two tables of pairs: words side by side, and with one word between. */
const CLOSE = 0;
const APART = 1;

class LinearModel implements SentimentModel {
  readonly version: string;
  readonly scores: readonly number[];
  readonly #label: Float64Array;
  readonly #intercept: Float64Array;
  /** Three weights for each cue, in the order of `CUES`. */
  readonly #cueWeights: Float64Array;
  /** Three weights for each term. */
  readonly #weights: Float64Array;
  /** By term: number of the last text that had it, as a repeated term counts once. */
  readonly #seen: Int32Array;
  /** By symbol of a word that the lexicon knows: its spelling's number, and the term of its stem. */
  readonly #numberOfSymbol: Int32Array;
  readonly #stemOfSymbol: Int32Array;
  readonly #numberOfSpelling: WordTable<number>;
  readonly #stemOfStart: WordTable<number>;
  /** By number of a spelling: its term, when it is one by itself. */
  readonly #termOfNumber: Int32Array;
  readonly #pairs: readonly [PairTable, PairTable];
  #text = 0;
  #foundCount = 0;
  readonly #found = new Int32Array((MAX_TEXT_LENGTH + 1) * TERMS_PER_TOKEN);
  readonly #foundAt = new Int32Array((MAX_TEXT_LENGTH + 1) * TERMS_PER_TOKEN);
  readonly #foundLength = new Uint8Array((MAX_TEXT_LENGTH + 1) * TERMS_PER_TOKEN);
  readonly #cues = new Float64Array(CUES.length);
  readonly #odds = new Float64Array(CLASSES.length);
  readonly #chances = new Float64Array(CLASSES.length);

  constructor(file: SentimentModelFile, vocabulary: Vocabulary, stamp: string) {
    this.version = stamp === '' ? file.version : `${file.version}-${stamp}`;
    this.scores = file.scores;
    this.#label = Float64Array.from(file.label);
    this.#intercept = Float64Array.from(file.intercept);
    this.#cueWeights = Float64Array.from(CUES.flatMap((cue) => file.cues[cue] ?? [0, 0, 0]));
    const terms = Object.entries(file.terms);
    this.#weights = Float64Array.from(terms.flatMap(([, weights]) => weights));
    this.#seen = new Int32Array(terms.length);
    const { numbers, stems, single, pairs } = sortTerms(terms.map(([term]) => term));
    this.#termOfNumber = Int32Array.from({ length: numbers.size }, (_, number) => single.get(number) ?? NONE);
    this.#pairs = [new PairTable(pairs[CLOSE]), new PairTable(pairs[APART])];
    this.#numberOfSpelling = new WordTable(numbers);
    this.#stemOfStart = new WordTable(stems);
    const words = [...vocabulary.words.values(), vocabulary.number];
    const symbols = words.reduce((most, { symbols }) => Math.max(most, symbols[0] ?? 0), 0) + 1;
    this.#numberOfSymbol = new Int32Array(symbols).fill(NONE);
    this.#stemOfSymbol = new Int32Array(symbols).fill(NONE);
    for (const { text, symbols } of words) {
      const [symbol = 0] = symbols;
      this.#numberOfSymbol[symbol] = numbers.get(text) ?? NONE;
      if (hasStem(text)) this.#stemOfSymbol[symbol] = stems.get(text.slice(0, STEM_LENGTH)) ?? NONE;
    }
  }

  judge(tokens: Tokens, layer: Sentiment, intents: readonly IntentFound[]): ModelJudgement {
    readCues(tokens, layer, intents, this.#cues);
    this.#odds.set(this.#intercept);
    for (let cue = 0; cue < CUES.length; cue++) {
      const value = this.#cues[cue] ?? 0;
      if (value !== 0) this.#add(this.#cueWeights, cue, value);
    }
    this.#findTerms(tokens);
    const chances = this.#chances;
    chances.set(this.#odds);
    toChances(chances);
    const [negative = 0, , positive = 0] = chances;
    const label = this.#labelOf();
    const score = positive - negative;
    const sentiment: Sentiment = {
      score: round(score),
      label: CLASSES[label] ?? 'neutral',
      confidence: round(chances[label] ?? 0),
      words: this.#explain(tokens, layer, score),
    };
    return { sentiment, negative };
  }

  #add(weights: Float64Array, index: number, times: number): void {
    const odds = this.#odds;
    odds[0] = (odds[0] ?? 0) + times * (weights[index * 3] ?? 0);
    odds[1] = (odds[1] ?? 0) + times * (weights[index * 3 + 1] ?? 0);
    odds[2] = (odds[2] ?? 0) + times * (weights[index * 3 + 2] ?? 0);
  }

  #labelOf(): number {
    let best = 0;
    let bestOdds = Number.NEGATIVE_INFINITY;
    for (let each = 0; each < 3; each++) {
      const odds = (this.#odds[each] ?? 0) + (this.#label[each] ?? 0);
      if (odds > bestOdds) [best, bestOdds] = [each, odds];
    }
    return best;
  }

  /** Adds the terms of the text to the log odds, each once, and keeps them with their places. */
  #findTerms(tokens: Tokens): void {
    this.#text++;
    this.#foundCount = 0;
    const [close, apart] = this.#pairs;
    let before = NONE;
    let beforeThat = NONE;
    for (let index = 0; index < tokens.count; index++) {
      const number = this.#numberOf(tokens, index);
      if (number !== NONE) {
        const sentence = tokens.sentences[index];
        this.#take(this.#termOfNumber[number] ?? NONE, index, 1);
        if (before !== NONE && tokens.sentences[index - 1] === sentence) {
          this.#take(close.find(before, number), index - 1, 2);
        }
        if (beforeThat !== NONE && tokens.sentences[index - 2] === sentence) {
          this.#take(apart.find(beforeThat, number), index - 2, 3);
        }
      }
      this.#take(this.#stemAt(tokens, index), index, 1);
      beforeThat = before;
      before = number;
    }
  }

  #take(term: number, start: number, length: number): void {
    if (term === NONE || this.#seen[term] === this.#text) return;
    this.#seen[term] = this.#text;
    this.#add(this.#weights, term, 1);
    const at = this.#foundCount++;
    this.#found[at] = term;
    this.#foundAt[at] = start;
    this.#foundLength[at] = length;
  }

  /** Number of the token's spelling, or −1 when no term has it. */
  #numberOf(tokens: Tokens, index: number): number {
    const word = tokens.words[index];
    if (word !== undefined) return this.#numberOfSymbol[word.symbols[0] ?? 0] ?? NONE;
    const start = tokens.starts[index] ?? 0;
    const end = tokens.ends[index] ?? 0;
    return this.#numberOfSpelling.find(tokens.folded, start, end, hashOf(tokens.folded, start, end)) ?? NONE;
  }

  #stemAt(tokens: Tokens, index: number): number {
    const word = tokens.words[index];
    if (word !== undefined) return this.#stemOfSymbol[word.symbols[0] ?? 0] ?? NONE;
    const start = tokens.starts[index] ?? 0;
    if ((tokens.ends[index] ?? 0) - start <= STEM_LENGTH) return NONE;
    const end = start + STEM_LENGTH;
    return this.#stemOfStart.find(tokens.folded, start, end, hashOf(tokens.folded, start, end)) ?? NONE;
  }

  /**
   * The words that made the score, strongest first: how far the score would move without them, roughly, as the
   * log odds that they bring times the slope of the score here.
   */
  #explain(tokens: Tokens, layer: Sentiment, score: number): Sentiment['words'] {
    // Half of the slope of tanh(x/2), which p(positive) − p(negative) is when nothing is neutral; never below a tenth,
    // so that a sure judgement still says what made it.
    const slope = Math.max(0.1, (1 - score * score) / 2);
    const reasons: { word: string; effect: number }[] = [];
    for (const at of this.#strongest(MIN_EFFECT / slope)) {
      const start = this.#foundAt[at] ?? 0;
      addReason(reasons, wordsOf(tokens, start, start + (this.#foundLength[at] ?? 1)), this.#leanOfTerm(at));
    }
    this.#addLayerWords(reasons, layer);
    for (const reason of reasons) reason.effect = round(Math.max(-1, Math.min(1, reason.effect * slope)));
    reasons.sort((one, other) => Math.abs(other.effect) - Math.abs(one.effect));
    const worthless = reasons.findIndex(({ effect }) => Math.abs(effect) < MIN_EFFECT);
    return reasons.slice(0, worthless < 0 ? MAX_WORDS : Math.min(worthless, MAX_WORDS));
  }

  /** What the layer's own words brought, shared out among them. */
  #addLayerWords(reasons: { word: string; effect: number }[], layer: Sentiment): void {
    if (layer.words.length === 0) return;
    let badSum = 0;
    let goodSum = 0;
    for (const { effect } of layer.words) {
      if (effect < 0) badSum -= effect;
      else goodSum += effect;
    }
    const bad = this.#leanOf(BAD_WORD_CUES);
    const good = this.#leanOf(GOOD_WORD_CUES);
    for (const { word, effect } of layer.words) {
      addReason(reasons, word, effect < 0 ? (bad * -effect) / badSum : (good * effect) / goodSum);
    }
  }

  /** Places in `#found` of the terms that lean most, at most eight, none below `least`. */
  #strongest(least: number): readonly number[] {
    const best: number[] = [];
    for (let at = 0; at < this.#foundCount; at++) {
      const lean = Math.abs(this.#leanOfTerm(at));
      if (lean < least) continue;
      let place = best.length;
      while (place > 0 && Math.abs(this.#leanOfTerm(best[place - 1] ?? 0)) < lean) place--;
      if (place >= MAX_WORDS) continue;
      best.splice(place, 0, at);
      if (best.length > MAX_WORDS) best.pop();
    }
    return best;
  }

  #leanOfTerm(at: number): number {
    const term = (this.#found[at] ?? 0) * 3;
    return (this.#weights[term + 2] ?? 0) - (this.#weights[term] ?? 0);
  }

  #leanOf(cues: readonly number[]): number {
    let lean = 0;
    for (const cue of cues) {
      const weights = this.#cueWeights;
      lean += (this.#cues[cue] ?? 0) * ((weights[cue * 3 + 2] ?? 0) - (weights[cue * 3] ?? 0));
    }
    return lean;
  }
}

/** A word that brings something in several ways, as itself, by its stem and to the layer, is one reason. */
function addReason(reasons: { word: string; effect: number }[], word: string, effect: number): void {
  for (const reason of reasons) {
    if (reason.word !== word) continue;
    reason.effect += effect;
    return;
  }
  reasons.push({ word, effect });
}

interface SortedTerms {
  /** Every spelling that stands in a term, with a number of its own. */
  readonly numbers: ReadonlyMap<string, number>;
  /** Terms that are stems, by their letters. */
  readonly stems: ReadonlyMap<string, number>;
  /** Terms that are one word, by its number. */
  readonly single: ReadonlyMap<number, number>;
  readonly pairs: readonly [[number, number, number][], [number, number, number][]];
}

function sortTerms(terms: readonly string[]): SortedTerms {
  const numbers = new Map<string, number>();
  const stems = new Map<string, number>();
  const single = new Map<number, number>();
  const pairs: [[number, number, number][], [number, number, number][]] = [[], []];
  const numberOf = (spelling: string): number => {
    const number = numbers.get(spelling) ?? numbers.size;
    numbers.set(spelling, number);
    return number;
  };
  for (const [term, text] of terms.entries()) {
    const [first = '', second, third] = text.split(' ');
    if (text.endsWith('*')) stems.set(text.slice(0, -1), term);
    else if (second === undefined) single.set(numberOf(first), term);
    else if (third === undefined) pairs[CLOSE].push([numberOf(first), numberOf(second), term]);
    else pairs[APART].push([numberOf(first), numberOf(third), term]);
  }
  return { numbers, stems, single, pairs };
}

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
