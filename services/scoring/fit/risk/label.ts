import { didYouMean } from '../../../platform/config/did-you-mean.ts';
import { numberIn, plainWord, wordIn } from '../../domain/risk-model-values.ts';

/** Which rows have the outcome that the model is to foresee. */
export interface Label {
  readonly column: string;
  /** As it was asked for, for example `CSAT Score<=2`. */
  readonly expression: string;
  /** `undefined` when the cell says nothing: the row is left out. */
  of(cell: string): boolean | undefined;
}

export type LabelResult =
  | { readonly ok: true; readonly value: Label }
  | { readonly ok: false; readonly problem: string };

const OPERATORS = ['<=', '>=', '!=', '=', '<', '>'] as const;
type Operator = (typeof OPERATORS)[number];

/**
 * Reads `Churn=Yes`, `plan=gold|silver`, `state!=active` or `CSAT Score<=2`. The column may itself contain a sign:
 * the split that yields a column of the table counts. Words are compared without regard to case.
 */
export function parseLabel(expression: string, columns: readonly string[]): LabelResult {
  const splits = splitsOf(expression);
  if (splits.length === 0) {
    return { ok: false, problem: `got "${expression}", expected COLUMN=VALUE (or <, <=, >, >=, !=)` };
  }
  const found = splits.find(({ column }) => columns.includes(column));
  if (found === undefined) {
    const wanted = splits[0]?.column ?? '';
    return { ok: false, problem: `no column "${wanted}"${didYouMean(wanted, columns)}` };
  }
  const { column, operator, value } = found;
  const of = isWordOperator(operator) ? wordTest(operator, value) : numberTest(operator, Number(value));
  if (of === undefined)
    return { ok: false, problem: `"${value}" is not a number: "${operator}" compares numbers` };
  return { ok: true, value: { column, expression, of } };
}

interface Split {
  readonly column: string;
  readonly operator: Operator;
  readonly value: string;
}

function splitsOf(expression: string): readonly Split[] {
  const splits: Split[] = [];
  for (let at = 1; at < expression.length; at++) {
    const operator = OPERATORS.find((sign) => expression.startsWith(sign, at));
    if (operator === undefined) continue;
    const value = expression.slice(at + operator.length).trim();
    if (value !== '') splits.push({ column: expression.slice(0, at).trim(), operator, value });
    at += operator.length - 1;
  }
  return splits;
}

const isWordOperator = (operator: Operator): operator is '=' | '!=' => operator === '=' || operator === '!=';

function wordTest(operator: '=' | '!=', value: string): Label['of'] {
  const wanted = value.split('|').map((word) => plainWord(word));
  const numbers = value.split('|').map((word) => numberIn(word));
  return (cell) => {
    const word = wordIn(cell);
    if (word === undefined) return undefined;
    // `1` and `1.0` are the same answer.
    const number = numberIn(word);
    const fits = wanted.includes(plainWord(word)) || (number !== undefined && numbers.includes(number));
    return fits === (operator === '=');
  };
}

function numberTest(operator: '<' | '<=' | '>' | '>=', limit: number): Label['of'] | undefined {
  if (!Number.isFinite(limit)) return undefined;
  return (cell) => {
    const value = numberIn(cell);
    if (value === undefined) return undefined;
    if (operator === '<') return value < limit;
    if (operator === '<=') return value <= limit;
    return operator === '>' ? value > limit : value >= limit;
  };
}
