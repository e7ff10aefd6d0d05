/**
 * One Newton step towards the smoothest weights that fit: ridge regression on the second differences of
 * neighbouring bins (a penalised spline of degree nought). Bin 0 (not known) stands apart.
 *
 * Solves (H + P) step = gradient − P weights, where P is the penalty; P has five diagonals, so that it takes time
 * linear in the number of bins.
 */
export function smoothStep(
  gradients: Float64Array,
  hessians: Float64Array,
  weights: Float64Array,
  smoothness: number,
  ridge: number,
  step: Float64Array,
): void {
  step[0] = ridgeValue(gradients, hessians, weights, ridge, 0);
  const n = weights.length - 1;
  if (n === 0) return;
  const diagonal = new Float64Array(n);
  const next = new Float64Array(n);
  const afterNext = new Float64Array(n);
  const right = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    // All arrays have n entries, those of the feature n + 1.
    diagonal[k] = (hessians[k + 1] as number) + RIDGE;
    right[k] = (gradients[k + 1] as number) - RIDGE * (weights[k + 1] as number);
  }
  for (let k = 0; k + 2 < n; k++) {
    const bend = (weights[k + 1] as number) - 2 * (weights[k + 2] as number) + (weights[k + 3] as number);
    add(right, k, -smoothness * bend);
    add(right, k + 1, 2 * smoothness * bend);
    add(right, k + 2, -smoothness * bend);
    add(diagonal, k, smoothness);
    add(diagonal, k + 1, 4 * smoothness);
    add(diagonal, k + 2, smoothness);
    add(next, k, -2 * smoothness);
    add(next, k + 1, -2 * smoothness);
    add(afterNext, k, smoothness);
  }
  solveFiveDiagonals(diagonal, next, afterNext, right);
  step.set(right, 1);
}

/** Just enough to keep empty bins defined. */
const RIDGE = 0.01;

const add = (values: Float64Array, index: number, amount: number): void => {
  values[index] = (values[index] as number) + amount;
};

export const ridgeValue = (
  gradients: Float64Array,
  hessians: Float64Array,
  weights: Float64Array,
  ridge: number,
  bin: number,
): number =>
  ((gradients[bin] as number) - ridge * (weights[bin] as number)) / ((hessians[bin] as number) + ridge);

/** Cholesky (L D Lᵀ) of a symmetric matrix with five diagonals; the solution takes the place of `right`. */
function solveFiveDiagonals(
  diagonal: Float64Array,
  next: Float64Array,
  afterNext: Float64Array,
  right: Float64Array,
): void {
  const n = diagonal.length;
  for (let k = 0; k < n; k++) {
    const pivot = diagonal[k] as number;
    const one = next[k] as number;
    const two = afterNext[k] as number;
    if (k + 1 < n) {
      const factor = one / pivot;
      add(diagonal, k + 1, -factor * one);
      if (k + 2 < n) add(next, k + 1, -factor * two);
      add(right, k + 1, -factor * (right[k] as number));
    }
    if (k + 2 < n) {
      const factor = two / pivot;
      add(diagonal, k + 2, -factor * two);
      add(right, k + 2, -factor * (right[k] as number));
    }
  }
  for (let k = n - 1; k >= 0; k--) {
    let value = right[k] as number;
    if (k + 1 < n) value -= (next[k] as number) * (right[k + 1] as number);
    if (k + 2 < n) value -= (afterNext[k] as number) * (right[k + 2] as number);
    right[k] = value / (diagonal[k] as number);
  }
}
