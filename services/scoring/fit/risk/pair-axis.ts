import type { Axis } from './binning.ts';

/** Two features seen together, each in a few coarse bins. */
export interface PairAxis {
  readonly first: number;
  readonly second: number;
  readonly firstCoarse: CoarseAxis;
  readonly secondCoarse: CoarseAxis;
}

/** A feature's bins, drawn together into few. Coarse bin 0 is "not known", where there is such a bin at all. */
export interface CoarseAxis {
  /** From a bin to its coarse bin. */
  readonly of: Uint16Array;
  readonly size: number;
}

/** A pair's table has at most this many rows and columns: it must fit a screen, and a byte. */
export const MAX_COARSE_BINS = 14;

/**
 * Draws the bins of a feature together into at most `MAX_COARSE_BINS` with about the same number of rows each.
 * Words are put in the order of their `weights` first, so that a cut parts the good from the bad.
 */
export function coarsen(axis: Axis, rowsPerBin: Float64Array, weights: Float64Array): CoarseAxis {
  const order = Array.from({ length: axis.size - 1 }, (_, index) => index + 1);
  if (axis.kind === 'word') order.sort((a, b) => (weights[a] ?? 0) - (weights[b] ?? 0) || a - b);
  const used = order.filter((bin) => (rowsPerBin[bin] ?? 0) > 0);
  const of = new Uint16Array(axis.size);
  const first = (rowsPerBin[0] ?? 0) > 0 ? 1 : 0;
  const most = MAX_COARSE_BINS - first;
  const total = used.reduce((sum, bin) => sum + (rowsPerBin[bin] ?? 0), 0);
  const together = used.length > most;
  let before = 0;
  let coarse = first - 1;
  let share = -1;
  for (const bin of order) {
    const count = rowsPerBin[bin] ?? 0;
    if (count > 0) {
      const quantile = Math.min(most - 1, Math.floor(((before + count / 2) / total) * most));
      if (!together || quantile !== share) coarse++;
      share = quantile;
      before += count;
    }
    of[bin] = Math.max(first, coarse);
  }
  return { of, size: Math.max(first, coarse) + 1 };
}

const NO_BINS = new Uint16Array(0);

/** The cell of each row in a pair's table, row by row. */
export function cellsOf(pair: PairAxis, bins: readonly Uint16Array[]): Uint16Array {
  const first = bins[pair.first] ?? NO_BINS;
  const second = bins[pair.second] ?? NO_BINS;
  const cells = new Uint16Array(first.length);
  const width = pair.secondCoarse.size;
  for (let row = 0; row < cells.length; row++) {
    // Bins of the two features' own axes: every index is there.
    cells[row] =
      (pair.firstCoarse.of[first[row] as number] as number) * width +
      (pair.secondCoarse.of[second[row] as number] as number);
  }
  return cells;
}
