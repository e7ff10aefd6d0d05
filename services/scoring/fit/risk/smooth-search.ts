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
  const right = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    // All arrays have n entries, those of the feature n + 1.
    right[k] = (gradients[k + 1] as number) - RIDGE * (weights[k + 1] as number);
  }
  for (let k = 0; k + 2 < n; k++) {
    const bend = bendAt(weights, k + 1);
    add(right, k, -smoothness * bend);
    add(right, k + 1, 2 * smoothness * bend);
    add(right, k + 2, -smoothness * bend);
  }
  solve(factorise(penalised(hessians, n, smoothness)), right);
  step.set(right, 1);
}

/** How far three neighbours are from a straight line. */
const bendAt = (weights: Float64Array, bin: number): number =>
  (weights[bin] as number) - 2 * (weights[bin + 1] as number) + (weights[bin + 2] as number);

/** Neither curves that follow single bins, nor a difference between one straight line and a straighter one. */
const [LEAST, MOST] = [1, 1e7];

/**
 * How smooth the weights of a feature should be, told by the rows themselves: a better guess than `smoothness`, towards what
 * makes the bends of the curve as likely as they are (restricted likelihood; the step of Wood and Fasiolo, "A generalized
 * Fellner-Schall method for smoothing parameter optimization", Biometrics 73, 2017). Of several rows a customer (`rowsPerCustomer`) only one counts.
 */
export function smoothnessOf(
  hessians: Float64Array,
  weights: Float64Array,
  smoothness: number,
  rowsPerCustomer: number,
): number {
  const n = weights.length - 1;
  if (n < 3) return smoothness;
  let bent = 0;
  for (let bin = 1; bin + 2 <= n; bin++) bent += bendAt(weights, bin) ** 2;
  const free = n - 2 - smoothness * traceOfPenalty(factorise(penalised(hessians, n, smoothness)));
  const better = (rowsPerCustomer * Math.max(0, free)) / Math.max(bent, 1e-12);
  return Math.max(LEAST * rowsPerCustomer, Math.min(MOST * rowsPerCustomer, better));
}

/** A symmetric matrix with five diagonals: the middle one, the next, and the one after it. */
interface Banded {
  readonly diagonal: Float64Array;
  readonly next: Float64Array;
  readonly afterNext: Float64Array;
}

/** H + P. */
function penalised(hessians: Float64Array, n: number, smoothness: number): Banded {
  const diagonal = new Float64Array(n);
  const next = new Float64Array(n);
  const afterNext = new Float64Array(n);
  for (let k = 0; k < n; k++) diagonal[k] = (hessians[k + 1] as number) + RIDGE;
  for (let k = 0; k + 2 < n; k++) {
    add(diagonal, k, smoothness);
    add(diagonal, k + 1, 4 * smoothness);
    add(diagonal, k + 2, smoothness);
    add(next, k, -2 * smoothness);
    add(next, k + 1, -2 * smoothness);
    add(afterNext, k, smoothness);
  }
  return { diagonal, next, afterNext };
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

/** Cholesky's L D Lᵀ, in place: `diagonal` is D, the others are what L has below its ones. */
function factorise(matrix: Banded): Banded {
  const { diagonal, next, afterNext } = matrix;
  const n = diagonal.length;
  for (let k = 0; k + 1 < n; k++) {
    const pivot = diagonal[k] as number;
    const one = next[k] as number;
    const two = afterNext[k] as number;
    add(diagonal, k + 1, (-one * one) / pivot);
    if (k + 2 < n) {
      add(next, k + 1, (-one * two) / pivot);
      add(diagonal, k + 2, (-two * two) / pivot);
    }
    next[k] = one / pivot;
    afterNext[k] = two / pivot;
  }
  return matrix;
}

/** The solution takes the place of `right`. */
function solve({ diagonal, next, afterNext }: Banded, right: Float64Array): void {
  const n = diagonal.length;
  for (let k = 0; k + 1 < n; k++) {
    add(right, k + 1, -(next[k] as number) * (right[k] as number));
    if (k + 2 < n) add(right, k + 2, -(afterNext[k] as number) * (right[k] as number));
  }
  for (let k = n - 1; k >= 0; k--) {
    let value = (right[k] as number) / (diagonal[k] as number);
    if (k + 1 < n) value -= (next[k] as number) * (right[k + 1] as number);
    if (k + 2 < n) value -= (afterNext[k] as number) * (right[k + 2] as number);
    right[k] = value;
  }
}

/** The trace of the inverse times the penalty of smoothness 1; of the inverse only the five diagonals are needed (Takahashi). */
function traceOfPenalty({ diagonal, next, afterNext }: Banded): number {
  const n = diagonal.length;
  // Two more of each, nought, so that the last rows need no exception.
  const own = new Float64Array(n + 2);
  const beside = new Float64Array(n + 2);
  const further = new Float64Array(n + 2);
  for (let k = n - 1; k >= 0; k--) {
    const one = next[k] as number;
    const two = afterNext[k] as number;
    further[k] = -one * (beside[k + 1] as number) - two * (own[k + 2] as number);
    beside[k] = -one * (own[k + 1] as number) - two * (beside[k + 1] as number);
    own[k] = 1 / (diagonal[k] as number) - one * (beside[k] as number) - two * (further[k] as number);
  }
  let trace = 0;
  for (let k = 0; k + 2 < n; k++) {
    trace += (own[k] as number) + 4 * (own[k + 1] as number) + (own[k + 2] as number);
    trace += 2 * (further[k] as number) - 4 * (beside[k] as number) - 4 * (beside[k + 1] as number);
  }
  return trace;
}
