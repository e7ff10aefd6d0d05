import { MOODS } from '../../quality/classification.ts';
import { countMoods, type TrainingTexts } from './training-texts.ts';

/** A model stays a file that people can read, and below the limit for YAML files. */
export const MAX_TERMS = 4000;
/** Texts that must have a term: below it is one person's way of speaking, or a person's name. */
const MIN_TEXTS = 3;

/** The terms of a model, the most telling first. */
export interface ChosenTerms {
  /** Numbers into `examples.spellings`. */
  readonly terms: Int32Array;
  /** By position in `terms`: how much harder its weight is held down than that of a term which leans by one. */
  readonly caution: Float64Array;
}

/** Pairs are many and rare, and repeat what their words say. */
const PAIR_CAUTION = 2;
/** A term that leans to nothing is held down ten times as hard, and no harder. */
const MAX_CAUTION = 10;

/**
 * The terms that tell the moods apart best in the picked texts: by the chi-squared statistic of their counts
 * against the counts to be expected if the term said nothing.
 *
 * A term that naive Bayes finds telling gets room for a large weight, one that leans to nothing does not: the
 * penalty falls with the square of the log count ratio (Wang and Manning 2012, in the form of a prior).
 */
export function chooseTerms(examples: TrainingTexts, picked: Int32Array): ChosenTerms {
  const moods = MOODS.length;
  const counts = countTerms(examples, picked);
  const totals = countMoods(examples, picked);
  const strength = new Float64Array(examples.spellings.length);
  const eligible: number[] = [];
  for (let term = 0; term < examples.spellings.length; term++) {
    const own = counts.subarray(term * moods, (term + 1) * moods);
    const texts = own.reduce((sum, count) => sum + count, 0);
    if (texts < MIN_TEXTS) continue;
    strength[term] = chiSquared(own, texts, totals, picked.length);
    eligible.push(term);
  }
  // Ties go to the term that was met first, so that the choice is the same every time.
  eligible.sort((one, other) => (strength[other] ?? 0) - (strength[one] ?? 0) || one - other);
  const terms = Int32Array.from(eligible.slice(0, MAX_TERMS));
  const caution = Float64Array.from(terms, (term) => {
    const lean = leanOf(counts.subarray(term * moods, (term + 1) * moods), totals, picked.length);
    const pair = examples.spellings[term]?.includes(' ') === true;
    return Math.min(MAX_CAUTION, 1 / (lean * lean)) * (pair ? PAIR_CAUTION : 1);
  });
  return { terms, caution };
}

/** Texts with each term, by mood. */
function countTerms(examples: TrainingTexts, picked: Int32Array): Int32Array {
  const counts = new Int32Array(examples.spellings.length * MOODS.length);
  for (const row of picked) {
    const mood = examples.truth[row] ?? 0;
    for (const term of examples.terms[row] ?? []) {
      const at = term * MOODS.length + mood;
      counts[at] = (counts[at] ?? 0) + 1;
    }
  }
  return counts;
}

/** The largest log ratio of a term's share in one mood to its share in the others; one text is added everywhere. */
function leanOf(counts: Int32Array, totals: readonly number[], all: number): number {
  const texts = counts.reduce((sum, count) => sum + count, 0);
  let largest = 0;
  for (const [mood, total] of totals.entries()) {
    if (total === 0) continue;
    const here = ((counts[mood] ?? 0) + 1) / (total + 1);
    const elsewhere = (texts - (counts[mood] ?? 0) + 1) / (all - total + 1);
    largest = Math.max(largest, Math.abs(Math.log(here / elsewhere)));
  }
  return largest;
}

function chiSquared(counts: Int32Array, texts: number, totals: readonly number[], all: number): number {
  let sum = 0;
  for (const [mood, total] of totals.entries()) {
    const expected = (texts * total) / all;
    if (expected > 0) sum += ((counts[mood] ?? 0) - expected) ** 2 / expected;
  }
  return sum;
}
