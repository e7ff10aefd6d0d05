import type { Bag } from './bags.ts';
import type { Axis } from './binning.ts';
import { lineStep, ranksOf } from './line-search.ts';
import { cellsOf, type PairAxis } from './pair-axis.ts';
import { bestQuarters } from './pair-search.ts';
import { ridgeValue, smoothnessOf, smoothStep } from './smooth-search.ts';
import { bestLeaves, type Direction } from './step-search.ts';

/** A table in bins: for each feature the bin of each row. */
export interface BinnedTable {
  readonly axes: readonly Axis[];
  readonly bins: readonly Uint16Array[];
  /** For each number feature the logarithm of each bin (`logsOf`). */
  readonly logs: readonly (Float64Array | undefined)[];
  /** 1 for a row with the outcome, otherwise 0. */
  readonly labels: Uint8Array;
  /** Whether a feature's weights may only rise or only fall. */
  readonly directions: readonly (Direction | undefined)[];
}

/** A sum of tables: `mains` by feature and bin, `pairs` by pair and cell (row by row). Log-odds. */
export interface AdditiveModel {
  readonly intercept: number;
  readonly mains: readonly Float64Array[];
  readonly pairs: readonly Float64Array[];
}

export interface BoostingSettings {
  /** Share of each step that is taken. Small steps find smoother functions. */
  readonly learningRate: number;
  readonly maxRounds: number;
  /** Rounds without a better loss on the rows kept aside, after which it ends. */
  readonly patience: number;
  /** Pulls the value of a leaf towards nothing; in units of the Hessian (a quarter of a row, at most). */
  readonly leafPenalty: number;
  /** The same for a word, on its whole weight. */
  readonly wordPenalty: number;
  /** When given, numbers get smooth functions instead of steps: so smooth at first, then as the rows advise. */
  readonly smoothness?: number;
  /** How many rows a customer has, on average; default: one. */
  readonly rowsPerCustomer?: number;
  /** When given, numbers get straight lines: pulls a slope per standard deviation towards nothing. */
  readonly linePenalty?: number;
  /** What the lines are drawn over; default: ranks. */
  readonly linesOver?: 'ranks' | 'logs';
  readonly minLeafRows: number;
  readonly maxLeaves: number;
}

/** One term of the model while it grows: where its bins stand for the rows of a bag, and its weights so far. */
interface Term {
  readonly learn: Uint16Array;
  readonly stop: Uint16Array;
  readonly weights: Float64Array;
  /** What the latest step multiplies the odds of a bin with. */
  readonly factors: Float64Array;
  /** Fills `step` from the sums per bin; false when nothing is worth a step. */
  search(gradients: Float64Array, hessians: Float64Array, rows: Float64Array, step: Float64Array): boolean;
}

/**
 * Cyclic gradient boosting of bin functions: each round gives each term one small step against the logistic loss.
 *
 * One model per bag, all grown side by side and ended at the same round: where the mean loss on the rows that each
 * bag keeps aside was lowest. One bag's few rows would stop by accident; together they stop by reason. Starts from
 * `from`, whose mains stay as they are when `pairs` are given. Same input, same result.
 */
export function boost(
  table: BinnedTable,
  bags: readonly Bag[],
  pairs: readonly PairAxis[],
  from: readonly AdditiveModel[],
  settings: BoostingSettings,
): readonly AdditiveModel[] {
  const growing = bags.map((bag, index) => new Growing(table, bag, pairs, from[index], settings));
  const loss = (): number => growing.reduce((sum, each) => sum + each.loss(), 0) / growing.length;
  let best = loss();
  let bestRound = 0;
  for (let round = 1; round <= settings.maxRounds; round++) {
    for (const each of growing) each.growRound();
    const now = loss();
    // A gain below a hundred-thousandth of a nat per row is noise, and would never end.
    if (now < best - 1e-5) {
      best = now;
      bestRound = round;
      for (const each of growing) each.keep();
    } else if (round - bestRound >= settings.patience) break;
  }
  return growing.map((each) => each.kept());
}

/** One bag's model while it grows. */
class Growing {
  readonly #start: AdditiveModel;
  readonly #ofPairs: boolean;
  readonly #learn: Side;
  readonly #stop: Side;
  readonly #terms: readonly Term[];
  readonly #rate: number;
  readonly #sums: Sums;
  readonly #step: Float64Array;
  readonly #bestStep: Float64Array;
  #previous: Term | undefined;
  #kept: readonly Float64Array[];

  constructor(
    table: BinnedTable,
    bag: Bag,
    pairs: readonly PairAxis[],
    from: AdditiveModel | undefined,
    settings: BoostingSettings,
  ) {
    this.#start = from ?? {
      intercept: logit(meanOf(table.labels, bag.learn)),
      mains: table.axes.map((axis) => new Float64Array(axis.size)),
      pairs: [],
    };
    const learn = new Side(table, bag.learn, this.#start);
    const stop = new Side(table, bag.stop, this.#start);
    this.#learn = learn;
    this.#stop = stop;
    this.#ofPairs = pairs.length > 0;
    this.#terms = this.#ofPairs
      ? pairs.map((pair) => pairTerm(pair, learn, stop, settings))
      : table.axes.map((_, feature) => mainTerm(table, feature, learn, stop, settings));
    this.#rate = settings.learningRate;
    const size = Math.max(1, ...this.#terms.map((term) => term.weights.length));
    this.#sums = {
      gradients: new Float64Array(size),
      hessians: new Float64Array(size),
      rows: new Float64Array(size),
    };
    this.#step = new Float64Array(size);
    this.#bestStep = new Float64Array(size);
    this.#kept = this.#terms.map((term) => term.weights.slice());
  }

  loss(): number {
    return this.#stop.loss();
  }

  /** One step per feature; of pairs only for the one that it helps most: a step of a pair that is none fits noise. */
  growRound(): void {
    if (this.#ofPairs) this.#growBest();
    else this.#growEach();
  }

  #growEach(): void {
    const { gradients, hessians, rows } = this.#sums;
    for (const term of this.#terms) {
      sumUp(this.#learn, term, this.#previous, this.#sums);
      this.#previous = undefined;
      if (term.search(gradients, hessians, rows, this.#step)) this.#take(term, this.#step);
    }
  }

  #growBest(): void {
    const { gradients, hessians, rows } = this.#sums;
    let best: Term | undefined;
    let most = 0;
    for (const term of this.#terms) {
      sumUp(this.#learn, term, this.#previous, this.#sums);
      this.#previous = undefined;
      if (!term.search(gradients, hessians, rows, this.#step)) continue;
      const gain = product(gradients, this.#step, term.weights.length);
      if (gain <= most) continue;
      most = gain;
      best = term;
      this.#bestStep.set(this.#step);
    }
    if (best !== undefined) this.#take(best, this.#bestStep);
  }

  #take(term: Term, step: Float64Array): void {
    takeStep(term, step, this.#rate);
    multiply(this.#stop.odds, term.stop, term.factors);
    this.#previous = term;
  }

  keep(): void {
    this.#kept = this.#terms.map((term) => term.weights.slice());
  }

  kept(): AdditiveModel {
    const { intercept, mains } = this.#start;
    return this.#ofPairs
      ? { intercept, mains, pairs: this.#kept }
      : { intercept, mains: this.#kept, pairs: [] };
  }
}

interface Sums {
  readonly gradients: Float64Array;
  readonly hessians: Float64Array;
  readonly rows: Float64Array;
}

/** The rows of one side of a bag, laid out for the inner loop. */
class Side {
  readonly n: number;
  readonly bins: readonly Uint16Array[];
  readonly labels: Uint8Array;
  readonly odds: Float64Array;

  constructor(table: BinnedTable, rows: Int32Array, start: AdditiveModel) {
    this.n = rows.length;
    this.labels = gather(table.labels, rows);
    this.bins = table.bins.map((bins) => gather(bins, rows));
    this.odds = new Float64Array(this.n).fill(Math.exp(start.intercept));
    for (const [feature, weights] of start.mains.entries()) {
      const factors = weights.map(Math.exp);
      if (weights.some((weight) => weight !== 0)) multiply(this.odds, this.bins[feature] ?? NO_BINS, factors);
    }
  }

  loss(): number {
    let sum = 0;
    for (let row = 0; row < this.n; row++) {
      const odds = this.odds[row] ?? 1;
      sum += Math.log1p(odds) - (this.labels[row] === 1 ? Math.log(odds) : 0);
    }
    return sum / this.n;
  }
}

const NO_BINS = new Uint16Array(0);

function gather<A extends Uint8Array | Uint16Array>(values: A, rows: Int32Array): A {
  // A copy of the same kind, as long as the rows.
  const gathered = (
    values instanceof Uint8Array ? new Uint8Array(rows.length) : new Uint16Array(rows.length)
  ) as A;
  for (let index = 0; index < rows.length; index++) gathered[index] = values[rows[index] as number] as number;
  return gathered;
}

function multiply(odds: Float64Array, bins: Uint16Array, factors: Float64Array): void {
  // Typed arrays of the same length: every index is there.
  for (let row = 0; row < odds.length; row++) {
    odds[row] = (odds[row] as number) * (factors[bins[row] as number] as number);
  }
}

function mainTerm(
  table: BinnedTable,
  feature: number,
  learn: Side,
  stop: Side,
  settings: BoostingSettings,
): Term {
  const axis = table.axes[feature];
  const size = axis?.size ?? 0;
  const weights = new Float64Array(size);
  const direction = table.directions[feature];
  const line = settings.linePenalty;
  const logs = settings.linesOver === 'logs' ? table.logs[feature] : undefined;
  let smoothness = settings.smoothness ?? 0;
  let rounds = 0;
  const places = line === undefined ? weights : (logs ?? ranksOf(learn.bins[feature] ?? NO_BINS, size));
  return {
    learn: learn.bins[feature] ?? NO_BINS,
    stop: stop.bins[feature] ?? NO_BINS,
    weights,
    factors: new Float64Array(size).fill(1),
    search: (gradients, hessians, rows, step) => {
      if (axis?.kind === 'word') return ridgeStep(gradients, hessians, weights, settings.wordPenalty, step);
      if (line !== undefined) {
        step[0] = ridgeValue(gradients, hessians, weights, settings.wordPenalty, 0);
        lineStep(gradients, hessians, weights, places, line, direction, step);
        return true;
      }
      // Steps in one direction add up to a function of that direction; a smooth curve may overshoot.
      if (settings.smoothness === undefined || direction !== undefined) {
        return bestLeaves(gradients, hessians, rows, size, direction, settings, step);
      }
      if (++rounds % ROUNDS_PER_SMOOTHNESS === 0)
        smoothness = smoothnessOf(hessians, weights, smoothness, settings.rowsPerCustomer ?? 1);
      smoothStep(gradients, hessians, weights, smoothness, settings.wordPenalty, step);
      return true;
    },
  };
}

/** A curve must have grown before it tells how smooth it wants to be. */
const ROUNDS_PER_SMOOTHNESS = 5;

/** One Newton step of ridge regression per word: rare words stay near nothing, frequent ones speak for themselves. */
function ridgeStep(
  gradients: Float64Array,
  hessians: Float64Array,
  weights: Float64Array,
  penalty: number,
  step: Float64Array,
): boolean {
  for (let bin = 0; bin < weights.length; bin++) {
    const weight = weights[bin] as number;
    step[bin] = ((gradients[bin] as number) - penalty * weight) / ((hessians[bin] as number) + penalty);
  }
  return true;
}

function pairTerm(pair: PairAxis, learn: Side, stop: Side, settings: BoostingSettings): Term {
  const size = pair.firstCoarse.size * pair.secondCoarse.size;
  return {
    learn: cellsOf(pair, learn.bins),
    stop: cellsOf(pair, stop.bins),
    weights: new Float64Array(size),
    factors: new Float64Array(size).fill(1),
    search: (gradients, hessians, rows, step) =>
      bestQuarters(gradients, hessians, rows, pair.firstCoarse.size, pair.secondCoarse.size, settings, step),
  };
}

function takeStep(term: Term, step: Float64Array, rate: number): void {
  for (let bin = 0; bin < term.weights.length; bin++) {
    const change = (step[bin] as number) * rate;
    term.weights[bin] = (term.weights[bin] as number) + change;
    term.factors[bin] = Math.exp(change);
  }
}

/**
 * Sums gradients and Hessians per bin of a term, having brought the odds up to date with the previous term's step
 * in the same pass: this loop is where the time goes.
 */
function sumUp(
  side: Side,
  term: Term,
  previous: Term | undefined,
  { gradients, hessians, rows }: Sums,
): void {
  const { n, odds, labels } = side;
  const bins = term.learn;
  const size = term.weights.length;
  gradients.fill(0, 0, size);
  hessians.fill(0, 0, size);
  rows.fill(0, 0, size);
  if (previous !== undefined) multiply(odds, previous.learn, previous.factors);
  for (let row = 0; row < n; row++) {
    // Typed arrays of length n: every index is there.
    const likely = 1 - 1 / (1 + (odds[row] as number));
    const bin = bins[row] as number;
    gradients[bin] = (gradients[bin] as number) + (labels[row] as number) - likely;
    hessians[bin] = (hessians[bin] as number) + likely * (1 - likely);
    rows[bin] = (rows[bin] as number) + 1;
  }
}

/** How much a step lowers the loss, to first order. */
function product(gradients: Float64Array, step: Float64Array, size: number): number {
  let sum = 0;
  for (let bin = 0; bin < size; bin++) sum += (gradients[bin] as number) * (step[bin] as number);
  return sum;
}

function meanOf(labels: Uint8Array, rows: Int32Array): number {
  let sum = 0;
  for (const row of rows) sum += labels[row] ?? 0;
  return sum / rows.length;
}

const logit = (share: number): number => Math.log(share / (1 - share));
