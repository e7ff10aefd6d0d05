import { createHash } from 'node:crypto';
import { SCORE_TENTHS, type SentimentModelFile } from '../../domain/sentiment-model.ts';
import { CUES } from '../../domain/text-terms.ts';
import type { Vocabulary } from '../../domain/vocabulary.ts';
import { type Judged, judgeMoods, MOODS, type Mood, type MoodQuality } from '../../quality/classification.ts';
import { type Chances, chooseShift, type LabelShift, moodOf } from './choose-labels.ts';
import { type ChosenTerms, chooseTerms } from './choose-terms.ts';
import { fitLogistic, predictLogistic, type SparseRows } from './logistic.ts';
import {
  countMoods,
  type LabelledMood,
  readTrainingTexts,
  type TrainingTexts,
  UNREAD_LABEL,
} from './training-texts.ts';

/*
 * How a company's own texts become a model: the shipped layer reads each text; terms and cues go into a
 * multinomial logistic regression with a ridge penalty. Penalty and label shifts are chosen by cross-validation,
 * and so are the figures: each text is judged by a model that has not seen it.
 */

export interface FitOptions {
  /** Deals the texts into folds. The same seed and texts give the same model to the digit. */
  readonly seed: number;
  /** Told what is being done, a few times a second at most. */
  readonly onProgress: (words: string) => void;
}

export type FitResult =
  | { readonly ok: true; readonly model: SentimentModelFile; readonly unread: number }
  | { readonly ok: false; readonly reason: string };

const FOLDS = 5;
/** Ridge penalties to choose from, strongest first, as a fit begins where the stronger one ended. */
const RIDGES = [36, 12, 4];
/** With fewer texts of a mood, each fold would judge by a handful. */
export const MIN_TEXTS_PER_MOOD = 30;

/** Fits a model, or says why there is none to be had from these texts. */
export function fitSentiment(
  texts: readonly LabelledMood[],
  vocabulary: Vocabulary,
  options: FitOptions,
): FitResult {
  options.onProgress(`reading ${texts.length} texts`);
  const examples = readTrainingTexts(texts, vocabulary);
  const all = Int32Array.from({ length: examples.count }, (_, row) => row);
  const counts = countMoods(examples, all);
  const reason = whyNot(examples, texts.length, counts);
  if (reason !== undefined) return { ok: false, reason };
  const foldOf = dealFolds(examples.count, options.seed);
  const { ridge, chances } = crossValidate(examples, foldOf, options);
  options.onProgress(`all texts, ridge ${ridge}`);
  const { terms, weights } = fitOn(examples, all, ridge);
  const shift = chooseShift(chances, examples.truth, [...all]);
  const heldOut = judgeHeldOut(examples, chances, foldOf);
  const model = {
    apiVersion: 'tocsin/v1',
    kind: 'SentimentModel',
    version: '',
    language: 'en',
    lexicon: vocabulary.version,
    fitted: { texts: examples.count, ...byMood(counts), ridge },
    heldOut,
    scores: tenthsOf(chances),
    label: shift,
    ...toWeights(examples, terms, weights),
  } satisfies Readonly<Record<keyof SentimentModelFile, unknown>>;
  // The schema's tuples are mutable types; nothing here is changed after this point.
  const file = { ...model, version: `fit-${fingerprint(model)}` } as unknown as SentimentModelFile;
  return { ok: true, model: file, unread: examples.unread.length };
}

function whyNot(examples: TrainingTexts, texts: number, counts: readonly number[]): string | undefined {
  if (examples.unread.length * 2 > texts) {
    return `${examples.unread.length} of ${texts} texts are not in English, the language of the lexicon`;
  }
  const few = MOODS.filter((_, mood) => {
    const count = counts[mood] ?? 0;
    return count > 0 && count < MIN_TEXTS_PER_MOOD;
  });
  if (few.length > 0) {
    return `too few texts of ${few.join(' and ')}: at least ${MIN_TEXTS_PER_MOOD} of a mood are needed, or none`;
  }
  const there = counts.filter((count) => count > 0).length;
  return there < 2 ? 'the labels hold one mood only; two or three are needed to tell them apart' : undefined;
}

const byMood = (counts: readonly number[]) => ({
  negative: counts[0] ?? 0,
  neutral: counts[1] ?? 0,
  positive: counts[2] ?? 0,
});

/** Numerical Recipes' linear congruential generator: enough to deal cards, and the same on every machine. */
function dealFolds(count: number, seed: number): Uint8Array {
  let state = seed >>> 0;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * FOLDS);
  });
}

/** Chances of each text by models that have not seen it, with the penalty that makes them likeliest. */
function crossValidate(examples: TrainingTexts, foldOf: Uint8Array, options: FitOptions) {
  const chances = RIDGES.map((): Chances => new Float64Array(examples.count * MOODS.length));
  for (let fold = 0; fold < FOLDS; fold++) {
    const picked = rowsWhere(examples, (row) => foldOf[row] !== fold);
    const chosen = chooseTerms(examples, picked);
    const rows = toRows(examples, chosen.terms);
    let weights: Float64Array | undefined;
    for (const [index, ridge] of RIDGES.entries()) {
      options.onProgress(`fold ${fold + 1} of ${FOLDS}, ridge ${ridge}`);
      weights = fitLogistic(taskOf(examples, rows, picked, penaltyOf(chosen, ridge), weights));
      const into = chances[index] ?? new Float64Array();
      for (const row of rowsWhere(examples, (each) => foldOf[each] === fold)) {
        predictLogistic(rows, row, weights, MOODS.length, into.subarray(row * 3, row * 3 + 3));
      }
    }
  }
  const losses = chances.map((each) => logLoss(each, examples));
  const best = losses.indexOf(Math.min(...losses));
  return { ridge: RIDGES[best] ?? 0, chances: chances[best] ?? new Float64Array() };
}

function fitOn(examples: TrainingTexts, picked: Int32Array, ridge: number) {
  const chosen = chooseTerms(examples, picked);
  const rows = toRows(examples, chosen.terms);
  const weights = fitLogistic(taskOf(examples, rows, picked, penaltyOf(chosen, ridge)));
  return { terms: chosen.terms, weights };
}

function taskOf(
  examples: TrainingTexts,
  rows: SparseRows,
  picked: Int32Array,
  penalty: Float64Array,
  from?: Float64Array,
) {
  return {
    rows,
    picked,
    truth: examples.truth,
    classes: MOODS.length,
    penalty,
    ...(from === undefined ? {} : { from }),
  };
}

/** Cues are few, in every text, and known to mean something: they are hardly held down. */
const CUE_RIDGE = 2;

function penaltyOf({ caution }: ChosenTerms, ridge: number): Float64Array {
  const penalty = new Float64Array(CUES.length + caution.length).fill(CUE_RIDGE);
  for (const [index, times] of caution.entries()) penalty[CUES.length + index] = ridge * times;
  return penalty;
}

const rowsWhere = (examples: TrainingTexts, keep: (row: number) => boolean): Int32Array =>
  Int32Array.from({ length: examples.count }, (_, row) => row).filter(keep);

/** Cues first, then the chosen terms, which are there or not. */
function toRows(examples: TrainingTexts, terms: Int32Array): SparseRows {
  const columnOf = new Int32Array(examples.spellings.length).fill(-1);
  for (const [index, term] of terms.entries()) columnOf[term] = CUES.length + index;
  const starts = new Int32Array(examples.count + 1);
  const columns: number[] = [];
  const values: number[] = [];
  for (let row = 0; row < examples.count; row++) {
    for (let cue = 0; cue < CUES.length; cue++) {
      const value = examples.cues[row * CUES.length + cue] ?? 0;
      if (value === 0) continue;
      columns.push(cue);
      values.push(value);
    }
    for (const term of examples.terms[row] ?? []) {
      const column = columnOf[term] ?? -1;
      if (column < 0) continue;
      columns.push(column);
      values.push(1);
    }
    starts[row + 1] = columns.length;
  }
  return {
    starts,
    columns: Int32Array.from(columns),
    values: Float64Array.from(values),
    width: CUES.length + terms.length,
  };
}

function logLoss(chances: Chances, examples: TrainingTexts): number {
  let loss = 0;
  for (let row = 0; row < examples.count; row++) {
    loss -= Math.log(Math.max(1e-12, chances[row * 3 + (examples.truth[row] ?? 0)] ?? 0));
  }
  return loss / examples.count;
}

/** The labels of a fold are chosen with shifts from the other folds, so that nothing is judged by what it taught. */
function judgeHeldOut(examples: TrainingTexts, chances: Chances, foldOf: Uint8Array) {
  const judged: Judged[] = examples.unread.map((truth) => ({ truth, label: UNREAD_LABEL }));
  for (let fold = 0; fold < FOLDS; fold++) {
    const others = rowsWhere(examples, (row) => foldOf[row] !== fold);
    const shift = chooseShift(chances, examples.truth, [...others]);
    for (const row of rowsWhere(examples, (each) => foldOf[each] === fold)) {
      judged.push(judge(examples, chances, row, shift));
    }
  }
  const { accuracy, macroF1, negative, aucNegative }: MoodQuality = judgeMoods(judged);
  return { folds: FOLDS, accuracy, macroF1, negative, aucNegative };
}

function judge(examples: TrainingTexts, chances: Chances, row: number, shift: LabelShift): Judged {
  const mood = (index: number): Mood => MOODS[index] ?? 'neutral';
  return {
    truth: mood(examples.truth[row] ?? 0),
    label: mood(moodOf(chances, row, shift)),
    negative: chances[row * 3] ?? 0,
  };
}

/** Share of texts by tenth of the score, from −1 up, as unseen texts would score. */
function tenthsOf(chances: Chances): number[] {
  const counts = new Array<number>(SCORE_TENTHS).fill(0);
  const texts = chances.length / 3;
  for (let row = 0; row < texts; row++) {
    const score = (chances[row * 3 + 2] ?? 0) - (chances[row * 3] ?? 0);
    const tenth = Math.min(SCORE_TENTHS - 1, Math.floor(((score + 1) / 2) * SCORE_TENTHS));
    counts[tenth] = (counts[tenth] ?? 0) + 1;
  }
  return counts.map((count) => Math.round((count / texts) * 10_000) / 10_000);
}

/** Weights below this in all three moods move no judgement, and would only lengthen the file. */
const MIN_WEIGHT = 0.03;
/** A mood without texts drives its intercept down without end. */
const MAX_INTERCEPT = 20;

type Triple = readonly [number, number, number];

function toWeights(examples: TrainingTexts, terms: Int32Array, weights: Float64Array) {
  const at = (column: number): Triple => {
    const [negative = 0, neutral = 0, positive = 0] = weights.subarray(column * 3, column * 3 + 3);
    return [hundredths(negative), hundredths(neutral), hundredths(positive)];
  };
  const matters = (triple: Triple) => triple.some((weight) => Math.abs(weight) >= MIN_WEIGHT);
  const cues = CUES.map((cue, index) => [cue, at(index)] as const).filter(([, triple]) => matters(triple));
  const words = [...terms]
    .map((term, index) => [examples.spellings[term] ?? '', at(CUES.length + index)] as const)
    .filter(([, triple]) => matters(triple))
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    intercept: at(CUES.length + terms.length).map((value) =>
      Math.max(-MAX_INTERCEPT, Math.min(MAX_INTERCEPT, value)),
    ),
    cues: Object.fromEntries(cues),
    terms: Object.fromEntries(words),
  };
}

const hundredths = (value: number): number => Math.round(value * 100) / 100 + 0;

/** Eight hex digits of everything in the model, so that two models are never taken for one. */
const fingerprint = (model: unknown): string =>
  createHash('sha256').update(JSON.stringify(model)).digest('hex').slice(0, 8);
