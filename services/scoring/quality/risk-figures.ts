import { seeded } from '../fit/risk/random.ts';

/** How well probabilities foresee outcomes. */
export interface RiskFigures {
  readonly n: number;
  readonly outcomes: number;
  /** Chance that a row with the outcome is put above one without; ties count half. */
  readonly auc: number;
  /** How many times more outcomes the top tenth holds than chance would put there. */
  readonly liftTop10: number;
  /** Mean squared error of the probabilities: lower is better. */
  readonly brier: number;
  /** The Brier score if the probabilities were redrawn to fit these very rows (isotonic regression). */
  readonly brierIfRecalibrated: number;
  /** 95 % intervals, by drawing the rows again (bootstrap), or the customers with all their rows where they have several. */
  readonly interval95: { readonly auc: Interval; readonly liftTop10: Interval; readonly brier: Interval };
  /** Ten groups of equal size by probability, lowest first. */
  readonly reliability: readonly ReliabilityRow[];
}

export type Interval = readonly [low: number, high: number];

export interface ReliabilityRow {
  readonly rows: number;
  readonly foreseen: number;
  readonly happened: number;
}

/** Enough for two digits of a 95 % interval. */
const DRAWS = 200;

/**
 * Judges probabilities by what happened. Labels are 1 with the outcome, 0 without; there must be both. Rows of one of
 * the `customers` are no independent witnesses: they are drawn together.
 */
export const judgeRisk = (
  probabilities: Float64Array,
  labels: Uint8Array,
  customers?: Int32Array,
): RiskFigures =>
  judgeDraws([{ probabilities, foldOf: new Uint8Array(labels.length) }], labels, customers).figures;

/** One cross-validation: each row was judged by the model of its fold, which had not seen it. */
export interface Draw {
  readonly probabilities: Float64Array;
  readonly foldOf: Uint8Array;
}

export interface Ranking {
  readonly auc: number;
  readonly liftTop10: number;
}

/** How figures of a cross-validation came about. */
export interface CrossValidated {
  /** How often the folds were drawn. */
  readonly draws: number;
  /** The lowest and the highest that a draw gave: what the folds alone do to a figure. */
  readonly auc: Interval;
  readonly liftTop10: Interval;
  /** The ranking of all rows together, which sets customers of one fold against those of another, whom another model has judged. */
  readonly allTogether: Ranking;
}

/**
 * Judges one cross-validation or several. A model ranks customers by itself, so AUC and lift are those of each model among the
 * rows that it alone has judged: means over the folds, then over the draws. Predictions of several models are never
 * averaged, which would look better than the one model that goes to work.
 */
export function judgeDraws(
  draws: readonly Draw[],
  labels: Uint8Array,
  customers?: Int32Array,
): { readonly figures: RiskFigures; readonly crossValidated: CrossValidated } {
  const folds = draws.map((draw) => foldsOf(draw, labels));
  const whole = draws.map(({ probabilities }) => sortedRows(probabilities, labels, allRows(labels.length)));
  const once = new Uint16Array(labels.length).fill(1);
  const each = folds.map((draw) => meanOfFolds(draw, once));
  const together = whole.map((rows) => weigh(rows, once));
  const random = seeded(labels.length);
  const draw = customers === undefined ? drawRows : drawCustomers(customers);
  const again = Array.from({ length: DRAWS }, () => {
    const times = draw(labels.length, random);
    return meanOf(folds.map((one) => meanOfFolds(one, times)));
  });
  const figures = meanOf(each);
  const interval = (of: keyof Weighed): Interval => percentiles(again.map((one) => one[of]));
  const range = (of: keyof Ranking): Interval => [
    fourDigits(Math.min(...each.map((one) => one[of]))),
    fourDigits(Math.max(...each.map((one) => one[of]))),
  ];
  const { auc, liftTop10 } = meanOf(together);
  return {
    figures: {
      n: labels.length,
      outcomes: labels.reduce((sum, label) => sum + label, 0),
      auc: fourDigits(figures.auc),
      liftTop10: fourDigits(figures.liftTop10),
      brier: fiveDigits(mean(together.map(({ brier }) => brier))),
      brierIfRecalibrated: fiveDigits(mean(whole.map(isotonicBrier))),
      interval95: { auc: interval('auc'), liftTop10: interval('liftTop10'), brier: interval('brier') },
      reliability: meanReliability(whole.map(reliabilityOf)),
    },
    crossValidated: {
      draws: draws.length,
      auc: range('auc'),
      liftTop10: range('liftTop10'),
      allTogether: { auc: fourDigits(auc), liftTop10: fourDigits(liftTop10) },
    },
  };
}

const allRows = (n: number): Uint32Array => Uint32Array.from({ length: n }, (_, row) => row);

const foldsOf = ({ probabilities, foldOf }: Draw, labels: Uint8Array): readonly Sorted[] =>
  [...new Set(foldOf)].map((fold) =>
    sortedRows(
      probabilities,
      labels,
      allRows(labels.length).filter((row) => foldOf[row] === fold),
    ),
  );

/** A fold in which nobody or everybody has the outcome ranks nothing. */
const meanOfFolds = (folds: readonly Sorted[], times: Uint16Array): Weighed =>
  meanOf(folds.map((rows) => weigh(rows, times)).filter(({ auc }) => Number.isFinite(auc)));

const meanOf = (all: readonly Weighed[]): Weighed => ({
  auc: mean(all.map(({ auc }) => auc)),
  liftTop10: mean(all.map(({ liftTop10 }) => liftTop10)),
  brier: mean(all.map(({ brier }) => brier)),
});

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Tenth by tenth the mean of the draws. */
const meanReliability = (draws: readonly (readonly ReliabilityRow[])[]): readonly ReliabilityRow[] =>
  (draws[0] ?? []).map(({ rows }, tenth) => ({
    rows,
    foreseen: fourDigits(mean(draws.map((draw) => draw[tenth]?.foreseen ?? 0))),
    happened: fourDigits(mean(draws.map((draw) => draw[tenth]?.happened ?? 0))),
  }));

/** Rows to judge, all of a table or some. */
interface Sorted {
  readonly p: Float64Array;
  /** The rows by rising probability. */
  readonly order: Uint32Array;
  readonly labels: Uint8Array;
}

const sortedRows = (p: Float64Array, labels: Uint8Array, rows: Uint32Array): Sorted => ({
  p,
  labels,
  order: rows.sort((a, b) => (p[a] ?? 0) - (p[b] ?? 0) || a - b),
});

interface Weighed extends Ranking {
  readonly brier: number;
}

/** The figures with each row counted `times`. One pass from the lowest probability up; ties share their fate. */
function weigh({ p, order, labels }: Sorted, times: Uint16Array): Weighed {
  let total = 0;
  let outcomes = 0;
  let squares = 0;
  for (const row of order) {
    const count = times[row] ?? 0;
    total += count;
    outcomes += count * (labels[row] ?? 0);
    squares += count * ((labels[row] ?? 0) - (p[row] ?? 0)) ** 2;
  }
  const topFrom = total * 0.9;
  let rows = 0;
  let quiet = 0;
  let wins = 0;
  let inTop = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    let tied = 0;
    let tiedOutcomes = 0;
    const value = p[order[from] ?? 0];
    while (to < order.length && p[order[to] ?? 0] === value) {
      const row = order[to] ?? 0;
      tied += times[row] ?? 0;
      tiedOutcomes += (times[row] ?? 0) * (labels[row] ?? 0);
      to++;
    }
    wins += tiedOutcomes * (quiet + (tied - tiedOutcomes) / 2);
    quiet += tied - tiedOutcomes;
    const above = Math.min(tied, Math.max(0, rows + tied - topFrom));
    if (tied > 0) inTop += (tiedOutcomes * above) / tied;
    rows += tied;
    from = to;
  }
  return {
    auc: wins / (outcomes * (total - outcomes)),
    liftTop10: inTop / (total / 10) / (outcomes / total),
    brier: squares / total,
  };
}

function drawRows(n: number, random: () => number): Uint16Array {
  const times = new Uint16Array(n);
  for (let draw = 0; draw < n; draw++) {
    const row = Math.floor(random() * n);
    times[row] = (times[row] ?? 0) + 1;
  }
  return times;
}

/** Customers are numbered from 0, as `customersOf` does. */
function drawCustomers(customers: Int32Array): typeof drawRows {
  const all = customers.reduce((most, customer) => Math.max(most, customer), -1) + 1;
  return (_, random) => {
    const times = drawRows(all, random);
    return Uint16Array.from(customers, (customer) => times[customer] ?? 0);
  };
}

function percentiles(values: readonly number[]): Interval {
  const sorted = values.filter(Number.isFinite).toSorted((a, b) => a - b);
  const at = (share: number): number => fourDigits(sorted[Math.round(share * (sorted.length - 1))] ?? 0);
  return [at(0.025), at(0.975)];
}

/** Pools neighbours that are out of order until what happened rises with what was foreseen. */
function isotonicBrier({ p, order, labels }: Sorted): number {
  const pools: { rows: number; outcomes: number }[] = [];
  let before: number | undefined;
  for (const row of order) {
    const label = labels[row] ?? 0;
    const last = pools.at(-1);
    if (last !== undefined && p[row] === before) {
      last.rows++;
      last.outcomes += label;
    } else pools.push({ rows: 1, outcomes: label });
    before = p[row];
    for (let one = pools.at(-2), two = pools.at(-1); one !== undefined && two !== undefined; ) {
      if (one.outcomes / one.rows < two.outcomes / two.rows) break;
      pools.pop();
      one.rows += two.rows;
      one.outcomes += two.outcomes;
      two = one;
      one = pools.at(-2);
    }
  }
  const squares = pools.reduce((sum, { rows, outcomes }) => sum + outcomes * (1 - outcomes / rows), 0);
  return squares / order.length;
}

function reliabilityOf({ p, order, labels }: Sorted): readonly ReliabilityRow[] {
  const groups = Math.min(10, order.length);
  return Array.from({ length: groups }, (_, group) => {
    const rows = order.subarray((group * order.length) / groups, ((group + 1) * order.length) / groups);
    const mean = (of: (row: number) => number): number =>
      fourDigits(rows.reduce((sum, row) => sum + of(row), 0) / rows.length);
    return {
      rows: rows.length,
      foreseen: mean((row) => p[row] ?? 0),
      happened: mean((row) => labels[row] ?? 0),
    };
  });
}

const fourDigits = (value: number): number => Math.round(value * 1e4) / 1e4;
const fiveDigits = (value: number): number => Math.round(value * 1e5) / 1e5;
