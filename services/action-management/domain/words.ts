import { INTENTS, type Intent } from '../../contracts/assessment.ts';
import { INTENT_WORDS } from '../../contracts/intent-words.ts';
import type { SignalType } from '../../contracts/signal.ts';
import { DAY, HOUR } from '../../platform/time/clock.ts';
import type { CompiledRule } from './compile.ts';
import type { Facts } from './facts.ts';
import type { Comparison, Condition, Literal, Operand, Window } from './language/ast.ts';
import { durationWords } from './language/duration.ts';
import type { Field, Value } from './language/fields.ts';
import { OPERATORS, type OperatorName } from './language/operators.ts';
import { truthOf } from './truth.ts';

/** Longer lists of reasons are not read. */
const MAX_REASONS = 8;

/**
 * Why a condition holds, in words an agent can repeat to a colleague, one entry per comparison that made it
 * true: `complaints in the last 14 days: 2 (at least 2)`.
 */
export function becauseWords(condition: Condition, rule: CompiledRule, facts: Facts): string[] {
  const reasons: string[] = [];
  collect(condition, true, rule, facts, reasons);
  return [...new Set(reasons)].slice(0, MAX_REASONS);
}

/** Walks to the comparisons that decided. Under a `not` those are the ones that do not hold. */
function collect(
  condition: Condition,
  wanted: boolean,
  rule: CompiledRule,
  facts: Facts,
  reasons: string[],
): void {
  if (rule.test(condition)(facts) !== truthOf(wanted)) return;
  switch (condition.type) {
    case 'not':
      collect(condition.of, !wanted, rule, facts, reasons);
      return;
    case 'all':
    case 'any':
      for (const part of condition.of) collect(part, wanted, rule, facts, reasons);
      return;
    case 'compare':
      reasons.push(comparisonWords(condition, rule.reader(condition.operand)(facts), wanted));
  }
}

/** A comparison that was not found to be true, with what it wants: `customer tier: silver (is gold)`. */
export function missedWords(comparison: Comparison, value: Value | undefined): string {
  const { operand, operator, literal } = comparison;
  if (!SAID_BY_THE_VALUE.includes(operator)) return comparisonWords(comparison, value);
  const wanted =
    operator === 'exists'
      ? OPERATORS.exists.words[literal === true ? 0 : 1]
      : `${OPERATORS[operator].words[0]} ${literalWords(literal, operand)}`;
  return `${operandLabel(operand)}: ${valueWords(value, operand)} (${wanted})`;
}

/** Where these hold, the value itself says what was wanted. */
const SAID_BY_THE_VALUE: readonly OperatorName[] = ['eq', 'any_of', 'exists'];

/** `churn risk: 87 % (at least 70 %)`. `holds: false` words the opposite of the operator. */
export function comparisonWords(comparison: Comparison, value: Value | undefined, holds = true): string {
  const { operand, operator, literal } = comparison;
  const label = operandLabel(operand);
  if (operator === 'exists') return `${label}: ${valueWords(value, operand)}`;
  const wanted = `${OPERATORS[operator].words[holds ? 0 : 1]} ${literalWords(literal, operand)}`;
  if (operator === 'eq' && holds) return `${label}: ${valueWords(value, operand)}`;
  if (operator === 'matches' || (operator === 'contains' && typeof value === 'string'))
    return `${label} ${wanted}`;
  if (operator === 'any_of' && holds && Array.isArray(literal) && literal.length === 1)
    return `${label}: ${valueWords(value, operand)}`;
  return `${label}: ${valueWords(value, operand)} (${wanted})`;
}

/** What an operand is called in a sentence. Made once: every match says it. */
export function operandLabel(operand: Operand): string {
  const known = LABELS.get(operand);
  if (known !== undefined) return known;
  const label = labelOf(operand);
  LABELS.set(operand, label);
  return label;
}

const LABELS = new WeakMap<Operand, string>();

function labelOf(operand: Operand): string {
  if (operand.from === 'window') return windowLabel(operand.window);
  if (operand.from !== 'ratio') return operand.field.label;
  return `${windowLabel(operand.of.window)} against ${windowLabel(operand.to.window)}`;
}

function windowLabel(window: Window): string {
  const of = listWords(window.of.map((type) => SIGNAL_WORDS[type]));
  const filter = window.where === undefined ? '' : ` with ${filterWords(window.where)}`;
  const present = `${of}${filter} in the last ${durationWords(window.overMs)}`;
  const span =
    window.baseline === undefined ? present : `usual ${of}${filter} in ${durationWords(window.overMs)}`;
  const field = window.field?.field.label ?? '';
  switch (window.fn) {
    case 'count':
      return span;
    case 'sum':
      return `${field}, total over ${span}`;
    case 'avg':
      return `average ${field} of ${span}`;
    case 'min':
      return `lowest ${field} of ${span}`;
    case 'max':
      return `highest ${field} of ${span}`;
    case 'last':
      return `latest ${field} of ${span}`;
    case 'distinct':
      return `different ${several(field)} in ${span}`;
    case 'trend':
      return `change of ${field} per ${perWords(window.perMs)} over ${span}`;
  }
}

/** Good enough for the names of fields. */
const several = (word: string): string => (word.endsWith('y') ? `${word.slice(0, -1)}ies` : `${word}s`);

const perWords = (ms: number): string => (ms === HOUR ? 'hour' : ms === DAY ? 'day' : 'week');

/** Signal types as an agent calls them, several at a time. */
export const SIGNAL_WORDS: Readonly<Record<SignalType, string>> = {
  'complaint.received': 'complaints',
  'complaint.resolved': 'resolved complaints',
  'call_note.received': 'calls',
  'contact.logged': 'contacts from us',
  'post.published': 'public posts',
  'profile.updated': 'changes of the profile',
  'order.delayed': 'delayed orders',
  'payment.failed': 'failed payments',
  'usage.dropped': 'drops of usage',
  'contract.ending': 'notices that the contract ends',
  'price.raised': 'price rises',
  'outage.reported': 'outages',
  'survey.answered': 'survey answers',
  'purchase.made': 'purchases',
  'identity.joined': 'joined identities',
  'identity.separated': 'separated identities',
};

/** A window's filter, shortly: `sentiment below −0.3`. */
function filterWords(condition: Condition): string {
  if (condition.type === 'not') return `not ${filterWords(condition.of)}`;
  if (condition.type !== 'compare') {
    return condition.of.map(filterWords).join(condition.type === 'all' ? ' and ' : ' or ');
  }
  const { operand, operator, literal } = condition;
  const words = `${operandLabel(operand)} ${OPERATORS[operator].words[0]}`;
  return operator === 'exists' ? words : `${words} ${literalWords(literal, operand)}`;
}

const listWords = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

const literalWords = (literal: Literal | readonly Literal[], operand: Operand): string =>
  Array.isArray(literal)
    ? literal.map((item) => scalarWords(item, operand)).join(', ')
    : scalarWords(literal as Literal, operand); // not a list, as just seen

/** A value as people write it: `87 %`, `gold`, `yes`. */
export function valueWords(value: Value | undefined, operand: Operand): string {
  if (value === undefined) return 'not known';
  if (typeof value === 'object') {
    return value.length === 0 ? 'none' : value.map((item) => scalarWords(item, operand)).join(', ');
  }
  return scalarWords(value, operand);
}

function scalarWords(value: Literal, operand: Operand): string {
  if (typeof value === 'number') return numberWords(value, operand);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return isIntent(value) && 'field' in operand && operand.field.values === INTENTS
    ? INTENT_WORDS[value]
    : plainWords(value);
}

const isIntent = (word: string): word is Intent => INTENTS.some((known) => known === word);

/** `in_collections` → `in collections`: our own words for people. */
const plainWords = (word: string): string => word.replaceAll('_', ' ');

function numberWords(value: number, operand: Operand): string {
  if (operand.from === 'ratio') return minus(`${round(value, 1)} ×`);
  const field = operand.from === 'window' ? operand.window.field?.field : operand.field;
  const counts =
    operand.from === 'window' &&
    operand.window.baseline === undefined &&
    ['count', 'distinct'].includes(operand.window.fn);
  const slope = operand.from === 'window' && operand.window.fn === 'trend';
  return minus(counts ? String(value) : formatted(value, slope ? undefined : field?.show));
}

function formatted(value: number, show: Field['show']): string {
  if (show === 'percent') return `${round(value * 100, 0)} %`;
  if (show === 'change') return `${value > 0 ? '+' : ''}${round(value * 100, 0)} %`;
  return round(value, show === 'score' ? 2 : 3);
}

const round = (value: number, digits: number): string => String(Number(value.toFixed(digits)));
/** A typographic minus, which does not break and is not taken for a dash. */
const minus = (text: string): string => text.replace('-', '−');
