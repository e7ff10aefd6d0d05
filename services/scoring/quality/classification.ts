import type { SentimentLabel } from '../../contracts/assessment.ts';

export const MOODS = ['negative', 'neutral', 'positive'] as const;
export type Mood = (typeof MOODS)[number];

/** A text as people judged it, and as we read it. */
export interface Judged {
  readonly truth: Mood;
  readonly label: SentimentLabel;
  /** −1…1; absent where the label is `unknown`. */
  readonly score?: number;
  /** Chance that the text is negative, where a model gives one; it ranks better than the score, which looks both ways. */
  readonly negative?: number;
}

export interface ClassFigures {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export interface MoodQuality {
  readonly n: number;
  readonly accuracy: number;
  /** Mean of the F1 of each mood that is labelled or found, so that a rare one counts as much as a frequent one. */
  readonly macroF1: number;
  readonly negative: ClassFigures;
  /** Chance that a negative text scores lower than another one; ties count half. */
  readonly aucNegative: number;
}

/** How well labels and scores agree with people. `unknown` counts as neutral with score 0, never as right by chance. */
export function judgeMoods(texts: readonly Judged[]): MoodQuality {
  const occurs = (mood: Mood): boolean => texts.some((text) => text.truth === mood || labelOf(text) === mood);
  const scored = MOODS.filter(occurs).map((mood) => figuresOf(texts, mood));
  const right = texts.filter((text) => labelOf(text) === text.truth).length;
  const scores = badnessOf(texts);
  return {
    n: texts.length,
    accuracy: thousandths(right / texts.length),
    macroF1: thousandths(scored.reduce((sum, each) => sum + each.f1, 0) / scored.length),
    negative: figuresOf(texts, 'negative'),
    aucNegative: thousandths(
      auc(
        scores,
        texts.map((text) => text.truth === 'negative'),
      ),
    ),
  };
}

/** What texts are ranked by: the model's chance of negative, or the score turned round. Unread texts stand in the middle. */
function badnessOf(texts: readonly Judged[]): readonly number[] {
  const chances = texts.flatMap(({ negative }) => (negative === undefined ? [] : [negative]));
  if (chances.length === 0) return texts.map(({ score }) => -(score ?? 0));
  const usual = chances.reduce((sum, chance) => sum + chance, 0) / chances.length;
  return texts.map(({ negative }) => negative ?? usual);
}

const labelOf = (text: Judged): Mood => (text.label === 'unknown' ? 'neutral' : text.label);

function figuresOf(texts: readonly Judged[], mood: Mood): ClassFigures {
  let found = 0;
  let there = 0;
  let both = 0;
  for (const text of texts) {
    const isFound = labelOf(text) === mood;
    if (isFound) found++;
    if (text.truth === mood) there++;
    if (isFound && text.truth === mood) both++;
  }
  const precision = found === 0 ? 0 : both / found;
  const recall = there === 0 ? 0 : both / there;
  const f1 = both === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  return { precision: thousandths(precision), recall: thousandths(recall), f1: thousandths(f1) };
}

/**
 * Area under the ROC curve: the chance that a positive case scores higher than another one. Ties count half.
 * Not a number when one of the two kinds is missing.
 */
export function auc(scores: readonly number[], positive: readonly boolean[]): number {
  const order = scores.map((_, index) => index).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
  let rankSum = 0;
  let positives = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && scores[order[to] ?? 0] === scores[order[from] ?? 0]) to++;
    // Ranks count from 1; tied scores share the mean of theirs.
    const rank = (from + to + 1) / 2;
    for (const index of order.slice(from, to)) {
      if (positive[index] !== true) continue;
      rankSum += rank;
      positives++;
    }
    from = to;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (scores.length - positives));
}

const thousandths = (value: number): number => Math.round(value * 1000) / 1000;
