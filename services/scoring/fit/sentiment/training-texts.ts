import type { SentimentLabel } from '../../../contracts/assessment.ts';
import { createLayerReader } from '../../domain/read-text.ts';
import { CUES, readCues, termsOf } from '../../domain/text-terms.ts';
import type { Vocabulary } from '../../domain/vocabulary.ts';
import { MOODS, type Mood } from '../../quality/classification.ts';

/** A text that people have judged. */
export interface LabelledMood {
  readonly text: string;
  readonly mood: Mood;
}

/** Labelled texts as a model sees them, in the order in which they came. */
export interface TrainingTexts {
  readonly count: number;
  /** By text: its class, as a number into `MOODS`. */
  readonly truth: Uint8Array;
  /** By text: the numbers of its distinct terms. */
  readonly terms: readonly Int32Array[];
  /** By number: the term. */
  readonly spellings: readonly string[];
  /** `CUES.length` values for each text. */
  readonly cues: Float64Array;
  /** Moods of the texts that were not read, as they are in another language. */
  readonly unread: readonly Mood[];
}

/** Reads all texts with the shipped layer. Terms become numbers at once, as a text has some eighty of them. */
export function readTrainingTexts(texts: readonly LabelledMood[], vocabulary: Vocabulary): TrainingTexts {
  const read = createLayerReader(vocabulary);
  const numbers = new Map<string, number>();
  const spellings: string[] = [];
  const truth = new Uint8Array(texts.length);
  const cues = new Float64Array(texts.length * CUES.length);
  const terms: Int32Array[] = [];
  const unread: Mood[] = [];
  const numberOf = (term: string): number => {
    let number = numbers.get(term);
    if (number === undefined) {
      number = spellings.push(term) - 1;
      numbers.set(term, number);
    }
    return number;
  };
  for (const { text, mood } of texts) {
    const layer = read(text);
    if (layer === undefined) {
      unread.push(mood);
      continue;
    }
    const row = terms.length;
    truth[row] = MOODS.indexOf(mood);
    const into = cues.subarray(row * CUES.length, (row + 1) * CUES.length);
    readCues(layer.tokens, layer.sentiment, layer.intents, into);
    terms.push(
      Int32Array.from(
        [...termsOf(layer.tokens)].filter((term) => term.isWellFormed()),
        numberOf,
      ),
    );
  }
  return { count: terms.length, truth, terms, spellings, cues, unread };
}

/** Texts of each mood, in the order of `MOODS`. */
export function countMoods(examples: TrainingTexts, picked: Int32Array): readonly number[] {
  const counts = MOODS.map(() => 0);
  for (const row of picked) {
    const mood = examples.truth[row] ?? 0;
    counts[mood] = (counts[mood] ?? 0) + 1;
  }
  return counts;
}

/** What a text that was not read is judged as. */
export const UNREAD_LABEL: SentimentLabel = 'unknown';
