import type { Sentiment, SentimentLabel } from '../../contracts/assessment.ts';
import { classOf, DIGIT, LETTER } from './character-class.ts';
import { type Guess, SHORT_TEXT } from './misspelling.ts';
import type { PhraseMatch } from './phrases.ts';
import { forbids } from './prohibition.ts';
import { SHOUTED, STRETCHED, type Tokens } from './tokenise.ts';
import type { Word } from './vocabulary.ts';

/*
 * How a text becomes a number. Each word or phrase with an effect is weighed by what stands around it; the
 * sum is set against the length of the text. The constants are choices for short messages to a company, in
 * round numbers: reasoned first, then looked at on labelled public texts, and not optimised on any.
 */

/** Words that a negator reaches: "not at all happy" needs three. */
const NEGATION_WINDOW = 3;
/** Words that carry thoughts and not things let it reach further: "I do not think that this is fair". */
const NEGATION_REACH = 7;
/** "not good" is nearly as bad as "bad"; "not bad" is only faintly good. */
const NEGATED_GOOD = -0.75;
const NEGATED_BAD = -0.4;
/** "Do not make false promises": who forbids it has met it. */
const FORBIDDEN_BAD = 0.7;
/** "not unhappy", "never not late": two negators leave less than the plain word. */
const TWICE_NEGATED = 0.6;
/** A negation that turns nothing ("it does not arrive") still leans to the bad, on AFINN's −5…5. */
const LOOSE_NEGATION = -0.7;
const BEFORE_TURN = 0.5;
const AFTER_TURN = 1.25;
const CONCEDED = 0.5;
/** A good word in a question or a wish is not there yet. */
const ASKED_GOOD = 0.4;
/** "Is there good coverage?" asks for it, and does not have it. */
const ENQUIRED_GOOD = 0.2;
const ASKED_BAD = 0.8;
const WISHED_GOOD = 0.1;
/** What used to be good is so no more. */
const PAST_GOOD = -0.3;
const RELIEVED = -0.4;
const EMPHASIS = 1.2;
const PER_EXCLAMATION = 0.08;
/** Good words beside trouble and a cue of irony count as half as bad as they would be good. */
const IRONIC = -0.6;
/** Effect from which on a word is trouble, for irony. */
const TROUBLE = -1.5;
/** Saturation: one plain word of strength 3 in a short text gives about ±0.6. */
const BASE_DAMPING = 10;
/** Grows with length, so that two bad words in a long letter weigh less than in a short one. */
const DAMPING_PER_WORD = 0.45;

/**
 * Scores between these are neutral. A lone negation in a short text gives −0.17: by itself it is no complaint.
 * A mild good word in a text of ordinary length gives 0.2.
 */
export const NEGATIVE_BELOW = -0.18;
export const POSITIVE_ABOVE = 0.15;
const MAX_WORDS = 8;

/** A word or phrase that moves the score. */
interface Item {
  /** First token shown to people: the negator where there is one. */
  from: number;
  readonly start: number;
  readonly end: number;
  readonly effect: number;
  value: number;
}

/**
 * The mood of a text that was found to be English.
 *
 * `covered[i]` is the phrase that token `i` belongs to: its words do not count again on their own.
 */
export function scoreSentiment(
  tokens: Tokens,
  matches: readonly PhraseMatch[],
  covered: readonly (PhraseMatch | undefined)[],
  guess: Guess,
): Sentiment {
  const items = collectItems(tokens, covered);
  if (items.length === 0 && tokens.count < SHORT_TEXT) guessItems(tokens, items, guess);
  if (items.length > 0) weighSurroundings(tokens, items, covered);
  addLooseNegations(tokens, items, covered);
  if (items.length === 0) return NOTHING_SAID;
  turnIrony(tokens, items, matches);
  return conclude(tokens, items);
}

/*
 * How often a label is right. Round numbers, looked up in one table of product reviews whose licence allows it. They hold on what
 * customers write, less so on tweets of all kinds (the quality page): moods are labelled right more often than not, and what seems
 * neutral rarely is.
 */
/** A text without a single word of mood may have words that are unknown to us. */
const SURE_OF_SILENCE = 0.45;
/** Words of mood that stay between the borders usually mean something. */
const SURE_OF_BALANCE = 0.3;
/** Just over a border. */
const SURE_AT_BORDER = 0.55;
/** Words alone never make quite sure. */
const SUREST = 0.93;

const NOTHING_SAID: Sentiment = { score: 0, label: 'neutral', confidence: SURE_OF_SILENCE, words: [] };

/** For texts in languages that the lexicon does not speak. */
export const UNKNOWN: Sentiment = { label: 'unknown', words: [] };

function collectItems(tokens: Tokens, covered: readonly (PhraseMatch | undefined)[]): Item[] {
  const items: Item[] = [];
  for (let index = 0; index < tokens.count; index++) {
    const match = covered[index];
    if (match !== undefined) {
      const { start, end, phrase } = match;
      if (phrase.effect !== 0)
        items.push({ from: start, start, end, effect: phrase.effect, value: phrase.effect });
      index = end - 1;
      continue;
    }
    const word = tokens.words[index];
    if (word === undefined || word.effect === 0) continue;
    if (word.factor !== 1 && strengthens(tokens, index)) continue;
    items.push({ from: index, start: index, end: index + 1, effect: word.effect, value: word.effect });
  }
  return items;
}

/** In a short text without a known word of mood, one may stand there misspelt. */
function guessItems(tokens: Tokens, items: Item[], guess: Guess): void {
  for (let index = 0; index < tokens.count; index++) {
    if (tokens.words[index] !== undefined) continue;
    const effect = guess(tokens.folded.slice(tokens.starts[index], tokens.ends[index]))?.effect;
    if (effect !== undefined)
      items.push({ from: index, start: index, end: index + 1, effect, value: effect });
  }
}

/** "damn good", "terribly nice", "pretty bad": before a word with an effect it only makes that stronger. */
function strengthens(tokens: Tokens, index: number): boolean {
  if (index + 1 >= tokens.count || tokens.clauses[index + 1] !== tokens.clauses[index]) return false;
  const next = tokens.words[index + 1];
  return next !== undefined && next.effect !== 0;
}

function weighSurroundings(
  tokens: Tokens,
  items: readonly Item[],
  covered: readonly (PhraseMatch | undefined)[],
): void {
  for (const item of items) {
    if (standsBeside(tokens, item)) {
      item.value = item.effect * emphasis(tokens, item);
      continue;
    }
    const { negators, forbidden, factor, relieved, from } = lookBack(tokens, item, covered);
    item.from = from;
    let value = item.effect * factor * emphasis(tokens, item);
    if (negators === 1 && forbidden && value < 0) value *= FORBIDDEN_BAD;
    else if (negators === 1) value *= value > 0 ? NEGATED_GOOD : NEGATED_BAD;
    else if (negators > 1) value *= TWICE_NEGATED;
    else if (relieved && value < 0) value *= RELIEVED;
    item.value = value * sentenceWeight(tokens, item, value);
  }
}

interface Surroundings {
  negators: number;
  /** Whether the negation is a prohibition. */
  forbidden: boolean;
  factor: number;
  relieved: boolean;
  from: number;
}

function lookBack(tokens: Tokens, item: Item, covered: readonly (PhraseMatch | undefined)[]): Surroundings {
  const found: Surroundings = { negators: 0, forbidden: false, factor: 1, relieved: false, from: item.start };
  const clause = tokens.clauses[item.start];
  const reach = Math.max(0, item.start - NEGATION_REACH);
  let left = NEGATION_WINDOW;
  for (let index = item.start - 1; index >= reach && left > 0; index--) {
    if (tokens.clauses[index] !== clause) break;
    const word = tokens.words[index];
    if (startsClause(tokens, index)) break;
    const phrase = covered[index];
    if (phrase !== undefined) {
      // "No one called back as promised": the phrase is bad by itself, and its negation reaches what follows.
      if (phrase.phrase.effect < 0 && item.effect > 0 && holdsNegator(tokens, phrase)) {
        found.negators++;
        found.from = phrase.start;
      }
      break;
    }
    if (word === undefined || !LIGHT.has(word.text)) left--;
    if (word === undefined) continue;
    if (word.turn) break;
    if (word.negator) {
      found.negators++;
      found.from = index;
      found.forbidden = forbids(tokens, index);
      // "neither fast nor cheap": nor repeats the negation, and does not undo it.
      if (word.text === 'nor') break;
    } else if (word.factor !== 1 && item.start - index <= 2) found.factor *= word.factor;
    else if (word.relief) found.relieved = true;
  }
  // A negation within a phrase's gap is nearer than any before it: "not good, and the issue has not been resolved".
  const phrase = covered[item.start];
  const within = phrase?.phrase.text.includes('~') === true ? negatorsInGap(tokens, phrase) : 0;
  if (within > 0) found.negators = within;
  return found;
}

function holdsNegator(tokens: Tokens, match: PhraseMatch): boolean {
  for (let index = match.start; index < match.end; index++)
    if (tokens.words[index]?.negator === true) return true;
  return false;
}

/** "I don't get it and it has been two months": a new subject after "and" is a new thought, though no comma says so. */
const startsClause = (tokens: Tokens, index: number): boolean =>
  tokens.words[index]?.text === 'and' && SUBJECTS.has(tokens.words[index + 1]?.text ?? '');

const SUBJECTS: ReadonlySet<string> = new Set('i you we it he she they this that these there'.split(' '));

/** Words that a negation passes through without getting weaker. */
const LIGHT: ReadonlySet<string> = new Set(
  'i you we it he she they this that these the a an is are was were be been being am to of think feel believe say'.split(
    ' ',
  ),
);

function negatorsInGap(tokens: Tokens, match: PhraseMatch): number {
  let negators = 0;
  for (let index = match.start + 1; index < match.end - 1; index++) {
    const word = tokens.words[index];
    if (word?.negator === true && !match.phrase.text.includes(word.text)) negators++;
  }
  return negators;
}

function emphasis(tokens: Tokens, item: Item): number {
  const loud = ((tokens.flags[item.start] ?? 0) & (SHOUTED | STRETCHED)) !== 0;
  const exclamations = tokens.exclamations[tokens.sentences[item.start] ?? 0] ?? 0;
  return (loud ? EMPHASIS : 1) * (1 + PER_EXCLAMATION * exclamations);
}

/** Emoji stand beside what is said, not in it: "no power 😡" is no less angry for the "no". */
function standsBeside(tokens: Tokens, item: Item): boolean {
  const kind = classOf(tokens.text.charCodeAt(tokens.starts[item.start] ?? 0));
  return kind !== LETTER && kind !== DIGIT;
}

/** Contrast, concession, wish and question, which reach over a whole sentence. */
function sentenceWeight(tokens: Tokens, item: Item, value: number): number {
  const sentence = tokens.sentences[item.start] ?? 0;
  let weight = tokens.asked[sentence] === 1 ? askedWeight(tokens, item.start, value) : 1;
  for (let index = item.start - 1; index >= 0 && tokens.sentences[index] === sentence; index--) {
    const word = tokens.words[index];
    if (word === undefined) continue;
    if (word.turn) {
      weight *= AFTER_TURN;
      return weight;
    }
    if (word.text === 'used' && value > 0 && tokens.words[index + 1]?.text === 'to') weight *= PAST_GOOD;
    if (word.wish && value > 0 && item.start - index <= WISH_WINDOW) weight *= WISHED_GOOD;
    if (word.concession && tokens.clauses[index] === tokens.clauses[item.start]) weight *= CONCEDED;
  }
  for (let index = item.end; index < tokens.count && tokens.sentences[index] === sentence; index++) {
    const word = tokens.words[index];
    if (word?.turn === true && index + 1 < tokens.count) return weight * BEFORE_TURN;
  }
  return weight;
}

function askedWeight(tokens: Tokens, start: number, value: number): number {
  if (value <= 0) return ASKED_BAD;
  let first = start;
  while (first > 0 && tokens.sentences[first - 1] === tokens.sentences[start]) first--;
  return ENQUIRING.has(tokens.words[first]?.text ?? '') ? ENQUIRED_GOOD : ASKED_GOOD;
}

/** Words that open a question whose answer is not known. */
const ENQUIRING: ReadonlySet<string> = new Set(
  'is are do does did can could will would has have what where when which who how'.split(' '),
);

/** "would be really so nice": as far as a wish reaches, in words. */
const WISH_WINDOW = 6;

function addLooseNegations(
  tokens: Tokens,
  items: Item[],
  covered: readonly (PhraseMatch | undefined)[],
): void {
  let clause = -1;
  let next = 0;
  const known = items.length;
  for (let index = 0; index < tokens.count; index++) {
    if (covered[index] !== undefined || tokens.words[index]?.negator !== true) continue;
    if (tokens.clauses[index] === clause) continue;
    while (next < known && (items[next]?.start ?? 0) < index) next++;
    const item = next < known ? items[next] : undefined;
    const used =
      item !== undefined &&
      item.start - index <= NEGATION_WINDOW &&
      tokens.clauses[item.start] === tokens.clauses[index];
    if (used || isBareAnswer(tokens, index)) continue;
    clause = tokens.clauses[index] ?? 0;
    items.push({ from: index, start: index, end: index + 1, effect: LOOSE_NEGATION, value: LOOSE_NEGATION });
  }
}

/** "No, thank you": an answer, not a complaint. */
const isBareAnswer = (tokens: Tokens, index: number): boolean =>
  index + 1 >= tokens.count || tokens.clauses[index + 1] !== tokens.clauses[index];

function turnIrony(tokens: Tokens, items: readonly Item[], matches: readonly PhraseMatch[]): void {
  if (!hasGood(items)) return;
  turnLoneExclamation(tokens, items);
  if (!items.some((item) => item.value <= TROUBLE)) return;
  const cues = matches
    .filter((match) => match.phrase.sarcasm)
    .map((match) => tokens.sentences[match.start] ?? 0);
  for (const item of items) {
    if (item.value > 0 && isExclaimed(tokens, item)) cues.push(tokens.sentences[item.start] ?? 0);
  }
  if (cues.length === 0) return;
  for (const item of items) {
    const sentence = tokens.sentences[item.start] ?? 0;
    if (item.value > 0 && cues.some((cue) => Math.abs(cue - sentence) <= 2)) item.value *= IRONIC;
  }
}

function hasGood(items: readonly Item[]): boolean {
  for (const item of items) if (item.value > 0) return true;
  return false;
}

/**
 * "Brilliant. My card has been blocked." One strong word cut off at the head of the text, nothing else good, and
 * something bad right behind it, though it be small.
 */
function turnLoneExclamation(tokens: Tokens, items: readonly Item[]): void {
  const [first, ...others] = items;
  if (first === undefined || first.effect < STRONG_PRAISE || first.value <= 0 || first.end - first.start > 1)
    return;
  if (others.length === 0 || others.some((item) => item.value > 0)) return;
  const next = others[0];
  const cutOff = first.end < tokens.count && tokens.clauses[first.end] !== tokens.clauses[first.start];
  if (!cutOff || next === undefined || next.value > SMALL_TROUBLE) return;
  if (hasTurn(tokens, first.end, next.start)) return;
  for (let index = 0; index < first.start; index++) if (tokens.words[index]?.interjection !== true) return;
  first.value *= IRONIC;
}

const STRONG_PRAISE = 2;
const SMALL_TROUBLE = -0.5;

function hasTurn(tokens: Tokens, from: number, to: number): boolean {
  for (let index = from; index < to; index++) if (tokens.words[index]?.turn === true) return true;
  return false;
}

/** A good word that stands at the head of its sentence and is cut off at once: "Great, another outage". */
function isExclaimed(tokens: Tokens, item: Item): boolean {
  const sentence = tokens.sentences[item.start] ?? 0;
  const next = item.end;
  if (next < tokens.count && tokens.clauses[next] === tokens.clauses[item.start]) return false;
  let openers = 0;
  for (let index = item.start - 1; index >= 0 && tokens.sentences[index] === sentence; index--) {
    const word: Word | undefined = tokens.words[index];
    if (word?.interjection !== true) return false;
    openers++;
  }
  return openers > 0 || isFollowedByAgain(tokens, next);
}

/** "another", "again", "yet": what makes a good word before trouble ironic. */
function isFollowedByAgain(tokens: Tokens, from: number): boolean {
  const last = Math.min(tokens.count, from + 8);
  for (let index = from; index < last; index++) {
    const text = tokens.words[index]?.text;
    if (text === 'another' || text === 'again' || text === 'yet') return true;
  }
  return false;
}

function conclude(tokens: Tokens, items: readonly Item[]): Sentiment {
  let sum = 0;
  let said = 0;
  for (const item of items) {
    sum += item.value;
    said += Math.abs(item.value);
  }
  const damping = Math.sqrt(sum * sum + BASE_DAMPING + DAMPING_PER_WORD * tokens.count);
  const score = round(sum / damping);
  const label = labelOf(score);
  const agreement = said === 0 ? 1 : Math.abs(sum) / said;
  return {
    score,
    label,
    confidence: confidenceOf(score, label, agreement),
    words: strongest(tokens, items, damping),
  };
}

/**
 * How likely the label is right: more, the further the score lies from the border, and less, the more the words
 * contradict each other. Holds on the average of texts; a fitted model gives chances measured on a company's own.
 */
function confidenceOf(score: number, label: SentimentLabel, agreement: number): number {
  if (label === 'neutral') {
    const border = score < 0 ? NEGATIVE_BELOW : POSITIVE_ABOVE;
    return round(SURE_OF_BALANCE + (SURE_OF_SILENCE - SURE_OF_BALANCE) * (1 - score / border) * agreement);
  }
  const border = Math.abs(label === 'negative' ? NEGATIVE_BELOW : POSITIVE_ABOVE);
  const distance = Math.min(1, (2 * (Math.abs(score) - border)) / (1 - border));
  return round(SURE_AT_BORDER + (SUREST - SURE_AT_BORDER) * distance * (0.5 + agreement / 2));
}

export function labelOf(score: number): SentimentLabel {
  if (score < NEGATIVE_BELOW) return 'negative';
  return score > POSITIVE_ABOVE ? 'positive' : 'neutral';
}

function strongest(tokens: Tokens, items: readonly Item[], damping: number): Sentiment['words'] {
  const words: { word: string; effect: number }[] = [];
  for (const item of items.length > 1 ? strongestFirst(items) : items) {
    const effect = round(item.value / damping);
    if (effect !== 0) words.push({ word: wordsOf(tokens, item.from, item.end), effect });
  }
  return words;
}

/** The first `MAX_WORDS` by strength, equals in the order of the text. By hand, as sorting all of them costs a tenth of a reading. */
function strongestFirst(items: readonly Item[]): readonly Item[] {
  const best: Item[] = [];
  for (const item of items) {
    const strength = Math.abs(item.value);
    let place = best.length;
    for (; place > 0; place--) {
      const weaker = best[place - 1];
      if (weaker === undefined || Math.abs(weaker.value) >= strength) break;
      if (place < MAX_WORDS) best[place] = weaker;
    }
    if (place < MAX_WORDS) best[place] = item;
  }
  return best;
}

/** The customer's own words, tokens `start` to `end`, the end not included. */
export const wordsOf = (tokens: Tokens, start: number, end: number): string =>
  tokens.text.slice(tokens.starts[start] ?? 0, tokens.ends[end - 1] ?? 0);

/** Two decimals are more than the method is worth; −0 would look odd in JSON. */
const round = (value: number): number => Math.round(value * 100) / 100 + 0;
