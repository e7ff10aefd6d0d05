import type { FieldType } from './fields.ts';

/** What the right-hand side of an operator is. */
export type LiteralKind = 'same' | 'list' | 'text' | 'flag';

export interface Operator {
  readonly on: readonly FieldType[];
  readonly literal: LiteralKind;
  /** As it stands in a sentence before the literal, when true and when its opposite is. */
  readonly words: readonly [string, string];
}

/** Every operator of the language, the types it takes and its words. The one table for checks and docs. */
export const OPERATORS = {
  eq: { on: ['number', 'string', 'boolean'], literal: 'same', words: ['is', 'not'] },
  ne: { on: ['number', 'string', 'boolean'], literal: 'same', words: ['not', 'is'] },
  gt: { on: ['number'], literal: 'same', words: ['above', 'at most'] },
  gte: { on: ['number'], literal: 'same', words: ['at least', 'below'] },
  lt: { on: ['number'], literal: 'same', words: ['below', 'at least'] },
  lte: { on: ['number'], literal: 'same', words: ['at most', 'above'] },
  in: { on: ['number', 'string'], literal: 'list', words: ['one of', 'none of'] },
  not_in: { on: ['number', 'string'], literal: 'list', words: ['none of', 'one of'] },
  any_of: { on: ['list'], literal: 'list', words: ['at least one of', 'none of'] },
  contains: { on: ['string', 'list'], literal: 'text', words: ['contains', 'does not contain'] },
  matches: { on: ['string'], literal: 'text', words: ['matches', 'does not match'] },
  exists: {
    on: ['number', 'string', 'boolean', 'list', 'instant'],
    literal: 'flag',
    words: ['known', 'not known'],
  },
} as const satisfies Readonly<Record<string, Operator>>;

export type OperatorName = keyof typeof OPERATORS;

export const isOperator = (name: string): name is OperatorName => Object.hasOwn(OPERATORS, name);
