/** Which way the weights of an ordered feature may go. */
export type Direction = 'rising' | 'falling';

export interface LeafSettings {
  readonly leafPenalty: number;
  readonly minLeafRows: number;
  readonly maxLeaves: number;
}

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly cut: number;
  readonly gain: number;
}

/**
 * The best step function of at most `maxLeaves` stretches over ordered bins, found greedily; bin 0 (not known) has
 * a value of its own. Fills `step` with the value of each bin; false when no cut gains anything.
 */
export function bestLeaves(
  gradients: Float64Array,
  hessians: Float64Array,
  rows: Float64Array,
  size: number,
  direction: Direction | undefined,
  settings: LeafSettings,
  step: Float64Array,
): boolean {
  const search = (from: number, to: number): Stretch =>
    bestCut(gradients, hessians, rows, from, to, direction, settings);
  const stretches = [search(1, size)];
  // A second cut might turn back; two stretches in the right order cannot.
  const leaves = direction === undefined ? settings.maxLeaves : Math.min(2, settings.maxLeaves);
  while (stretches.length < leaves) {
    const index = indexOfBest(stretches);
    const best = stretches[index];
    if (best === undefined || best.gain <= 0) break;
    stretches.splice(index, 1, search(best.from, best.cut), search(best.cut, best.to));
  }
  const values = stretches.map(({ from, to }) =>
    leafValue(gradients, hessians, from, to, settings.leafPenalty),
  );
  const unknown = leafValue(gradients, hessians, 0, 1, settings.leafPenalty);
  if (stretches.length === 1 && unknown === 0) return false;
  step[0] = unknown;
  for (const [index, { from, to }] of stretches.entries()) step.fill(values[index] ?? 0, from, to);
  return true;
}

function indexOfBest(stretches: readonly Stretch[]): number {
  let best = 0;
  for (let index = 1; index < stretches.length; index++) {
    if ((stretches[index]?.gain ?? 0) > (stretches[best]?.gain ?? 0)) best = index;
  }
  return best;
}

/** The cut that lowers the loss most, or a gain of 0. */
function bestCut(
  gradients: Float64Array,
  hessians: Float64Array,
  rows: Float64Array,
  from: number,
  to: number,
  direction: Direction | undefined,
  { leafPenalty, minLeafRows }: LeafSettings,
): Stretch {
  let gradient = 0;
  let hessian = 0;
  let count = 0;
  for (let bin = from; bin < to; bin++) {
    // Within the size of the feature: every index is there.
    gradient += gradients[bin] as number;
    hessian += hessians[bin] as number;
    count += rows[bin] as number;
  }
  const whole = (gradient * gradient) / (hessian + leafPenalty);
  let left = 0;
  let leftHessian = 0;
  let leftCount = 0;
  let gain = 0;
  let cut = to;
  for (let bin = from; bin < to - 1; bin++) {
    left += gradients[bin] as number;
    leftHessian += hessians[bin] as number;
    leftCount += rows[bin] as number;
    if (leftCount < minLeafRows) continue;
    if (count - leftCount < minLeafRows) break;
    const right = gradient - left;
    const rightHessian = hessian - leftHessian;
    const rises = right / (rightHessian + leafPenalty) >= left / (leftHessian + leafPenalty);
    if (direction !== undefined && rises !== (direction === 'rising')) continue;
    const candidate =
      (left * left) / (leftHessian + leafPenalty) + (right * right) / (rightHessian + leafPenalty) - whole;
    if (candidate > gain) {
      gain = candidate;
      cut = bin + 1;
    }
  }
  return { from, to, cut, gain };
}

function leafValue(
  gradients: Float64Array,
  hessians: Float64Array,
  from: number,
  to: number,
  penalty: number,
): number {
  let gradient = 0;
  let hessian = 0;
  for (let bin = from; bin < to; bin++) {
    gradient += gradients[bin] as number;
    hessian += hessians[bin] as number;
  }
  return hessian === 0 ? 0 : gradient / (hessian + penalty);
}
