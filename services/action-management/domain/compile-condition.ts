import type { Comparison, Condition, Literal, Operand } from './language/ast.ts';
import { operandType } from './language/check-condition.ts';
import type { Value } from './language/fields.ts';
import { readPattern } from './language/pattern.ts';
import { FALSE, not, TRUE, type Truth, truthOf, UNKNOWN } from './truth.ts';

/** A condition as a function of what is known: `S` is the facts of a judgement, or one remembered signal. */
export type Test<S> = (subject: S) => Truth;
/** How to read what a comparison names. */
export type Reader<S> = (subject: S) => Value | undefined;

/** Turns a checked condition into one closure. `reader` decides where each operand comes from. */
export function compileCondition<S>(condition: Condition, reader: (operand: Operand) => Reader<S>): Test<S> {
  switch (condition.type) {
    case 'compare':
      return compileComparison(condition, reader(condition.operand));
    case 'not': {
      const test = compileCondition(condition.of, reader);
      return (subject) => not(test(subject));
    }
    case 'all':
      return allOf(cheapestFirst(condition.of).map((part) => compileCondition(part, reader)));
    case 'any':
      return anyOf(cheapestFirst(condition.of).map((part) => compileCondition(part, reader)));
  }
}

/** Truth does not depend on the order of the parts, so what costs most is asked last, and often never. */
const cheapestFirst = (parts: readonly Condition[]): readonly Condition[] =>
  parts
    .map((part) => ({ part, cost: costOf(part) }))
    .sort((a, b) => a.cost - b.cost)
    .map(({ part }) => part);

/** Relative costs: a window walks the remembered signals, a pattern walks the text. */
function costOf(condition: Condition): number {
  if (condition.type === 'not') return costOf(condition.of);
  if (condition.type !== 'compare') return condition.of.reduce((cost, part) => cost + costOf(part), 0);
  if (condition.operator === 'matches') return 500;
  const { from } = condition.operand;
  return from === 'ratio' ? 60 : from === 'window' ? 20 : condition.operator === 'contains' ? 5 : 1;
}

function allOf<S>(tests: readonly Test<S>[]): Test<S> {
  return (subject) => {
    let result: Truth = TRUE;
    for (const test of tests) {
      const truth = test(subject);
      if (truth === FALSE) return FALSE;
      if (truth === UNKNOWN) result = UNKNOWN;
    }
    return result;
  };
}

function anyOf<S>(tests: readonly Test<S>[]): Test<S> {
  return (subject) => {
    let result: Truth = FALSE;
    for (const test of tests) {
      const truth = test(subject);
      if (truth === TRUE) return TRUE;
      if (truth === UNKNOWN) result = UNKNOWN;
    }
    return result;
  };
}

function compileComparison<S>(comparison: Comparison, read: Reader<S>): Test<S> {
  if (comparison.operator === 'exists') {
    const wanted = comparison.literal === true;
    return (subject) => truthOf((read(subject) !== undefined) === wanted);
  }
  const holds = predicateOf(comparison);
  return (subject) => {
    const value = read(subject);
    return value === undefined ? UNKNOWN : truthOf(holds(value));
  };
}

/** The comparison as a question about a known value. Types were checked with the rule. */
function predicateOf(comparison: Comparison): (value: Value) => boolean {
  const { operator, operand } = comparison;
  const fold = foldFor(operand);
  switch (operator) {
    case 'eq':
    case 'ne': {
      const literal = fold(one(comparison));
      return operator === 'eq' ? (value) => fold(value) === literal : (value) => fold(value) !== literal;
    }
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return orderOf(operator, Number(one(comparison)));
    case 'in':
    case 'not_in': {
      const literals = new Set(many(comparison).map(fold));
      return operator === 'in' ? (value) => literals.has(fold(value)) : (value) => !literals.has(fold(value));
    }
    case 'any_of': {
      const literals = new Set(many(comparison).map(fold));
      return (value) => Array.isArray(value) && value.some((item) => literals.has(fold(item)));
    }
    case 'contains':
      return containing(String(fold(one(comparison))), fold);
    case 'matches': {
      const pattern = readPattern(String(one(comparison)));
      return (value) => pattern.ok && pattern.test(String(value));
    }
    case 'exists':
      return () => true;
  }
}

function orderOf(operator: 'gt' | 'gte' | 'lt' | 'lte', limit: number): (value: Value) => boolean {
  switch (operator) {
    case 'gt':
      return (value) => (value as number) > limit; // number fields only, checked with the rule
    case 'gte':
      return (value) => (value as number) >= limit; // likewise
    case 'lt':
      return (value) => (value as number) < limit; // likewise
    case 'lte':
      return (value) => (value as number) <= limit; // likewise
  }
}

const containing =
  (wanted: string, fold: Fold) =>
  (value: Value): boolean =>
    Array.isArray(value)
      ? value.some((item) => fold(item) === wanted)
      : String(value).toLowerCase().includes(wanted.toLowerCase());

type Fold = (value: Value | Literal) => Value | Literal;

/** Companies write "Gold", "gold" and "GOLD"; only our own closed sets of words are compared as they are. */
function foldFor(operand: Operand): Fold {
  const type = operandType(operand);
  const field = operand.from === 'window' ? operand.window.field?.field : operand.field;
  const free = (type === 'string' || type === 'list') && field?.values === undefined;
  return free ? (value) => (typeof value === 'string' ? value.toLowerCase() : value) : (value) => value;
}

/** Which of the two a literal is follows from its operator, checked with the rule. */
const one = ({ literal }: Comparison): Literal => literal as Literal;
const many = ({ literal }: Comparison): readonly Literal[] => literal as readonly Literal[];
