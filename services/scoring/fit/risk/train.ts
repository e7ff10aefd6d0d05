import type { FeatureValue } from '../../domain/features.ts';
import { drawBag } from './bags.ts';
import { type Axis, binsOf, findAxis } from './binning.ts';
import { type AdditiveModel, type BinnedTable, type BoostingSettings, boost } from './boosting.ts';
import type { Feature } from './features.ts';
import { logsOf } from './line-search.ts';
import { cellsOf, type PairAxis } from './pair-axis.ts';
import { choosePairs } from './pair-choice.ts';
import { groupedFolds, seeded, stratifiedFolds } from './random.ts';
import { type Blend, blend, blended } from './stacking.ts';
import type { Direction } from './step-search.ts';

export interface TrainingTable {
  readonly features: readonly Feature[];
  /** For each feature the value of each row. */
  readonly values: readonly (readonly FeatureValue[])[];
  /** 1 for a row with the outcome. */
  readonly labels: Uint8Array;
  readonly directions: readonly (Direction | undefined)[];
  /** Rows with the same number are one customer: no model judges a customer whom it has seen. */
  readonly groups?: Int32Array;
  /** How often the folds are drawn; default: oftener where the table is small. */
  readonly draws?: number;
}

/** A trained model: an intercept, a weight per bin of each feature, and a table per chosen pair. Log-odds. */
export interface TrainedModel {
  readonly axes: readonly Axis[];
  /** The bin of each row, by feature. */
  readonly bins: readonly Uint16Array[];
  readonly intercept: number;
  readonly mains: readonly Float64Array[];
  readonly pairs: readonly { readonly axis: PairAxis; readonly weights: Float64Array }[];
  /** The cross-validation, done over with other folds. */
  readonly draws: readonly HeldOut[];
  readonly folds: number;
  readonly blend: Blend;
}

/** One cross-validation: what each row was judged by models that had not seen it. */
export interface HeldOut {
  readonly logOdds: Float64Array;
  /** The fold of each row: rows of one fold were judged by one model. */
  readonly foldOf: Uint8Array;
}

export const FOLDS = 5;
/** Share of a bag that decides when to stop. */
const STOP_SHARE = 0.15;
const PAIRS = 8;
/** Shares before the data speaks, of steps, curves, lines over ranks and over logarithms, and pairs: with few rows the simplest is the safest. */
const PRIOR = [0, 0, 0.5, 0.5, 0];
const PAIR_PART = 4;
/** A share of the pairs below this is noise; then the model goes without them. */
const LEAST_PAIR_SHARE = 0.3;
/** Cells (rows × features) up to which each model is the mean of the most bags; with more data each bag is steadier. */
const CELLS_PER_BAG_BUDGET = 1_000_000;
/** The most draws of folds, and the cells up to which there is more than one: figures of a small table swing with the folds. */
const MAX_DRAWS = 3;
const CELLS_PER_DRAW_BUDGET = 300_000;

/** One cut at a time: with more, each round follows more of the noise of each feature. */
const STEPS: BoostingSettings = {
  learningRate: 0.1,
  maxRounds: 1000,
  patience: 30,
  leafPenalty: 5,
  wordPenalty: 3,
  minLeafRows: 10,
  maxLeaves: 2,
};
const PAIRED: BoostingSettings = { ...STEPS, learningRate: 0.05, leafPenalty: 1 };
const SMOOTH: BoostingSettings = { ...STEPS, smoothness: 10_000 };
/** In rows, about: a few hundred rows give half of what a slope asks for, some thousands all of it. */
const LINES: BoostingSettings = { ...STEPS, learningRate: 0.3, linePenalty: 50 };
const LOGS: BoostingSettings = { ...LINES, linesOver: 'logs' };

/**
 * Trains the model and judges it by cross-validation.
 *
 * Four kinds of functions are boosted: steps find thresholds, smooth curves waste less on noise, straight lines least, over
 * ranks or over logarithms. Then the pairs. How much of each goes into the model is decided by rows that the parts have not seen. The sum of
 * additive models is additive, so that the result still reads as points per bin.
 */
export function train(
  table: TrainingTable,
  seed: number,
  progress: (done: number, of: number) => void,
): TrainedModel {
  const random = seeded(seed);
  const n = table.labels.length;
  const cells = n * table.features.length;
  const bags = Math.max(2, Math.min(10, Math.floor(CELLS_PER_BAG_BUDGET / cells)));
  const draws = table.draws ?? Math.max(1, Math.min(MAX_DRAWS, Math.floor(CELLS_PER_DRAW_BUDGET / cells)));
  const total = draws * FOLDS + 2;
  const judged = Array.from({ length: draws }, (_, draw): Judged => {
    const foldOf = drawFolds(table, random);
    const parts = PRIOR.map(() => new Float64Array(n));
    for (let fold = 0; fold < FOLDS; fold++) {
      progress(draw * FOLDS + fold, total);
      const rows = rowsWhere(foldOf, (own) => own !== fold);
      const binned = binTable(table, rows);
      const grown = growParts(binned, rows, bags, PAIRS, random, table.groups);
      const others = rowsWhere(foldOf, (own) => own === fold);
      writeParts(grown, binned, others, parts);
    }
    return { foldOf, parts };
  });
  progress(total - 2, total);
  const everywhere = Int32Array.from({ length: n }, (_, row) => row);
  const chosen = chooseBlend(judged, table, everywhere);
  const withPairs = (chosen.shares[PAIR_PART] ?? 0) > 0;
  const binned = binTable(table, everywhere);
  const grown = growParts(binned, everywhere, bags * 2, withPairs ? PAIRS : 0, random, table.groups);
  progress(total, total);
  return {
    axes: binned.axes,
    bins: binned.bins,
    ...mix(grown, chosen),
    draws: judged.map((one) => ({ logOdds: blendOutOfFold(one, judged, table), foldOf: one.foldOf })),
    folds: FOLDS,
    blend: chosen,
  };
}

/** The parts' log-odds for each row, by models that had not seen the row. */
interface Judged {
  readonly foldOf: Uint8Array;
  readonly parts: readonly Float64Array[];
}

const drawFolds = ({ labels, groups }: TrainingTable, random: () => number): Uint8Array =>
  groups === undefined ? stratifiedFolds(labels, FOLDS, random) : groupedFolds(labels, groups, FOLDS, random);

/** Several rows of one customer are one witness: as many more are asked for where something is held back by rows. */
function byCustomer(settings: BoostingSettings, times: number): BoostingSettings {
  const { leafPenalty, wordPenalty, minLeafRows, smoothness, linePenalty } = settings;
  return {
    ...settings,
    rowsPerCustomer: times,
    leafPenalty: leafPenalty * times,
    wordPenalty: wordPenalty * times,
    minLeafRows: minLeafRows * times,
    ...(smoothness === undefined ? {} : { smoothness: smoothness * times }),
    ...(linePenalty === undefined ? {} : { linePenalty: linePenalty * times }),
  };
}

function rowsPerCustomer(rows: Int32Array, groups: Int32Array | undefined): number {
  return groups === undefined ? 1 : rows.length / new Set(Array.from(rows, (row) => groups[row])).size;
}

interface Parts {
  readonly steps: AdditiveModel;
  readonly smooth: AdditiveModel;
  readonly lines: AdditiveModel;
  readonly logs: AdditiveModel;
  readonly pairAxes: readonly PairAxis[];
  readonly pairs: readonly Float64Array[];
}

function growParts(
  table: BinnedTable,
  rows: Int32Array,
  bagCount: number,
  pairCount: number,
  random: () => number,
  groups: Int32Array | undefined,
): Parts {
  const bags = Array.from({ length: bagCount }, () =>
    drawBag(rows, table.labels, STOP_SHARE, random, groups),
  );
  const times = rowsPerCustomer(rows, groups);
  const per = (settings: BoostingSettings): BoostingSettings => byCustomer(settings, times);
  const steps = boost(table, bags, [], [], per(STEPS));
  const smooth = boost(table, bags, [], [], per(SMOOTH));
  const lines = boost(table, bags, [], [], per(LINES));
  const logs = boost(table, bags, [], [], per(LOGS));
  const parts = {
    steps: meanModel(steps),
    smooth: meanModel(smooth),
    lines: meanModel(lines),
    logs: meanModel(logs),
  };
  const both = meanModel([parts.steps, parts.smooth]);
  const pairAxes = pairCount === 0 ? [] : choosePairs(table, rows, both, pairCount, per(PAIRED), groups);
  if (pairAxes.length === 0) return { ...parts, pairAxes, pairs: [] };
  const starts = bags.map((_, index) => meanModel([steps[index] ?? both, smooth[index] ?? both]));
  const paired = boost(table, bags, pairAxes, starts, per(PAIRED));
  return { ...parts, pairAxes, pairs: meanModel(paired).pairs };
}

function meanModel(models: readonly AdditiveModel[]): AdditiveModel {
  const mean = (tables: readonly Float64Array[]): Float64Array =>
    new Float64Array(tables[0]?.length ?? 0).map(
      (_, bin) => tables.reduce((sum, table) => sum + (table[bin] ?? 0), 0) / tables.length,
    );
  const first = models[0];
  return {
    intercept: models.reduce((sum, model) => sum + model.intercept, 0) / models.length,
    mains: (first?.mains ?? []).map((_, feature) =>
      mean(models.map((model) => model.mains[feature] ?? EMPTY)),
    ),
    pairs: (first?.pairs ?? []).map((_, pair) => mean(models.map((model) => model.pairs[pair] ?? EMPTY))),
  };
}

const EMPTY = new Float64Array(0);

function binTable({ features, values, labels, directions }: TrainingTable, rows: Int32Array): BinnedTable {
  const axes = features.map((feature, index) => {
    const column = values[index] ?? [];
    return findAxis(
      feature.kind,
      Array.from(rows, (row) => column[row]),
    );
  });
  const bins = axes.map((axis, index) => binsOf(axis, values[index] ?? []));
  const logs = axes.map((axis, index) => {
    if (axis.kind === 'word') return undefined;
    const [own, column] = [bins[index], values[index] ?? []];
    return logsOf(
      Uint16Array.from(rows, (row) => own?.[row] ?? 0),
      Array.from(rows, (row) => column[row]),
      axis.size,
    );
  });
  return { axes, labels, directions, bins, logs };
}

/** Writes each part's log-odds for the rows. */
function writeParts(
  grown: Parts,
  { bins }: BinnedTable,
  rows: Int32Array,
  parts: readonly Float64Array[],
): void {
  const [steps, smooth, lines, logs, pairs] = parts;
  const cells = grown.pairAxes.map((axis) => cellsOf(axis, bins));
  for (const row of rows) {
    if (steps !== undefined) steps[row] = sumAt(grown.steps, bins, row);
    if (smooth !== undefined) smooth[row] = sumAt(grown.smooth, bins, row);
    if (lines !== undefined) lines[row] = sumAt(grown.lines, bins, row);
    if (logs !== undefined) logs[row] = sumAt(grown.logs, bins, row);
    if (pairs === undefined) continue;
    let sum = 0;
    for (const [index, weights] of grown.pairs.entries()) sum += weights[cells[index]?.[row] ?? 0] ?? 0;
    pairs[row] = sum;
  }
}

function sumAt({ intercept, mains }: AdditiveModel, bins: readonly Uint16Array[], row: number): number {
  let sum = intercept;
  for (const [feature, weights] of mains.entries()) sum += weights[bins[feature]?.[row] ?? 0] ?? 0;
  return sum;
}

/** The blend that the rows advise, as each draw has judged them; without the pairs where they explain little. */
function chooseBlend(judged: readonly Judged[], { labels, groups }: TrainingTable, rows: Int32Array): Blend {
  const times = rowsPerCustomer(rows, groups) * judged.length;
  const parts = PRIOR.map((_, part) => oneAfterAnother(judged, (draw) => gathered(draw.parts[part], rows)));
  const own = oneAfterAnother(judged, () => gathered(labels, rows));
  const every = Int32Array.from({ length: own.length }, (_, row) => row);
  const all = blend(parts, own, every, PRIOR, times);
  if ((all.shares[PAIR_PART] ?? 0) >= LEAST_PAIR_SHARE) return all;
  const { offset, shares } = blend(parts.slice(0, PAIR_PART), own, every, PRIOR, times);
  return { offset, shares: [...shares, 0] };
}

const oneAfterAnother = (judged: readonly Judged[], of: (draw: Judged) => readonly number[]): Float64Array =>
  Float64Array.from(judged.flatMap(of));

const gathered = (values: Float64Array | Uint8Array | undefined, rows: Int32Array): number[] =>
  Array.from(rows, (row) => values?.[row] ?? 0);

/** The held-out log-odds of one draw, each fold blended as the other folds advise. */
function blendOutOfFold(
  { foldOf, parts }: Judged,
  judged: readonly Judged[],
  table: TrainingTable,
): Float64Array {
  const heldOut = new Float64Array(table.labels.length);
  for (let fold = 0; fold < FOLDS; fold++) {
    const others = rowsWhere(foldOf, (own) => own !== fold);
    const advice = chooseBlend(judged, table, others);
    for (const row of rowsWhere(foldOf, (own) => own === fold)) heldOut[row] = blended(parts, advice, row);
  }
  return heldOut;
}

function mix(grown: Parts, { offset, shares }: Blend): Pick<TrainedModel, 'intercept' | 'mains' | 'pairs'> {
  const kinds = [grown.steps, grown.smooth, grown.lines, grown.logs];
  const sum = (of: (kind: AdditiveModel) => number): number =>
    kinds.reduce((total, kind, index) => total + (shares[index] ?? 0) * of(kind), 0);
  return {
    intercept: offset + sum(({ intercept }) => intercept),
    mains: grown.steps.mains.map((weights, feature) =>
      weights.map((_, bin) => sum(({ mains }) => mains[feature]?.[bin] ?? 0)),
    ),
    pairs: grown.pairAxes.map((axis, index) => ({
      axis,
      weights: (grown.pairs[index] ?? EMPTY).map((weight) => (shares[PAIR_PART] ?? 0) * weight),
    })),
  };
}

const rowsWhere = (folds: Uint8Array, wanted: (fold: number) => boolean): Int32Array =>
  Int32Array.from([...folds.keys()].filter((row) => wanted(folds[row] ?? 0)));
