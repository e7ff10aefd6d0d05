import type { AdditiveModel, BinnedTable } from './boosting.ts';
import { type CoarseAxis, cellsOf, coarsen, type PairAxis } from './pair-axis.ts';
import { quartersGain } from './pair-search.ts';
import type { LeafSettings } from './step-search.ts';

/**
 * The pairs of features that explain most of what the features one by one leave unexplained, best first.
 *
 * Each pair is judged by its best cut into four against the gradients of the model so far: a table of sums per pair
 * and no fitting, which is quick enough to look at all of them.
 */
export function choosePairs(
  table: BinnedTable,
  rows: Int32Array,
  model: AdditiveModel,
  count: number,
  settings: LeafSettings,
): readonly PairAxis[] {
  const bins = table.bins.map((all) => Uint16Array.from(rows, (row) => all[row] ?? 0));
  const coarse = table.axes.map((axis, feature) =>
    coarsen(axis, rowsPerBin(bins[feature], axis.size), model.mains[feature] ?? new Float64Array(axis.size)),
  );
  const likely = likelihoods(model, bins, rows.length);
  const sums = {
    gradients: new Float64Array(256),
    hessians: new Float64Array(256),
    rows: new Float64Array(256),
  };
  const found: { pair: PairAxis; gain: number }[] = [];
  for (let first = 0; first < table.axes.length; first++) {
    if (table.directions[first] !== undefined) continue;
    for (let second = first + 1; second < table.axes.length; second++) {
      const pair = pairOf(first, second, coarse);
      if (pair === undefined || table.directions[second] !== undefined) continue;
      sumCells(cellsOf(pair, bins), rows, table.labels, likely, sums);
      const gain = quartersGain(
        sums.gradients,
        sums.hessians,
        sums.rows,
        pair.firstCoarse.size,
        pair.secondCoarse.size,
        settings,
      );
      found.push({ pair, gain });
    }
  }
  found.sort((a, b) => b.gain - a.gain);
  return found.slice(0, count).map(({ pair }) => pair);
}

function pairOf(first: number, second: number, coarse: readonly CoarseAxis[]): PairAxis | undefined {
  const firstCoarse = coarse[first];
  const secondCoarse = coarse[second];
  if (firstCoarse === undefined || secondCoarse === undefined) return undefined;
  if (firstCoarse.size < 2 || secondCoarse.size < 2) return undefined;
  return { first, second, firstCoarse, secondCoarse };
}

function rowsPerBin(bins: Uint16Array | undefined, size: number): Float64Array {
  const counts = new Float64Array(size);
  for (const bin of bins ?? []) counts[bin] = (counts[bin] ?? 0) + 1;
  return counts;
}

/** The model's probability for each row, from the mains alone. */
function likelihoods(model: AdditiveModel, bins: readonly Uint16Array[], n: number): Float64Array {
  const logOdds = new Float64Array(n).fill(model.intercept);
  for (const [feature, weights] of model.mains.entries()) {
    const own = bins[feature] ?? new Uint16Array(n);
    for (let row = 0; row < n; row++)
      logOdds[row] = (logOdds[row] as number) + (weights[own[row] as number] as number);
  }
  return logOdds.map((value) => 1 / (1 + Math.exp(-value)));
}

function sumCells(
  cells: Uint16Array,
  rows: Int32Array,
  labels: Uint8Array,
  likely: Float64Array,
  sums: { gradients: Float64Array; hessians: Float64Array; rows: Float64Array },
): void {
  for (const column of Object.values(sums)) column.fill(0);
  for (let index = 0; index < cells.length; index++) {
    // All of them have one entry per row.
    const cell = cells[index] as number;
    const p = likely[index] as number;
    sums.gradients[cell] = (sums.gradients[cell] as number) + (labels[rows[index] as number] as number) - p;
    sums.hessians[cell] = (sums.hessians[cell] as number) + p * (1 - p);
    sums.rows[cell] = (sums.rows[cell] as number) + 1;
  }
}
