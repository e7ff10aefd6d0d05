import type { Comparison, Literal, Operand } from '../language/ast.ts';
import { operandType } from '../language/check-condition.ts';
import type { OperatorName } from '../language/operators.ts';

/**
 * The values that an operand may have when some comparisons hold: an interval, a choice, and what cannot be
 * reasoned about (texts), kept as opaque tests. Immutable.
 */
export interface Possible {
  readonly known: 'yes' | 'no' | 'either';
  readonly low: number;
  readonly high: number;
  readonly lowOpen: boolean;
  readonly highOpen: boolean;
  readonly whole: boolean;
  /** When present, the value is one of these. Texts in lower case, as rules compare them. */
  readonly only?: ReadonlySet<Literal>;
  /** The value is none of these; for a list, it contains none of these. */
  readonly never: ReadonlySet<Literal>;
  /** For a list: it contains at least one of each. */
  readonly someOf: readonly ReadonlySet<Literal>[];
  /** Tests of texts that hold, for example `contains "refund"`, or `not contains "refund"`. */
  readonly tests: ReadonlySet<string>;
}

/** Everything that an operand can be at all: its range, its closed set of words, whole numbers for counts. */
export function anything(operand: Operand): Possible {
  const field = operand.from === 'window' ? operand.window.field?.field : operand.field;
  const fn = operand.from === 'window' ? operand.window.fn : undefined;
  const counts = fn === 'count' || fn === 'distinct';
  const keepsRange = fn === undefined || fn === 'avg' || fn === 'min' || fn === 'max' || fn === 'last';
  const [low, high] = counts
    ? [0, Number.POSITIVE_INFINITY]
    : ((keepsRange ? field?.range : undefined) ?? []);
  const words = keepsRange ? field?.values : undefined;
  const type = operandType(operand);
  const closed = type === 'boolean' ? [true, false] : type === 'string' ? words : undefined;
  return {
    known: counts ? 'yes' : 'either',
    low: low ?? Number.NEGATIVE_INFINITY,
    high: high ?? Number.POSITIVE_INFINITY,
    lowOpen: false,
    highOpen: false,
    // The usual value of a count is a mean or the like.
    whole: counts && operand.from === 'window' && operand.window.baseline === undefined,
    ...(closed === undefined ? {} : { only: new Set(closed.map(folded)) }),
    never: new Set(),
    someOf: [],
    tests: new Set(),
  };
}

/** What is left when a comparison holds, or, with `holds: false`, when it is known not to hold. */
export function narrowed(possible: Possible, comparison: Comparison, holds: boolean): Possible {
  const { operator, literal } = comparison;
  if (operator === 'exists') return withKnown(possible, (literal === true) === holds ? 'yes' : 'no');
  const known = withKnown(possible, 'yes');
  const literals = new Set((Array.isArray(literal) ? literal : [literal]).map(folded));
  const [only] = literals;
  const step = holds ? operator : OPPOSITE[operator];
  switch (step) {
    case 'eq':
    case 'in':
      return { ...known, only: intersection(known.only, literals) };
    case 'ne':
    case 'not_in':
    case 'none_of':
      return { ...known, never: new Set([...known.never, ...literals]) };
    case 'gt':
    case 'gte':
      return withLow(known, Number(only), step === 'gt');
    case 'lt':
    case 'lte':
      return withHigh(known, Number(only), step === 'lt');
    case 'any_of':
      return { ...known, someOf: [...known.someOf, literals] };
    case 'contains':
      if (operandType(comparison.operand) === 'list')
        return { ...known, someOf: [...known.someOf, literals] };
      return { ...known, tests: new Set([...known.tests, `contains ${String(only)}`]) };
    case 'contains_not':
      if (operandType(comparison.operand) === 'list') {
        return { ...known, never: new Set([...known.never, ...literals]) };
      }
      return { ...known, tests: new Set([...known.tests, `not contains ${String(only)}`]) };
    case 'matches':
      return { ...known, tests: new Set([...known.tests, `matches ${String(literal)}`]) };
    case 'matches_not':
      return { ...known, tests: new Set([...known.tests, `not matches ${String(literal)}`]) };
  }
}

type Opposite = Exclude<OperatorName, 'exists'> | 'none_of' | 'contains_not' | 'matches_not';

const OPPOSITE: Readonly<Record<Exclude<OperatorName, 'exists'>, Opposite>> = {
  eq: 'ne',
  ne: 'eq',
  gt: 'lte',
  gte: 'lt',
  lt: 'gte',
  lte: 'gt',
  in: 'not_in',
  not_in: 'in',
  any_of: 'none_of',
  contains: 'contains_not',
  matches: 'matches_not',
};

/** At most so many. */
export const atMost = (possible: Possible, high: number): Possible => withHigh(possible, high, false);

/** Both at once. */
export const both = (a: Possible, b: Possible): Possible => {
  const low = withLow(withKnown(a, b.known), b.low, b.lowOpen);
  const merged = withHigh(low, b.high, b.highOpen);
  const only = b.only === undefined ? merged.only : intersection(merged.only, b.only);
  return {
    ...merged,
    whole: a.whole || b.whole,
    ...(only === undefined ? {} : { only }),
    never: new Set([...a.never, ...b.never]),
    someOf: [...a.someOf, ...b.someOf],
    tests: new Set([...a.tests, ...b.tests]),
  };
};

/** Whether no value is left. `false` may also mean that it cannot be told. */
export function isImpossible(possible: Possible): boolean {
  if (possible.known === NOT_BOTH) return true;
  if (possible.known === 'no') return false;
  const { low, high, lowOpen, highOpen, whole, never } = possible;
  const from = whole ? (lowOpen ? Math.floor(low) + 1 : Math.ceil(low)) : low;
  const to = whole ? (highOpen ? Math.ceil(high) - 1 : Math.floor(high)) : high;
  if (from > to || (!whole && from === to && (lowOpen || highOpen))) return true;
  if (from === to && never.has(from)) return true;
  const choices = choicesOf(possible);
  if (choices !== undefined && choices.length === 0) return true;
  if (possible.someOf.some((group) => [...group].every((word) => never.has(word)))) return true;
  return [...possible.tests].some((test) => possible.tests.has(`not ${test}`));
}

/** Whether every value of `inner` is one of `outer`. `false` may also mean that it cannot be told. */
export function includes(outer: Possible, inner: Possible): boolean {
  if (outer.known === 'yes' && inner.known !== 'yes') return false;
  if (outer.known === 'no') return inner.known === 'no';
  const choices = choicesOf(inner);
  const fits = (value: Literal) => allows(outer, value);
  if (choices === undefined) {
    if (outer.only !== undefined) return false;
    if (outer.low > inner.low || (outer.low === inner.low && outer.lowOpen && !inner.lowOpen)) return false;
    if (outer.high < inner.high || (outer.high === inner.high && outer.highOpen && !inner.highOpen))
      return false;
    if ([...outer.never].some((value) => !inner.never.has(value) && !isOutside(inner, value))) return false;
  } else if (!choices.every(fits)) {
    return false;
  }
  const groups = outer.someOf.every((group) =>
    inner.someOf.some((narrow) => [...narrow].every((word) => group.has(word))),
  );
  return groups && [...outer.tests].every((test) => inner.tests.has(test));
}

const isOutside = ({ low, high, lowOpen, highOpen }: Possible, value: Literal): boolean =>
  typeof value === 'number' &&
  (value < low || value > high || (value === low && lowOpen) || (value === high && highOpen));

const allows = (possible: Possible, value: Literal): boolean =>
  (possible.only?.has(value) ?? true) && !possible.never.has(value) && !isOutside(possible, value);

const choicesOf = (possible: Possible): Literal[] | undefined =>
  possible.only && [...possible.only].filter((value) => allows(possible, value));

/** Stands for "must be known and must not be known". */
const NOT_BOTH = 'contradiction' as Possible['known']; // deliberately outside the union: equal to none of its members

function withKnown(possible: Possible, known: Possible['known']): Possible {
  if (known === 'either' || possible.known === known) return possible;
  return { ...possible, known: possible.known === 'either' ? known : NOT_BOTH };
}

const withLow = (possible: Possible, low: number, lowOpen: boolean): Possible =>
  low > possible.low || (low === possible.low && lowOpen) ? { ...possible, low, lowOpen } : possible;

const withHigh = (possible: Possible, high: number, highOpen: boolean): Possible =>
  high < possible.high || (high === possible.high && highOpen) ? { ...possible, high, highOpen } : possible;

const intersection = (a: ReadonlySet<Literal> | undefined, b: ReadonlySet<Literal>): ReadonlySet<Literal> =>
  a === undefined ? b : new Set([...b].filter((value) => a.has(value)));

/** Rules compare free texts without regard to letter case. */
const folded = (value: Literal): Literal => (typeof value === 'string' ? value.toLowerCase() : value);
