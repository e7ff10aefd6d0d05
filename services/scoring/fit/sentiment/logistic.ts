/** Sparse rows: row `i` has the columns `columns[starts[i]…starts[i+1]]` with the values beside them. */
export interface SparseRows {
  readonly starts: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float64Array;
  /** Columns there are; every number in `columns` is smaller. */
  readonly width: number;
}

export interface LogisticTask {
  readonly rows: SparseRows;
  /** Rows to learn from, as numbers into `rows`. */
  readonly picked: Int32Array;
  /** Class of each row, from 0. */
  readonly truth: Uint8Array;
  readonly classes: number;
  /** Ridge penalty of each column: half of it times the squared weight is added to the loss. Intercepts are free. */
  readonly penalty: Float64Array;
  /** Where to begin; the fitted weights of a similar task save half of the passes. */
  readonly from?: Float64Array;
  readonly maxPasses?: number;
  /** Told after each pass over the rows. */
  readonly onPass?: (pass: number, lossPerRow: number) => void;
}

/** Stops when a pass lowers the loss by less than this share: the third decimal of no figure moves any more. */
const ENOUGH = 1e-5;
const MAX_PASSES = 200;
/** Corrections that L-BFGS remembers; five to ten are usual. */
const MEMORY = 8;

/**
 * Multinomial logistic regression with a ridge penalty, by L-BFGS (Nocedal and Wright, Numerical Optimization,
 * algorithm 7.5) with a backtracking line search.
 *
 * Gives the weights by column and class, `weights[column * classes + class]`, the intercepts behind them.
 * The loss is convex, so the answer does not depend on chance; the same task gives the same digits.
 */
export function fitLogistic(task: LogisticTask): Float64Array {
  const size = (task.rows.width + 1) * task.classes;
  let weights = task.from?.slice() ?? new Float64Array(size);
  let gradient = new Float64Array(size);
  let loss = lossAndGradient(task, weights, gradient);
  const memory: Correction[] = [];
  for (let pass = 1; pass <= (task.maxPasses ?? MAX_PASSES); pass++) {
    const direction = descent(gradient, memory);
    const next = search(task, weights, loss, gradient, direction, memory.length === 0);
    if (next === undefined) break;
    remember(memory, weights, next.weights, gradient, next.gradient);
    const gain = (loss - next.loss) / Math.abs(loss);
    ({ weights, gradient, loss } = next);
    task.onPass?.(pass, loss / task.picked.length);
    if (gain < ENOUGH) break;
  }
  return weights;
}

/** Probabilities of the classes for one row, written to `into`. */
export function predictLogistic(
  rows: SparseRows,
  row: number,
  weights: Float64Array,
  classes: number,
  into: Float64Array,
): void {
  const intercepts = rows.width * classes;
  for (let each = 0; each < classes; each++) into[each] = weights[intercepts + each] ?? 0;
  const end = rows.starts[row + 1] ?? 0;
  for (let index = rows.starts[row] ?? 0; index < end; index++) {
    const value = rows.values[index] ?? 0;
    const at = (rows.columns[index] ?? 0) * classes;
    for (let each = 0; each < classes; each++)
      into[each] = (into[each] ?? 0) + value * (weights[at + each] ?? 0);
  }
  toProbabilities(into, classes);
}

/** Log odds become probabilities, in place. The largest is taken off first, so that nothing overflows. */
export function toProbabilities(logOdds: Float64Array, classes: number): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let each = 0; each < classes; each++) largest = Math.max(largest, logOdds[each] ?? 0);
  let sum = 0;
  for (let each = 0; each < classes; each++) {
    const share = Math.exp((logOdds[each] ?? 0) - largest);
    logOdds[each] = share;
    sum += share;
  }
  for (let each = 0; each < classes; each++) logOdds[each] = (logOdds[each] ?? 0) / sum;
}

function lossAndGradient(task: LogisticTask, weights: Float64Array, gradient: Float64Array): number {
  const { rows, picked, truth, classes } = task;
  const odds = new Float64Array(classes);
  const intercepts = rows.width * classes;
  let loss = penalise(task, weights, gradient);
  for (let each = 0; each < classes; each++) gradient[intercepts + each] = 0;
  for (const row of picked) {
    predictLogistic(rows, row, weights, classes, odds);
    const right = truth[row] ?? 0;
    loss -= Math.log(Math.max(odds[right] ?? 0, 1e-300));
    odds[right] = (odds[right] ?? 0) - 1;
    const end = rows.starts[row + 1] ?? 0;
    for (let index = rows.starts[row] ?? 0; index < end; index++) {
      const value = rows.values[index] ?? 0;
      const at = (rows.columns[index] ?? 0) * classes;
      for (let each = 0; each < classes; each++) {
        gradient[at + each] = (gradient[at + each] ?? 0) + value * (odds[each] ?? 0);
      }
    }
    for (let each = 0; each < classes; each++) {
      gradient[intercepts + each] = (gradient[intercepts + each] ?? 0) + (odds[each] ?? 0);
    }
  }
  return loss;
}

/** Begins loss and gradient with the penalty's share. */
function penalise(task: LogisticTask, weights: Float64Array, gradient: Float64Array): number {
  let loss = 0;
  for (let column = 0; column < task.rows.width; column++) {
    const strength = task.penalty[column] ?? 0;
    for (let index = column * task.classes; index < (column + 1) * task.classes; index++) {
      const weight = weights[index] ?? 0;
      gradient[index] = strength * weight;
      loss += (strength * weight * weight) / 2;
    }
  }
  return loss;
}

interface Correction {
  readonly step: Float64Array;
  readonly change: Float64Array;
  /** 1 ÷ (step · change). */
  readonly rho: number;
}

function remember(
  memory: Correction[],
  weightsBefore: Float64Array,
  weights: Float64Array,
  gradientBefore: Float64Array,
  gradient: Float64Array,
): void {
  const step = weights.map((value, index) => value - (weightsBefore[index] ?? 0));
  const change = gradient.map((value, index) => value - (gradientBefore[index] ?? 0));
  const curvature = dot(step, change);
  // Without curvature a correction would say nothing about the slope ahead.
  if (curvature <= 1e-12) return;
  memory.push({ step, change, rho: 1 / curvature });
  if (memory.length > MEMORY) memory.shift();
}

/** The two-loop recursion: the direction in which the remembered slopes expect the lowest loss. */
function descent(gradient: Float64Array, memory: readonly Correction[]): Float64Array {
  const direction = gradient.map((value) => -value);
  const shares: number[] = [];
  for (const { step, change, rho } of memory.toReversed()) {
    const share = rho * dot(step, direction);
    shares.push(share);
    addTo(direction, change, -share);
  }
  const last = memory.at(-1);
  if (last !== undefined) {
    const scale = 1 / (last.rho * dot(last.change, last.change));
    for (let index = 0; index < direction.length; index++) direction[index] = (direction[index] ?? 0) * scale;
  }
  for (const { step, change, rho } of memory) {
    const share = (shares.pop() ?? 0) - rho * dot(change, direction);
    addTo(direction, step, share);
  }
  return direction;
}

/** Armijo's condition asks a ten-thousandth of what the slope promises. */
const ARMIJO = 1e-4;
const MAX_HALVINGS = 30;

function search(
  task: LogisticTask,
  weights: Float64Array,
  loss: number,
  gradient: Float64Array,
  direction: Float64Array,
  first: boolean,
) {
  const slope = dot(gradient, direction);
  // The first direction is the bare gradient, whose length means nothing yet.
  let length = first ? 1 / Math.max(1, Math.sqrt(dot(gradient, gradient))) : 1;
  for (let halving = 0; halving < MAX_HALVINGS; halving++) {
    const next = weights.slice();
    addTo(next, direction, length);
    const nextGradient = new Float64Array(gradient.length);
    const nextLoss = lossAndGradient(task, next, nextGradient);
    if (nextLoss <= loss + ARMIJO * length * slope)
      return { weights: next, loss: nextLoss, gradient: nextGradient };
    length /= 2;
  }
  return undefined;
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < one.length; index++) sum += (one[index] ?? 0) * (other[index] ?? 0);
  return sum;
}

function addTo(target: Float64Array, what: Float64Array, times: number): void {
  for (let index = 0; index < target.length; index++) {
    target[index] = (target[index] ?? 0) + times * (what[index] ?? 0);
  }
}
