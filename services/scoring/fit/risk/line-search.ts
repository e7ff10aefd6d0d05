import type { Direction } from './step-search.ts';

/**
 * One Newton step of ridge regression on a straight line over an ordered feature, drawn over `places`, the place of each
 * bin: its rank, or a logarithm. Bin 0 (not known) stands apart. With few rows a line wastes less on noise than any curve.
 */
export function lineStep(
  gradients: Float64Array,
  hessians: Float64Array,
  weights: Float64Array,
  places: Float64Array,
  penalty: number,
  direction: Direction | undefined,
  step: Float64Array,
): void {
  const last = weights.length - 1;
  const run = last < 1 ? 0 : (places[last] as number) - (places[1] as number);
  const slope = run === 0 ? 0 : ((weights[last] as number) - (weights[1] as number)) / run;
  let [g, h, gz, hz, hzz] = [0, 0, 0, 0, 0];
  for (let bin = 1; bin <= last; bin++) {
    // All arrays have an entry per bin.
    const z = places[bin] as number;
    g += gradients[bin] as number;
    h += hessians[bin] as number;
    gz += z * (gradients[bin] as number);
    hz += z * (hessians[bin] as number);
    hzz += z * z * (hessians[bin] as number);
  }
  gz -= penalty * slope;
  hzz += penalty;
  const determinant = h * hzz - hz * hz;
  const steeper = determinant > 0 ? allowed((gz * h - g * hz) / determinant, slope, direction) : 0;
  const level = h > 0 ? (g - steeper * hz) / h : 0;
  for (let bin = 1; bin <= last; bin++) step[bin] = level + steeper * (places[bin] as number);
}

/** A line that may only rise or only fall goes flat rather than the other way. */
function allowed(steeper: number, slope: number, direction: Direction | undefined): number {
  if (direction === 'rising') return Math.max(steeper, -slope);
  return direction === 'falling' ? Math.min(steeper, -slope) : steeper;
}

/** The middle rank of each bin among the rows, as distance from the mean in standard deviations. */
export function ranksOf(bins: Uint16Array, size: number): Float64Array {
  const rows = rowsPerBin(bins, size);
  const ranks = new Float64Array(size);
  let before = 0;
  for (let bin = 1; bin < size; bin++) {
    ranks[bin] = before + (rows[bin] as number) / 2;
    before += rows[bin] as number;
  }
  return standardised(ranks, rows);
}

/** Share of the known sizes, the smallest first, from which on a logarithm is one. */
const SMALL = 0.1;

/**
 * The logarithm of the values of each bin, as distance from the mean in standard deviations: from one visit to two is as
 * far as from ten to twenty. Around nought it is straight, so that nought and less have a place too; where it bends is
 * told by the values themselves, so that cents give what dollars give. `values` has the value of each entry of `bins`.
 */
export function logsOf(bins: Uint16Array, values: readonly unknown[], size: number): Float64Array {
  const known = values.filter((value) => typeof value === 'number');
  const sizes = Float64Array.from(known, Math.abs)
    .filter((each) => each > 0)
    .sort();
  const unit = sizes[Math.floor(sizes.length * SMALL)] ?? 1;
  const rows = rowsPerBin(bins, size);
  const logs = new Float64Array(size);
  for (const [index, bin] of bins.entries()) {
    const value = values[index];
    if (typeof value !== 'number') continue;
    logs[bin] =
      (logs[bin] as number) + (Math.sign(value) * Math.log1p(Math.abs(value) / unit)) / (rows[bin] as number);
  }
  return standardised(logs, rows);
}

function rowsPerBin(bins: Uint16Array, size: number): Float64Array {
  const rows = new Float64Array(size);
  for (const bin of bins) rows[bin] = (rows[bin] as number) + 1;
  return rows;
}

/** Places of bins (from 1) with mean 0 and deviation 1 over the rows where something is known. */
function standardised(places: Float64Array, rows: Float64Array): Float64Array {
  let [known, mean, square] = [0, 0, 0];
  for (let bin = 1; bin < places.length; bin++) known += rows[bin] as number;
  for (let bin = 1; bin < places.length; bin++)
    mean += ((rows[bin] as number) * (places[bin] as number)) / known;
  for (let bin = 1; bin < places.length; bin++)
    square += ((rows[bin] as number) * ((places[bin] as number) - mean) ** 2) / known;
  const deviation = Math.sqrt(square);
  return places.map((place, bin) => (bin === 0 || !(deviation > 0) ? 0 : (place - mean) / deviation));
}
