import type { FeatureValue } from '../../domain/features.ts';
import { auc } from '../../quality/classification.ts';
import { binsOf, findAxis } from './binning.ts';
import { spaced } from './columns.ts';
import { seeded, stratifiedFolds } from './random.ts';

/** A feature that alone ranks customers this well was written down after they had left. The best honest ones reach .9. */
const TOO_GOOD = 0.97;
/** The same for a column that is named like the label: `Churn Score` beside `Churn`. */
const TOO_GOOD_FOR_ITS_NAME = 0.85;
const FOLDS = 3;
/** Rows of a word that is taken at its word; fewer are mixed with the average. */
const PRIOR_ROWS = 5;

/**
 * Why a feature gives the answer away, or `undefined`. It does when its bins alone (missing among them), learnt on
 * two thirds of the rows, rank the last third nearly without fault.
 */
export function leakOf(
  { name, kind, values }: { name: string; kind: 'number' | 'word'; values: readonly FeatureValue[] },
  labels: Uint8Array,
  labelColumn: string,
): string | undefined {
  const alone = aloneAuc(kind, values, labels);
  const shown = alone.toFixed(3).replace(/^0/, '');
  if (alone >= TOO_GOOD) return `gives the answer away: alone it reaches an AUC of ${shown}`;
  if (alone >= TOO_GOOD_FOR_ITS_NAME && isNamedLike(name, labelColumn)) {
    return `is named like the label and alone reaches an AUC of ${shown}`;
  }
  return undefined;
}

function aloneAuc(kind: 'number' | 'word', values: readonly FeatureValue[], labels: Uint8Array): number {
  const axis = findAxis(kind, values);
  const bins = binsOf(axis, values);
  const folds = stratifiedFolds(labels, FOLDS, seeded(1));
  const base = labels.reduce((sum, label) => sum + label, 0) / labels.length;
  const scores = new Array<number>(labels.length).fill(0);
  for (let fold = 0; fold < FOLDS; fold++) {
    const rows = new Float64Array(axis.size).fill(PRIOR_ROWS);
    const outcomes = new Float64Array(axis.size).fill(PRIOR_ROWS * base);
    for (let row = 0; row < labels.length; row++) {
      if (folds[row] === fold) continue;
      const bin = bins[row] ?? 0;
      rows[bin] = (rows[bin] ?? 0) + 1;
      outcomes[bin] = (outcomes[bin] ?? 0) + (labels[row] ?? 0);
    }
    for (let row = 0; row < labels.length; row++) {
      const bin = bins[row] ?? 0;
      if (folds[row] === fold) scores[row] = (outcomes[bin] ?? 0) / (rows[bin] ?? 1);
    }
  }
  return auc(
    scores,
    Array.from(labels, (label) => label === 1),
  );
}

function isNamedLike(name: string, label: string): boolean {
  const words = (text: string): string[] =>
    spaced(text)
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word.length >= 4);
  const own = words(label);
  return words(name).some((word) => own.includes(word));
}
