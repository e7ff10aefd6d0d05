import type { CompiledRule } from './compile.ts';
import type { Facts } from './facts.ts';
import type { Condition, Operand, Place } from './language/ast.ts';
import type { Value } from './language/fields.ts';
import { TRUTH_WORDS } from './truth.ts';
import { comparisonWords, missedWords } from './words.ts';

/** One condition as it was judged, with all its parts, in the order in which the author wrote them. */
export interface Explanation {
  readonly truth: (typeof TRUTH_WORDS)[number];
  /** `all of`, `any of`, `not`, or the comparison with its value in words. */
  readonly words: string;
  /** The name as the rule writes it, for comparisons. */
  readonly name?: string;
  /** Absent when unknown, and for `all`, `any` and `not`. */
  readonly value?: Value;
  readonly at: Place;
  readonly parts?: readonly Explanation[];
}

/** Judges every part of a condition without stopping early. For people, not for the hot path. */
export function explainCondition(condition: Condition, rule: CompiledRule, facts: Facts): Explanation {
  const truth = TRUTH_WORDS[rule.test(condition)(facts)];
  if (condition.type !== 'compare') {
    const parts = (condition.type === 'not' ? [condition.of] : condition.of).map((part) =>
      explainCondition(part, rule, facts),
    );
    return { truth, words: COMPOSITE[condition.type], at: condition.at, parts };
  }
  const { operand } = condition;
  const value = rule.reader(operand)(facts);
  return {
    truth,
    words: truth === 'true' ? comparisonWords(condition, value) : missedWords(condition, value),
    name: operandName(operand),
    ...(value === undefined ? {} : { value }),
    at: condition.at,
  };
}

/** The name of an operand as a rule writes it. */
export const operandName = (operand: Operand): string =>
  operand.from === 'event' || operand.from === 'profile' ? `${operand.from}.${operand.name}` : operand.name;

const COMPOSITE = { all: 'all of', any: 'any of', not: 'not' } as const;
