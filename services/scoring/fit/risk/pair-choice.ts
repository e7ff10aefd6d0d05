import type { AdditiveModel, BinnedTable } from './boosting.ts';
import { type CoarseAxis, cellsOf, coarsen, MAX_COARSE_BINS, type PairAxis } from './pair-axis.ts';
import { bestQuarters } from './pair-search.ts';
import type { LeafSettings } from './step-search.ts';

/**
 * The pairs of features that explain most of what the features one by one leave unexplained, best first.
 *
 * Each pair is judged by its best cut into four against the gradients of the model so far: cut on one half of the
 * rows (or of the customers, where they have several) and judged on the other, and the other way round. A pair that is none gains by the cut and loses by the
 * judgement. A table of sums per pair and half and no fitting is quick enough to look at all pairs.
 */
export function choosePairs(
  table: BinnedTable,
  rows: Int32Array,
  model: AdditiveModel,
  count: number,
  settings: LeafSettings,
  groups?: Int32Array,
): readonly PairAxis[] {
  const bins = table.bins.map((all) => Uint16Array.from(rows, (row) => all[row] ?? 0));
  const coarse = table.axes.map((axis, feature) =>
    coarsen(axis, rowsPerBin(bins[feature], axis.size), model.mains[feature] ?? new Float64Array(axis.size)),
  );
  const likely = likelihoods(model, bins, rows.length);
  const [odd, even] = [emptySums(), emptySums()];
  const halves = Uint8Array.from(rows, (row, index) => (groups?.[row] ?? index) & 1);
  const found: { pair: PairAxis; worth: number }[] = [];
  for (let first = 0; first < table.axes.length; first++) {
    if (table.directions[first] !== undefined) continue;
    for (let second = first + 1; second < table.axes.length; second++) {
      const pair = pairOf(first, second, coarse);
      if (pair === undefined || table.directions[second] !== undefined) continue;
      sumCells(cellsOf(pair, bins), rows, table.labels, likely, halves, [even, odd]);
      const worth = worthOnOthers(pair, even, odd, settings) + worthOnOthers(pair, odd, even, settings);
      if (worth > 0) found.push({ pair, worth });
    }
  }
  found.sort((a, b) => b.worth - a.worth);
  return found.slice(0, count).map(({ pair }) => pair);
}

/** How much the best cut of some rows lowers the loss of other rows. */
function worthOnOthers(
  { firstCoarse: { size: height }, secondCoarse: { size: width } }: PairAxis,
  some: CellSums,
  others: CellSums,
  settings: LeafSettings,
): number {
  const step = new Float64Array(height * width);
  if (!bestQuarters(some.gradients, some.hessians, some.rows, height, width, settings, step)) return 0;
  return step.reduce(
    (sum, value, cell) =>
      sum + value * ((others.gradients[cell] ?? 0) - ((others.hessians[cell] ?? 0) * value) / 2),
    0,
  );
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

interface CellSums {
  readonly gradients: Float64Array;
  readonly hessians: Float64Array;
  readonly rows: Float64Array;
}

const CELLS = MAX_COARSE_BINS ** 2;
const emptySums = (): CellSums => ({
  gradients: new Float64Array(CELLS),
  hessians: new Float64Array(CELLS),
  rows: new Float64Array(CELLS),
});

/** Sums per cell, one half of the rows apart from the other. */
function sumCells(
  cells: Uint16Array,
  rows: Int32Array,
  labels: Uint8Array,
  likely: Float64Array,
  halves: Uint8Array,
  both: readonly [CellSums, CellSums],
): void {
  for (const half of both) for (const column of Object.values(half)) column.fill(0);
  for (let index = 0; index < cells.length; index++) {
    // All of them have one entry per row.
    const sums = both[halves[index] as 0 | 1];
    const cell = cells[index] as number;
    const p = likely[index] as number;
    sums.gradients[cell] = (sums.gradients[cell] as number) + (labels[rows[index] as number] as number) - p;
    sums.hessians[cell] = (sums.hessians[cell] as number) + p * (1 - p);
    sums.rows[cell] = (sums.rows[cell] as number) + 1;
  }
}
