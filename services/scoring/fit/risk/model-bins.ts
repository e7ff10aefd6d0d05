import type { Span } from '../../domain/risk-model-bins.ts';
import type { Axis } from './binning.ts';
import type { CoarseAxis } from './pair-axis.ts';

/** A bin as the model file has it. */
export interface FileBin extends Span {
  readonly weight: number;
}

export interface FileBins {
  readonly bins: readonly FileBin[];
  readonly missing: number;
}

/** More bins than this nobody reads; neighbours whose weights are closest are drawn together first. */
const MAX_BINS = 24;
/** Weights this close, in log-odds, are the same to a reader: a twentieth of a doubling of the odds. */
const SAME = 0.03;

/** A feature's weights as bins for the file; `rows` says how many rows fall into each bin. */
export function fileBins(axis: Axis, weights: Float64Array, rows: Float64Array): FileBins {
  const missing = hundredths(rows[0] === 0 ? 0 : (weights[0] ?? 0));
  return {
    missing,
    bins:
      axis.kind === 'number' ? numberBins(axis.cuts, weights, rows) : wordBins(axis.levels, weights, rows),
  };
}

interface Group {
  /** Upper end; absent for the last. */
  readonly below: number | undefined;
  readonly rows: number;
  readonly weight: number;
}

function numberBins(cuts: readonly number[], weights: Float64Array, rows: Float64Array): readonly FileBin[] {
  let groups: Group[] = [...cuts, undefined].map((below, index) => ({
    below,
    rows: rows[index + 1] ?? 0,
    weight: weights[index + 1] ?? 0,
  }));
  for (;;) {
    const at = closestNeighbours(groups);
    const [one, other] = [groups[at], groups[at + 1]];
    if (one === undefined || other === undefined) break;
    if (groups.length <= MAX_BINS && Math.abs(one.weight - other.weight) > SAME) break;
    groups = groups.toSpliced(at, 2, together(one, other));
  }
  return groups.map(({ below, weight }) => ({
    ...(below === undefined ? {} : { below }),
    weight: hundredths(weight),
  }));
}

function closestNeighbours(groups: readonly Group[]): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let index = 0; index + 1 < groups.length; index++) {
    const distance = Math.abs((groups[index]?.weight ?? 0) - (groups[index + 1]?.weight ?? 0));
    if (distance < least) {
      least = distance;
      best = index;
    }
  }
  return best;
}

function together(one: Group, other: Group): Group {
  const rows = one.rows + other.rows;
  const weight =
    rows === 0 ? (one.weight + other.weight) / 2 : (one.weight * one.rows + other.weight * other.rows) / rows;
  return { below: other.below, rows, weight };
}

/** Words with the same weight share a bin; with many words, weights count as the same when they are close. */
function wordBins(levels: readonly string[], weights: Float64Array, rows: Float64Array): readonly FileBin[] {
  const step = levels.length > MAX_BINS ? 0.05 : 0.01;
  const byWeight = new Map<number, string[]>();
  for (const [index, level] of levels.entries()) {
    const weight = hundredths(Math.round((weights[index + 1] ?? 0) / step) * step);
    byWeight.set(weight, [...(byWeight.get(weight) ?? []), level]);
  }
  const rest = levels.length + 1;
  const named = [...byWeight]
    .toSorted(([a], [b]) => b - a)
    .map(([weight, is]) => ({ is: is.toSorted(), weight }));
  return [...named, { weight: hundredths((rows[rest] ?? 0) > 0 ? (weights[rest] ?? 0) : 0) }];
}

/** A pair's row or column: which values, and which coarse bin of the trained table. */
export interface CoarseSpan {
  readonly span: Span;
  readonly coarse: number;
}

/** The spans of a coarse axis, those for values not known first and the rest last, as the file wants them. */
export function coarseSpans(axis: Axis, { of, size }: CoarseAxis): readonly CoarseSpan[] {
  const known = Array.from({ length: axis.size - 1 }, (_, index) => index + 1);
  const first = known.length === 0 ? 0 : Math.min(...known.map((bin) => of[bin] ?? 0));
  const missing: CoarseSpan[] = first === 1 ? [{ span: { missing: true }, coarse: 0 }] : [];
  const coarse = Array.from({ length: size - first }, (_, index) => index + first);
  if (axis.kind === 'number') {
    return [
      ...missing,
      ...coarse.map((bin) => {
        const last = known.findLast((fine) => of[fine] === bin) ?? 1;
        const below = axis.cuts[last - 1];
        return { span: below === undefined ? {} : { below }, coarse: bin };
      }),
    ];
  }
  const rest = of[axis.size - 1] ?? 0;
  const named = coarse.filter((bin) => bin !== rest);
  return [
    ...missing,
    ...named.map((bin) => ({
      span: { is: axis.levels.filter((_, index) => of[index + 1] === bin).toSorted() },
      coarse: bin,
    })),
    { span: {}, coarse: rest },
  ];
}

/** Two decimals, within what a model file may hold. */
export const hundredths = (value: number): number =>
  Math.round(Math.max(-MAX_WEIGHT, Math.min(MAX_WEIGHT, value)) * 100) / 100 + 0;
/** Odds of one to twenty thousand: no bin of a few rows may claim more. */
const MAX_WEIGHT = 10;
