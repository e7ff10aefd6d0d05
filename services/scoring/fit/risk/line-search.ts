import type { Direction } from './step-search.ts';

/**
 * One Newton step of ridge regression on a straight line over the ranks of an ordered feature. Bin 0 (not known)
 * stands apart. With few rows a line wastes less on noise than any curve.
 */
export function lineStep(
  gradients: Float64Array,
  hessians: Float64Array,
  weights: Float64Array,
  ranks: Float64Array,
  penalty: number,
  direction: Direction | undefined,
  step: Float64Array,
): void {
  const last = weights.length - 1;
  const run = last < 1 ? 0 : (ranks[last] as number) - (ranks[1] as number);
  const slope = run === 0 ? 0 : ((weights[last] as number) - (weights[1] as number)) / run;
  let [g, h, gz, hz, hzz] = [0, 0, 0, 0, 0];
  for (let bin = 1; bin <= last; bin++) {
    // All arrays have an entry per bin.
    const z = ranks[bin] as number;
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
  for (let bin = 1; bin <= last; bin++) step[bin] = level + steeper * (ranks[bin] as number);
}

/** A line that may only rise or only fall goes flat rather than the other way. */
function allowed(steeper: number, slope: number, direction: Direction | undefined): number {
  if (direction === 'rising') return Math.max(steeper, -slope);
  return direction === 'falling' ? Math.min(steeper, -slope) : steeper;
}

/** The middle rank of each bin among the rows, as distance from the mean in standard deviations. */
export function ranksOf(bins: Uint16Array, size: number): Float64Array {
  const rows = new Float64Array(size);
  for (const bin of bins) rows[bin] = (rows[bin] as number) + 1;
  const ranks = new Float64Array(size);
  let before = 0;
  for (let bin = 1; bin < size; bin++) {
    ranks[bin] = before + (rows[bin] as number) / 2;
    before += rows[bin] as number;
  }
  let [mean, square] = [0, 0];
  for (let bin = 1; bin < size; bin++) mean += ((rows[bin] as number) * (ranks[bin] as number)) / before;
  for (let bin = 1; bin < size; bin++)
    square += ((rows[bin] as number) * ((ranks[bin] as number) - mean) ** 2) / before;
  const deviation = Math.sqrt(square);
  return ranks.map((rank, bin) => (bin === 0 || !(deviation > 0) ? 0 : (rank - mean) / deviation));
}
