import type { RiskModel } from '../../domain/risk-model.ts';
import { judgeRisk, type RiskFigures } from '../../quality/risk-figures.ts';
import { seeded, stratifiedFolds } from '../risk/random.ts';
import { solve } from '../risk/stacking.ts';
import type { Snapshot, Snapshots } from './snapshots.ts';

/** What the outcomes say of the weights of a model: by how much each is to move, in log-odds. */
export interface Learnt {
  readonly intercept: number;
  /** By feature of the file; place 0 is "not known", place k the bin k − 1. */
  readonly moves: readonly Float64Array[];
  /** Who stands behind each move: by feature, then by place. */
  readonly behind: readonly ReadonlyMap<number, Behind>[];
  /** What speaking to the customer does to the odds of leaving; 0.5 halves them. */
  readonly oddsWhenSpokenTo: number;
  readonly customers: number;
  readonly spokenTo: number;
  readonly outcomes: number;
  /** Of customers nobody spoke to, by models that had not seen them. */
  readonly before: RiskFigures;
  readonly after: RiskFigures;
}

/** The customers of whom a weight speaks. */
export interface Behind {
  readonly customers: number;
  readonly left: number;
}

export type LearnResult =
  | { readonly ok: true; readonly value: Learnt }
  | { readonly ok: false; readonly problem: string };

/** Fewer closed loops say more about the weeks in which they were closed than about customers. */
const MIN_LOOPS = 50;
const MIN_OF_EACH = 30;
/** Where people speak to nearly everybody, nothing shows what would have happened without. */
const MIN_HELD_OUT = 30;
const FOLDS = 5;
const TENTHS = 10;
/** No customer stands for more than this many: a rare one must not carry the model. */
const MAX_WEIGHT = 5;
/** Pull towards the weights as they are, in units of the Hessian: forty clear customers outvote ten. */
const PULL = 10;
const ROUNDS = 25;

/**
 * Moves the weights of a model towards what happened.
 *
 * Alerts change what they foretell: who was alarmed about and then kept would teach the model that alarming signs are
 * harmless. Three guards: customers nobody spoke to are weighed up so that they stand for all of their tenth of the
 * risk (inverse propensity); the effect of speaking to a customer is a term of its own, which the proposed model
 * leaves out; and without enough customers left alone among those at risk nothing is proposed.
 */
export function learnFromOutcomes(
  { rows, closedLoops, leftOut }: Snapshots,
  model: RiskModel,
  seed: number,
): LearnResult {
  if (closedLoops < MIN_LOOPS)
    return refuse(`${closedLoops} closed loops with an outcome; at least ${MIN_LOOPS} are needed`);
  const outcomes = rows.filter(({ left }) => left).length;
  for (const [count, what] of [
    [outcomes, 'left'],
    [rows.length - outcomes, 'stayed'],
  ] as const) {
    if (count < MIN_OF_EACH) {
      const early = leftOut === 0 ? '' : ` (${leftOut} had left before, or it is too early to know)`;
      return refuse(
        `${count} customers are known to have ${what}; at least ${MIN_OF_EACH} are needed${early}`,
      );
    }
  }
  const tenths = tenthsOf(rows, model);
  const shares = treatedShares(rows, tenths);
  const alone = rows.filter(({ treated }, row) => !treated && (shares[tenths[row] ?? 0] ?? 0) > 0);
  if (alone.length < MIN_HELD_OUT || new Set(alone.map(({ left }) => left)).size < 2) {
    return refuse(
      `only ${alone.length} customers as risky as those spoken to were left alone, at least ${MIN_HELD_OUT} with both ends are needed: the rest shows what contact does, not who leaves; keep a hold-out (stage canary)`,
    );
  }
  const cases = casesOf(rows, model, tenths, shares);
  const labels = Uint8Array.from(rows, ({ left }) => (left ? 1 : 0));
  const folds = stratifiedFolds(labels, FOLDS, seeded(seed));
  const unseen = new Float64Array(rows.length);
  for (let fold = 0; fold < FOLDS; fold++) {
    const learnt = newton(cases.filter((_, row) => folds[row] !== fold));
    for (const [row, one] of cases.entries())
      if (folds[row] === fold) unseen[row] = one.logOdds + moved(learnt, one);
  }
  const untreated = [...rows.keys()].filter((row) => rows[row]?.treated === false);
  const judge = (logOdds: (row: number) => number): RiskFigures =>
    judgeRisk(
      Float64Array.from(untreated, (row) => likelihood(logOdds(row))),
      Uint8Array.from(untreated, (row) => labels[row] ?? 0),
    );
  const all = newton(cases);
  return {
    ok: true,
    value: {
      intercept: all.weights[0] ?? 0,
      moves: movesByFeature(all, cases),
      behind: customersBehind(rows, model),
      oddsWhenSpokenTo: Math.exp(all.weights[SPOKEN_TO] ?? 0),
      customers: rows.length,
      spokenTo: rows.length - untreated.length,
      outcomes,
      before: judge((row) => cases[row]?.logOdds ?? 0),
      after: judge((row) => unseen[row] ?? 0),
    },
  };
}

/** Whether chances and order both gained; chances may come closer while customers are put in a worse order. */
export function verdictOf({ before, after }: Pick<Learnt, 'before' | 'after'>): Verdict {
  if (after.brier >= before.brier) return 'not_better';
  return after.auc < before.auc ? 'ranks_worse' : 'better';
}

export type Verdict = 'better' | 'ranks_worse' | 'not_better';

const refuse = (problem: string) => ({ ok: false, problem }) as const;

function tenthsOf(rows: readonly Snapshot[], model: RiskModel): Uint8Array {
  const risks = rows.map(({ seen }) => model.probability(seen));
  const order = [...rows.keys()].sort((a, b) => (risks[a] ?? 0) - (risks[b] ?? 0) || a - b);
  const tenths = new Uint8Array(rows.length);
  for (const [rank, row] of order.entries()) tenths[row] = Math.floor((rank * TENTHS) / rows.length);
  return tenths;
}

function treatedShares(rows: readonly Snapshot[], tenths: Uint8Array): Float64Array {
  const all = new Float64Array(TENTHS);
  const treated = new Float64Array(TENTHS);
  for (const [row, snapshot] of rows.entries()) {
    const tenth = tenths[row] ?? 0;
    all[tenth] = (all[tenth] ?? 0) + 1;
    if (snapshot.treated) treated[tenth] = (treated[tenth] ?? 0) + 1;
  }
  return treated.map((count, tenth) => count / (all[tenth] || 1));
}

/** One customer as numbers: which of the parameters apply, and how much they count. */
interface Case {
  readonly logOdds: number;
  /** Parameters that are 1, the intercept (0) left out. */
  readonly active: readonly string[];
  readonly treated: boolean;
  readonly left: boolean;
  readonly weight: number;
}

function casesOf(
  rows: readonly Snapshot[],
  model: RiskModel,
  tenths: Uint8Array,
  shares: Float64Array,
): readonly Case[] {
  return rows.map(({ seen, treated, left }, row) => {
    const share = shares[tenths[row] ?? 0] ?? 0;
    const own = treated ? share : 1 - share;
    const risk = model.probability(seen);
    return {
      logOdds: Math.log(risk / (1 - risk)),
      active: model.places(seen).map((place, feature) => `${feature}/${place + 1}`),
      treated,
      left,
      weight: Math.min(MAX_WEIGHT, 1 / own),
    };
  });
}

const SPOKEN_TO = 1;

interface Fit {
  readonly index: ReadonlyMap<string, number>;
  readonly weights: readonly number[];
}

/** Logistic regression beside the model's own log-odds, every move pulled towards none. */
function newton(cases: readonly Case[]): Fit {
  const index = new Map<string, number>();
  for (const { active } of cases)
    for (const name of active) if (!index.has(name)) index.set(name, index.size + 2);
  const size = index.size + 2;
  const weights = new Array<number>(size).fill(0);
  const rows = cases.map((one) => ({ one, on: parametersOf(one, index) }));
  for (let round = 0; round < ROUNDS; round++) {
    const gradient = weights.map((weight, place) => -pullOf(place) * weight);
    const matrix = weights.map((_, place) => {
      const line = new Array<number>(size).fill(0);
      line[place] = pullOf(place);
      return line;
    });
    for (const { one, on } of rows) {
      const likely = likelihood(one.logOdds + on.reduce((sum, place) => sum + (weights[place] ?? 0), 0));
      const rest = one.weight * ((one.left ? 1 : 0) - likely);
      const curve = one.weight * Math.max(likely * (1 - likely), 1e-6);
      for (const i of on) {
        gradient[i] = (gradient[i] ?? 0) + rest;
        const line = matrix[i];
        if (line !== undefined) for (const j of on) line[j] = (line[j] ?? 0) + curve;
      }
    }
    const step = solve(matrix, gradient);
    for (const [place, change] of step.entries()) weights[place] = (weights[place] ?? 0) + change;
    if (Math.max(...step.map(Math.abs)) < 1e-6) break;
  }
  return { index, weights };
}

/** The intercept is free, or nearly: it only says how many leave. */
const pullOf = (place: number): number => (place === 0 ? 0.1 : place === SPOKEN_TO ? 1 : PULL);

const parametersOf = ({ active, treated }: Case, index: ReadonlyMap<string, number>): readonly number[] => [
  0,
  ...(treated ? [SPOKEN_TO] : []),
  ...active.map((name) => index.get(name)).filter((place) => place !== undefined),
];

/** What the moves do to a customer's log-odds if nobody speaks to them. */
const moved = ({ index, weights }: Fit, one: Case): number =>
  parametersOf({ ...one, treated: false }, index).reduce((sum, place) => sum + (weights[place] ?? 0), 0);

function movesByFeature({ index, weights }: Fit, cases: readonly Case[]): readonly Float64Array[] {
  const features = cases[0]?.active.length ?? 0;
  const moves = Array.from({ length: features }, () => new Float64Array(MAX_PLACES));
  for (const [name, place] of index) {
    const [feature = 0, bin = 0] = name.split('/').map(Number);
    const own = moves[feature];
    if (own !== undefined) own[bin] = weights[place] ?? 0;
  }
  return moves;
}

function customersBehind(
  rows: readonly Snapshot[],
  model: RiskModel,
): readonly ReadonlyMap<number, Behind>[] {
  const behind: Map<number, Behind>[] = [];
  for (const { seen, left } of rows) {
    for (const [feature, bin] of model.places(seen).entries()) {
      behind[feature] ??= new Map<number, Behind>();
      const known = behind[feature].get(bin + 1) ?? { customers: 0, left: 0 };
      behind[feature].set(bin + 1, {
        customers: known.customers + 1,
        left: known.left + (left ? 1 : 0),
      });
    }
  }
  return behind;
}

/** A model file allows 256 bins a feature; one place more is for "not known". */
const MAX_PLACES = 257;

const likelihood = (logOdds: number): number => 1 / (1 + Math.exp(-logOdds));
