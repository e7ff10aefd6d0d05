/** A customer's visits as days since the first: how many came after it, when the last was, and what day it is now. */
export interface Visits {
  readonly repeats: number;
  readonly lastDay: number;
  readonly today: number;
}

/**
 * How the customers of a company come and go, in four numbers. Visits of a customer are random in time; their rate is
 * gamma distributed over the customers (`shape`, `scaleDays`); after each visit a customer leaves for good with a chance
 * that is beta distributed (`leaves`, `stays`).
 *
 * This is the BG/NBD model: Fader, Hardie and Lee, "Counting your customers" the easy way, Marketing Science 24 (2), 2005.
 */
export interface RepeatBuying {
  readonly shape: number;
  readonly scaleDays: number;
  readonly leaves: number;
  readonly stays: number;
}

/** Four numbers are steady long before that; more customers would only take longer. */
const MAX_CUSTOMERS = 20_000;
/** Below this the four numbers are chance. */
const MIN_REPEATERS = 50;
/** Logarithms of the four numbers stay within this: beyond it the chances no longer change. */
const WIDEST = 12;

/** The model under which what was seen is likeliest; none when too few customers came twice. */
export function fitRepeatBuying(customers: readonly Visits[]): RepeatBuying | undefined {
  if (customers.filter(({ repeats }) => repeats > 0).length < MIN_REPEATERS) return undefined;
  const every = Math.ceil(customers.length / MAX_CUSTOMERS);
  const sample = customers.filter((_, index) => index % every === 0);
  const meanDays = sample.reduce((sum, { today }) => sum + today, 0) / sample.length;
  const start = [0, Math.log(Math.max(1, meanDays)), 0, 0];
  const found = lowest((logs) => -logLikelihood(modelOf(logs), sample), start);
  return modelOf(found);
}

const modelOf = (logs: readonly number[]): RepeatBuying => {
  const [shape = 1, scaleDays = 1, leaves = 1, stays = 1] = logs.map((log) =>
    Math.exp(Math.max(-WIDEST, Math.min(WIDEST, log))),
  );
  return { shape, scaleDays, leaves, stays };
};

/** The likelihood of the paper, in logarithms. */
function logLikelihood(
  { shape, scaleDays, leaves, stays }: RepeatBuying,
  customers: readonly Visits[],
): number {
  const byRepeats = new Map<number, number>();
  const counts = (repeats: number): number => {
    const known = byRepeats.get(repeats);
    if (known !== undefined) return known;
    const value =
      logGamma(shape + repeats) -
      logGamma(shape) +
      shape * Math.log(scaleDays) +
      logGamma(leaves + stays) +
      logGamma(stays + repeats) -
      logGamma(stays) -
      logGamma(leaves + stays + repeats);
    byRepeats.set(repeats, value);
    return value;
  };
  let sum = 0;
  for (const { repeats, lastDay, today } of customers) {
    const here = -(shape + repeats) * Math.log(scaleDays + today);
    sum += counts(repeats);
    if (repeats === 0) sum += here;
    else {
      const gone =
        Math.log(leaves / (stays + repeats - 1)) - (shape + repeats) * Math.log(scaleDays + lastDay);
      sum += Math.max(here, gone) + Math.log1p(Math.exp(-Math.abs(here - gone)));
    }
  }
  return sum;
}

/**
 * The chance, 0–1, that a customer does not come within so many days. Those who have left do not; of the others the rate
 * is gamma distributed around what was seen of them, and nobody leaves between two visits.
 */
export function chanceOfSilence(
  { shape, scaleDays, leaves, stays }: RepeatBuying,
  { repeats, lastDay, today }: Visits,
  days: number,
): number {
  const odds =
    repeats === 0
      ? 0
      : (leaves / (stays + repeats - 1)) * ((scaleDays + today) / (scaleDays + lastDay)) ** (shape + repeats);
  const here = 1 / (1 + odds);
  return 1 - here + here * ((scaleDays + today) / (scaleDays + today + days)) ** (shape + repeats);
}

/** Stirling's series after a shift to where it is exact to ten digits (Abramowitz and Stegun 6.1.41). */
export function logGamma(value: number): number {
  let shift = 0;
  let at = value;
  for (; at < 8; at++) shift -= Math.log(at);
  const square = at * at;
  const series = (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / at;
  return shift + (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + series;
}

type Point = { readonly at: readonly number[]; readonly value: number };

/** Enough for four unknowns; it ends earlier when the corners agree. */
const MAX_STEPS = 500;
const AGREED = 1e-7;

/** Where a function of a few numbers is lowest, near a start: the simplex search of Nelder and Mead (1965). */
export function lowest(of: (at: readonly number[]) => number, start: readonly number[]): readonly number[] {
  const point = (at: readonly number[]): Point => ({ at, value: of(at) });
  let corners = [
    point(start),
    ...start.map((_, index) => point(start.map((x, other) => (other === index ? x + 1 : x)))),
  ];
  for (let step = 0; step < MAX_STEPS; step++) {
    corners = corners.toSorted((a, b) => a.value - b.value);
    const [best] = corners;
    const worst = corners.at(-1);
    const second = corners.at(-2);
    if (best === undefined || worst === undefined || second === undefined) break;
    if (worst.value - best.value <= AGREED * Math.abs(best.value)) break;
    const rest = corners.slice(0, -1);
    const centre = start.map(
      (_, index) => rest.reduce((sum, { at }) => sum + (at[index] ?? 0), 0) / rest.length,
    );
    const beyond = (times: number): Point =>
      point(centre.map((middle, index) => middle + times * (middle - (worst.at[index] ?? 0))));
    const mirrored = beyond(1);
    let next = mirrored;
    if (mirrored.value < best.value) {
      const further = beyond(2);
      if (further.value < mirrored.value) next = further;
    } else if (mirrored.value >= second.value) {
      next = mirrored.value < worst.value ? beyond(0.5) : beyond(-0.5);
      if (next.value >= Math.min(mirrored.value, worst.value)) {
        corners = [
          best,
          ...corners.slice(1).map(({ at }) => point(at.map((x, i) => (x + (best.at[i] ?? 0)) / 2))),
        ];
        continue;
      }
    }
    corners = [...rest, next];
  }
  return corners.toSorted((a, b) => a.value - b.value)[0]?.at ?? start;
}
