import { didYouMean } from '../../../platform/config/yaml-file.ts';
import type { Captured, Comparison, Condition, Literal, Operand, Window } from './ast.ts';
import { type Check, type Path, shown } from './check.ts';
import { EVENT_FIELDS, type Field, NOT_REMEMBERED, PROFILE_FIELDS } from './fields.ts';
import { LIMITS } from './limits.ts';
import { isOperator, OPERATORS, type OperatorName } from './operators.ts';
import { readPattern } from './pattern.ts';

/** The names that one condition may use. */
export interface Scope {
  readonly find: (name: string) => Operand | undefined;
  readonly allowed: readonly string[];
  /** What to say of a name that is known elsewhere but not here. */
  readonly elsewhere: (name: string) => string | undefined;
  /** A window that was refused is no unknown name: its own problem has been reported already. */
  readonly refused?: (name: string) => boolean;
}

/** `when`, `if` and `mute_if`: the triggering signal, the profile and the rule's windows. */
export function ruleScope(windows: readonly Window[]): Scope {
  const allowed = [
    ...windows.map((window) => window.name),
    ...[...EVENT_FIELDS.keys()].map((name) => `event.${name}`),
    ...[...PROFILE_FIELDS.keys()].map((name) => `profile.${name}`),
  ];
  return { allowed, find: (name) => findOperand(name, windows), elsewhere: missingPrefix };
}

/** A rule with a sequence is judged later, by what is remembered of its signals. */
export function sequenceScope(windows: readonly Window[], steps: readonly string[]): Scope {
  const plain = ruleScope(windows);
  const isForgotten = (name: string) =>
    NOT_REMEMBERED.has(name.replace(/^event\./, '')) && name.startsWith('event.');
  return {
    allowed: [
      ...plain.allowed.filter((name) => !isForgotten(name)),
      ...steps.flatMap((step) => windowScope.allowed.map((name) => `${step}.${name}`)),
    ],
    find: (name) => captured(name, steps) ?? (isForgotten(name) ? undefined : plain.find(name)),
    elsewhere: (name) =>
      isForgotten(name)
        ? `"${name}" is not remembered until the sequence is complete; ask for sentiment, intents or category instead`
        : plain.elsewhere(name),
  };
}

/** `c.complaint_id`: a field of the signal that the step `c` took. */
export function captured(name: string, steps: readonly string[]): Captured | undefined {
  const [step = '', remembered = ''] = name.split(/\.(.*)/s);
  const field = NOT_REMEMBERED.has(remembered) ? undefined : EVENT_FIELDS.get(remembered);
  if (field === undefined || !steps.includes(step)) return undefined;
  return { from: 'captured', name, step, remembered, field };
}

/** A segment rule knows no single customer: only the triggering signal, its own windows, and no profile. */
export function segmentScope(windows: readonly Window[], key: readonly string[]): Scope {
  const plain = ruleScope(windows);
  return {
    allowed: [...plain.allowed.filter((name) => !name.startsWith('profile.')), ...key],
    find: (name) => plain.find(key.includes(name) ? `event.${name}` : name.replace(/^profile\..*/, '')),
    elsewhere: (name) =>
      name.startsWith('profile.')
        ? `"${name}" belongs to a customer; a segment rule is about many`
        : plain.elsewhere(name),
  };
}

function findOperand(name: string, windows: readonly Window[]): Operand | undefined {
  const window = windows.find((candidate) => candidate.name === name);
  if (window !== undefined) return { from: 'window', name, window };
  const [prefix, rest = ''] = name.split(/\.(.*)/s);
  const field = prefix === 'event' ? EVENT_FIELDS.get(rest) : undefined;
  if (field !== undefined) return { from: 'event', name: rest, field };
  const known = prefix === 'profile' ? PROFILE_FIELDS.get(rest) : undefined;
  return known === undefined ? undefined : { from: 'profile', name: rest, field: known };
}

function missingPrefix(name: string): string | undefined {
  const places = [
    ...(EVENT_FIELDS.has(name) ? [`event.${name}`] : []),
    ...(PROFILE_FIELDS.has(name) ? [`profile.${name}`] : []),
  ];
  return places.length === 0 ? undefined : `unknown field "${name}"; write ${places.join(' or ')}`;
}

/** A window's `where`: the fields of the signals it counts, without a prefix. */
export const windowScope: Scope = {
  allowed: [...EVENT_FIELDS.keys()].filter((name) => !NOT_REMEMBERED.has(name)),
  find: (name) => {
    const field = NOT_REMEMBERED.has(name) ? undefined : EVENT_FIELDS.get(name);
    return field === undefined ? undefined : { from: 'remembered', name, field };
  },
  elsewhere: (name) => {
    const bare = name.startsWith('event.') ? name.slice('event.'.length) : name;
    if (NOT_REMEMBERED.has(bare)) {
      return `"${bare}" is not remembered of past signals; filter on sentiment, intents or category instead`;
    }
    if (bare !== name && EVENT_FIELDS.has(bare)) {
      return `unknown field "${name}"; a window filters the signals it counts, so write ${bare}`;
    }
    return name.startsWith('profile.') ? `"${name}" is not a field of a signal; use it in when` : undefined;
  },
};

/** Reads a condition, or reports what is wrong with it and returns nothing. */
export function readCondition(value: unknown, path: Path, scope: Scope, check: Check): Condition | undefined {
  const budget = { comparisons: 0 };
  const condition = readNode(value, path, { scope, check, budget, depth: 0 });
  if (budget.comparisons > LIMITS.comparisons) {
    check.report(path, `${budget.comparisons} comparisons; at most ${LIMITS.comparisons} are allowed`);
  }
  return condition;
}

interface Reading {
  readonly scope: Scope;
  readonly check: Check;
  readonly budget: { comparisons: number };
  readonly depth: number;
}

function readNode(value: unknown, path: Path, reading: Reading): Condition | undefined {
  const { check } = reading;
  if (reading.depth > LIMITS.conditionDepth) {
    return check.report(path, `nested deeper than ${LIMITS.conditionDepth} levels`);
  }
  if (!isMapping(value) || Object.keys(value).length === 0) {
    return check.report(
      path,
      `got ${shown(value)}, expected a condition such as {profile.churn_risk: {gte: 0.7}}`,
    );
  }
  const inner = { ...reading, depth: reading.depth + 1 };
  const parts = Object.entries(value).map(([key, part]) => readEntry(key, part, [...path, key], inner));
  return joined('all', parts, path, check);
}

function readEntry(key: string, part: unknown, path: Path, reading: Reading): Condition | undefined {
  const { check } = reading;
  if (key === 'ratio') return readRatio(part, path, reading);
  if (key === 'not') {
    const of = readNode(part, path, reading);
    return of === undefined ? undefined : { type: 'not', of, at: check.place(path) };
  }
  if (key !== 'all' && key !== 'any') return readComparisons(key, part, path, reading);
  if (!Array.isArray(part) || part.length === 0) {
    return check.report(path, `${key}: got ${shown(part)}, expected a list of conditions`);
  }
  return joined(
    key,
    part.map((item, index) => readNode(item, [...path, index], reading)),
    path,
    check,
  );
}

/** One condition of several; with a single part it is that part, so that explanations stay short. */
function joined(
  type: 'all' | 'any',
  parts: readonly (Condition | undefined)[],
  path: Path,
  check: Check,
): Condition | undefined {
  const of = parts.filter((part) => part !== undefined);
  if (of.length < parts.length) return undefined;
  const [only] = of;
  return of.length === 1 && only !== undefined ? only : { type, of, at: check.place(path) };
}

function readComparisons(name: string, value: unknown, path: Path, reading: Reading): Condition | undefined {
  const { scope, check, budget } = reading;
  const operand = scope.find(name);
  if (operand === undefined) {
    if (scope.refused?.(name) === true) return undefined;
    const message =
      scope.elsewhere(name) ??
      `unknown field "${name}"${didYouMean(name, [...scope.allowed, 'all', 'any', 'not'])}`;
    return check.report(path, message, 'key');
  }
  if (!isMapping(value) || Object.keys(value).length === 0) {
    return check.report(
      path,
      `${name}: got ${shown(value)}, expected an operator such as {${suggested(operand)}}`,
    );
  }
  const parts = Object.entries(value).map(([operator, literal]) => {
    budget.comparisons += 1;
    return readComparison(operand, operator, literal, [...path, operator], check);
  });
  return joined('all', parts, path, check);
}

/** `ratio: {of: now_1h, to: usual_1h, gte: 3}` */
function readRatio(value: unknown, path: Path, reading: Reading): Condition | undefined {
  const { check, scope, budget } = reading;
  if (!isMapping(value)) {
    return check.report(path, `ratio: got ${shown(value)}, expected {of: now_1h, to: usual_1h, gte: 3}`);
  }
  const { of: above, to: below, ...comparisons } = value;
  const of = readRatioPart(above, [...path, 'of'], scope, check);
  const to = readRatioPart(below, [...path, 'to'], scope, check);
  if (of === undefined || to === undefined) return undefined;
  const field: Field = {
    type: 'number',
    label: `${of.name.replaceAll('_', ' ')} as a multiple of ${to.name.replaceAll('_', ' ')}`,
    read: () => undefined,
  };
  const operand: Operand = { from: 'ratio', name: `${of.name} / ${to.name}`, of, to, field };
  const entries = Object.entries(comparisons);
  if (entries.length === 0) return check.report(path, 'ratio: no operator; add one, such as gte: 3');
  const parts = entries.map(([operator, literal]) => {
    budget.comparisons += 1;
    return readComparison(operand, operator, literal, [...path, operator], check);
  });
  return joined('all', parts, path, check);
}

function readRatioPart(name: unknown, path: Path, scope: Scope, check: Check) {
  if (typeof name !== 'string')
    return check.report(path, `got ${shown(name)}, expected the name of a window`);
  const operand = scope.find(name);
  if (operand?.from === 'window' && operandType(operand) === 'number') return operand;
  if (scope.refused?.(name) === true) return undefined;
  const windows = scope.allowed.filter((word) => scope.find(word)?.from === 'window');
  return check.report(path, `got "${name}", expected a window that is a number${didYouMean(name, windows)}`);
}

function readComparison(
  operand: Operand,
  operator: string,
  literal: unknown,
  path: Path,
  check: Check,
): Comparison | undefined {
  const type = operandType(operand);
  const fitting = Object.entries(OPERATORS).filter(([, { on }]) => on.some((allowed) => allowed === type));
  const names = fitting.map(([name]) => name);
  if (!isOperator(operator)) {
    return check.report(path, `unknown operator "${operator}"${didYouMean(operator, names)}`, 'key');
  }
  if (!names.includes(operator)) {
    const what = `${operand.name} is a ${type === 'instant' ? 'date' : type}`;
    return check.report(
      path,
      `${what}; "${operator}" does not apply to it; allowed: ${names.join(', ')}`,
      'key',
    );
  }
  const read = readLiteral(operand, operator, literal, path, check);
  return read === undefined
    ? undefined
    : { type: 'compare', operand, operator, literal: read, at: check.place(path) };
}

/** The type of what an operand reads: a window yields a number, except `last`, which yields its field. */
export function operandType(operand: Operand): Field['type'] {
  if (operand.from !== 'window') return operand.field.type;
  const { fn, field } = operand.window;
  return fn === 'last' && field !== undefined ? field.field.type : 'number';
}

function readLiteral(
  operand: Operand,
  operator: OperatorName,
  literal: unknown,
  path: Path,
  check: Check,
): Literal | readonly Literal[] | undefined {
  switch (OPERATORS[operator].literal) {
    case 'flag':
      if (typeof literal === 'boolean') return literal;
      return check.report(path, `got ${shown(literal)}, expected true or false`);
    case 'text':
      return readText(operand, operator, literal, path, check);
    case 'same':
      return readScalar(operand, literal, path, check);
    case 'list':
      return readList(operand, literal, path, check);
  }
}

function readText(operand: Operand, operator: OperatorName, literal: unknown, path: Path, check: Check) {
  if (typeof literal !== 'string' || literal === '') {
    return check.report(path, `got ${shown(literal)}, expected a text`);
  }
  if (literal.length > LIMITS.textCharacters) {
    return check.report(path, `${literal.length} characters; at most ${LIMITS.textCharacters} are allowed`);
  }
  if (operator === 'matches') {
    const pattern = readPattern(literal);
    return pattern.ok ? literal : check.report(path, pattern.message);
  }
  return operandType(operand) === 'list' ? readScalar(operand, literal, path, check) : literal;
}

function readList(operand: Operand, literal: unknown, path: Path, check: Check) {
  if (!Array.isArray(literal) || literal.length === 0) {
    return check.report(path, `got ${shown(literal)}, expected a list such as [gold, platinum]`);
  }
  if (literal.length > LIMITS.listValues) {
    return check.report(path, `${literal.length} values; at most ${LIMITS.listValues} are allowed`);
  }
  const values = literal.map((value, index) => readScalar(operand, value, [...path, index], check));
  const good = values.filter((value) => value !== undefined);
  return good.length === values.length ? good : undefined;
}

function readScalar(operand: Operand, literal: unknown, path: Path, check: Check): Literal | undefined {
  const type = operandType(operand) === 'list' ? 'string' : operandType(operand);
  // A list literal or an object has another `typeof` than any field, so this also refuses those.
  if (typeof literal !== type) {
    return check.report(path, `${operand.name}: got ${shown(literal)}, expected a ${type}`);
  }
  const value = literal as Literal; // its `typeof` was just compared with number, string or boolean
  const field = fieldOf(operand);
  if (field?.values !== undefined && !field.values.includes(String(value))) {
    return check.report(
      path,
      `${operand.name}: unknown value "${value}"${didYouMean(String(value), field.values)}`,
    );
  }
  const [low, high] = field?.range ?? [];
  if (low !== undefined && high !== undefined && typeof value === 'number' && (value < low || value > high)) {
    return check.report(
      path,
      `${operand.name}: got ${value}, but it only ever lies between ${low} and ${high}`,
    );
  }
  return value;
}

/** The field whose values and range the literal must respect; sums, counts and slopes leave the range. */
function fieldOf(operand: Operand): Field | undefined {
  if (operand.from !== 'window') return operand.field;
  const keepsRange = ['avg', 'min', 'max', 'last'].includes(operand.window.fn);
  return keepsRange ? operand.window.field?.field : undefined;
}

const suggested = (operand: Operand): string =>
  ({
    number: 'gte: 1',
    string: 'eq: text',
    boolean: 'eq: true',
    list: 'any_of: [a, b]',
    instant: 'exists: true',
  })[operandType(operand)];

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
