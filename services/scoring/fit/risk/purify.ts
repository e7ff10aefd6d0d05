import { cellsOf } from './pair-axis.ts';
import type { TrainedModel } from './train.ts';

type Tables = Pick<TrainedModel, 'intercept' | 'mains' | 'pairs'>;

/** Alternating rows and columns settles quickly; more rounds change nothing that is shown. */
const ROUNDS = 20;

/**
 * The same model, told so that each number means one thing: what a feature says alone stands in its own bins, a
 * pair's table holds only what is left, and each table's mean over the customers is nothing. The intercept is then
 * the log-odds of the average customer. Scores do not change.
 */
export function purify({ intercept, mains, pairs, bins }: TrainedModel): Tables {
  const own = mains.map((weights) => weights.slice());
  const tables = pairs.map(({ axis, weights }) => {
    const table = weights.slice();
    const { first, second, firstCoarse, secondCoarse } = axis;
    const width = secondCoarse.size;
    const rows = new Float64Array(table.length);
    for (const cell of cellsOf(axis, bins)) rows[cell] = (rows[cell] ?? 0) + 1;
    for (let round = 0; round < ROUNDS; round++) {
      for (let row = 0; row < firstCoarse.size; row++) {
        const cells = Array.from({ length: width }, (_, column) => row * width + column);
        shift(own[first], firstCoarse.of, row, takeMean(table, rows, cells));
      }
      for (let column = 0; column < width; column++) {
        const cells = Array.from({ length: firstCoarse.size }, (_, row) => row * width + column);
        shift(own[second], secondCoarse.of, column, takeMean(table, rows, cells));
      }
    }
    return { axis, weights: table };
  });
  let centre = intercept;
  for (const [feature, weights] of own.entries()) {
    let mean = 0;
    for (const bin of bins[feature] ?? []) mean += weights[bin] ?? 0;
    mean /= bins[feature]?.length ?? 1;
    centre += mean;
    for (const [bin, weight] of weights.entries()) weights[bin] = weight - mean;
  }
  return { intercept: centre, mains: own, pairs: tables };
}

/** Takes the mean of some cells out of them, and gives it back. Cells without rows follow along. */
function takeMean(table: Float64Array, rows: Float64Array, cells: readonly number[]): number {
  let count = 0;
  let sum = 0;
  for (const cell of cells) {
    count += rows[cell] ?? 0;
    sum += (rows[cell] ?? 0) * (table[cell] ?? 0);
  }
  if (count === 0) return 0;
  for (const cell of cells) table[cell] = (table[cell] ?? 0) - sum / count;
  return sum / count;
}

function shift(weights: Float64Array | undefined, coarse: Uint16Array, bin: number, amount: number): void {
  if (weights === undefined) return;
  for (const [fine, own] of coarse.entries()) if (own === bin) weights[fine] = (weights[fine] ?? 0) + amount;
}
