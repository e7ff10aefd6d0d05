import type { Scorer } from '../ports.ts';
import { type Judged, judgeMoods, type MoodQuality } from './classification.ts';
import type { LabelMap } from './label-map.ts';

/** A text and its label, as they stand in the file. */
export interface LabelledText {
  readonly text: string;
  readonly label: string;
}

export interface SentimentQuality extends MoodQuality {
  /** Texts whose language was not read. */
  readonly unknown: number;
  /** Rows without a text, or with a label that the map does not know. */
  readonly left: number;
  readonly textsPerSecond: number;
}

/** Reads every labelled text and compares. `clock` gives milliseconds; it is asked twice. */
export function evaluateSentiment(
  rows: readonly LabelledText[],
  moodOf: LabelMap,
  scorer: Scorer,
  clock: () => number,
): SentimentQuality {
  const usable = rows.flatMap((row) => {
    const truth = moodOf(row.label);
    return truth === undefined || row.text.trim() === '' ? [] : [{ text: row.text, truth }];
  });
  const begun = clock();
  const judged = usable.map(({ text, truth }): Judged => {
    const { sentiment, negative } = scorer.readText(text);
    return { truth, ...sentiment, ...(negative === undefined ? {} : { negative }) };
  });
  const seconds = (clock() - begun) / 1000;
  return {
    ...judgeMoods(judged),
    unknown: judged.filter((each) => each.label === 'unknown').length,
    left: rows.length - usable.length,
    textsPerSecond: Math.round(usable.length / seconds),
  };
}
