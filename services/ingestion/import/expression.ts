import { createHash } from 'node:crypto';
import { didYouMean } from '../../platform/config/did-you-mean.ts';
import { Fault, type Field, isTimezone, show } from '../domain/field.ts';
import { compileDate, type ReadDate } from './date-format.ts';
import { type Condition, type Expression, ORIGINS, type Scalar } from './mapping-file.ts';

/** A row as the reader gives it: cells of a CSV line, or a JSON value. */
export type Row = unknown;
/** Computes a value from a row: undefined when the row says nothing, a `Fault` when what it says is not usable. */
export type Compute = (row: Row) => unknown;

/** What compiling needs to know of the file, and where it reports. */
export interface Scope {
  /** Undefined when the file has no fixed columns (JSON). */
  readonly columns: readonly string[] | undefined;
  readonly fileName: string;
  /** The instant of the import, epoch ms: what `now` yields. */
  readonly importedAt: number;
  /** Columns that the mapping has named so far. */
  readonly used: Set<string>;
  report(path: readonly PropertyKey[], message: string, where?: 'key' | 'value'): void;
}

type Path = readonly PropertyKey[];

/** Compiles an expression for a field; problems go to `scope.report`. */
export function compileExpression(expression: Expression, field: Field, path: Path, scope: Scope): Compute {
  if (typeof expression === 'string') return converted(compileColumn(expression, path, scope), field);
  if (Array.isArray(expression)) {
    if (field.kind !== 'list')
      scope.report(path, 'a list of expressions is only for fields that hold lists; use join or first_of');
    return listOf(expression.map((each, index) => compileText(each, [...path, index], scope)));
  }
  if (expression.const !== undefined) return compileConst(expression.const, field, path, scope);
  return converted(compileSteps(expression, path, scope), field);
}

/** The value before it is turned into what the field holds. */
function compileText(expression: Expression, path: Path, scope: Scope): Compute {
  if (typeof expression === 'string') return compileColumn(expression, path, scope);
  if (Array.isArray(expression)) {
    return listOf(expression.map((each, index) => compileText(each, [...path, index], scope)));
  }
  return compileSteps(expression, path, scope);
}

type Steps = Exclude<Expression, string | Expression[]>;

function compileSteps(expression: Steps, path: Path, scope: Scope): Compute {
  const origins = ORIGINS.filter((origin) => expression[origin] !== undefined);
  if (origins.length !== 1) {
    const found = origins.length === 0 ? 'none' : origins.join(' and ');
    scope.report(path, `got ${found} of ${ORIGINS.join(', ')}; expected exactly one`);
  }
  let compute = compileOrigin(expression, path, scope);
  compute = withDefault(compute, expression.default);
  if (expression.map !== undefined)
    compute = mapped(compute, expression.map, expression.otherwise ?? 'reject');
  else if (expression.otherwise !== undefined)
    scope.report([...path, 'otherwise'], 'otherwise is only for map');
  if (expression.prefix !== undefined || expression.suffix !== undefined) {
    compute = framed(compute, expression.prefix ?? '', expression.suffix ?? '');
  }
  if (expression.split !== undefined) compute = splitAt(compute, expression.split);
  if (expression.date !== undefined) compute = dated(compute, compileDates(expression.date, path, scope));
  if (expression.number !== undefined) compute = numbered(compute, expression.number);
  return expression.when === undefined
    ? compute
    : guarded(compute, compileCondition(expression.when, [...path, 'when'], scope));
}

function compileOrigin(expression: Steps, path: Path, scope: Scope): Compute {
  const parts = (list: readonly Expression[], key: string) =>
    list.map((each, index) => compileText(each, [...path, key, index], scope));
  if (expression.column !== undefined) return compileColumn(expression.column, [...path, 'column'], scope);
  if (expression.join !== undefined) return joined(parts(expression.join, 'join'), expression.with ?? ' ');
  if (expression.first_of !== undefined) return firstOf(parts(expression.first_of, 'first_of'));
  if (expression.hash !== undefined) return compileHash(expression.hash, path, scope);
  if (expression.now === true) return () => scope.importedAt;
  const fixed = expression.const;
  return () => fixed;
}

/** A fixed value is checked once, with the mapping, not again with every row. */
function compileConst(value: Scalar | Scalar[], field: Field, path: Path, scope: Scope): Compute {
  const read = field.kind === 'attributes' ? value : field.read(value, scope.importedAt);
  if (read instanceof Fault) {
    scope.report([...path, 'const'], `const: found ${read.found}, expected ${read.expected}`);
  }
  return () => value;
}

/** Reads a column: text is trimmed, and blank text is no value. */
export function compileColumn(column: string, path: Path, scope: Scope): Compute {
  const get = columnReader(column, path, scope);
  return (row) => {
    const value = get(row);
    if (typeof value === 'string') {
      const trimmed = value.trim();
      return trimmed === '' ? undefined : trimmed;
    }
    return value === null ? undefined : value;
  };
}

function columnReader(column: string, path: Path, scope: Scope): Compute {
  scope.used.add(column);
  if (scope.columns === undefined) return (row) => valueAt(row, column);
  const index = scope.columns.indexOf(column);
  if (index < 0) {
    const hint = didYouMean(column, scope.columns);
    scope.report(
      path,
      `column "${column}" is not in ${scope.fileName}${hint}${columnsIfHinted(hint, scope.columns)}`,
    );
  }
  // A reader of CSV gives arrays of cells only.
  return (row) => (row as readonly string[])[index];
}

const columnsIfHinted = (hint: string, columns: readonly string[]): string =>
  hint.includes('did you mean') ? ` The file has: ${columns.join(', ')}` : '';

/** A key of a JSON row, or a way down with dots when there is no such key. */
export function valueAt(row: unknown, column: string): unknown {
  if (typeof row !== 'object' || row === null) return undefined;
  if (Object.hasOwn(row, column)) return row[column as keyof typeof row];
  const dot = column.indexOf('.');
  return dot < 0 ? undefined : valueAt(valueAt(row, column.slice(0, dot)), column.slice(dot + 1));
}

/** Whether a row meets a condition. Conditions under one key must all hold. */
export function compileCondition(condition: Condition, path: Path, scope: Scope): (row: Row) => boolean {
  const value = compileColumn(condition.column, [...path, 'column'], scope);
  const tests: ((found: unknown) => boolean)[] = [];
  const wanted = (given: Scalar | Scalar[]) => new Set((Array.isArray(given) ? given : [given]).map(String));
  if (condition.is !== undefined) {
    const set = wanted(condition.is);
    tests.push((found) => found !== undefined && set.has(String(found)));
  }
  if (condition.is_not !== undefined) {
    const set = wanted(condition.is_not);
    tests.push((found) => found !== undefined && !set.has(String(found)));
  }
  if (condition.empty !== undefined) tests.push((found) => (found === undefined) === condition.empty);
  const { starts_with: start } = condition;
  if (start !== undefined) tests.push((found) => found !== undefined && String(found).startsWith(start));
  if (tests.length === 0) scope.report(path, 'a condition needs one of is, is_not, empty, starts_with');
  return (row) => {
    const found = value(row);
    return tests.every((test) => test(found));
  };
}

/** 128 bits of SHA-256: the same cells always give the same text, and different ones never meet. */
function compileHash(hash: 'row' | readonly string[], path: Path, scope: Scope): Compute {
  if (hash === 'row') return (row) => digest(row);
  const parts = hash.map((column, index) => compileColumn(column, [...path, 'hash', index], scope));
  return (row) => digest(parts.map((part) => part(row) ?? null));
}

export const digest = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(value) ?? 'null')
    .digest('hex')
    .slice(0, 32);

const listOf =
  (parts: readonly Compute[]): Compute =>
  (row) => {
    const values: unknown[] = [];
    for (const part of parts) {
      const value = part(row);
      if (value instanceof Fault) return value;
      if (value !== undefined) values.push(typeof value === 'number' ? String(value) : value);
    }
    return values.length === 0 ? undefined : values;
  };

const joined =
  (parts: readonly Compute[], between: string): Compute =>
  (row) => {
    const values = parts.map((part) => part(row)).filter((value) => value !== undefined);
    return (
      values.find((value) => value instanceof Fault) ??
      (values.length === 0 ? undefined : values.map(String).join(between))
    );
  };

const firstOf =
  (parts: readonly Compute[]): Compute =>
  (row) => {
    for (const part of parts) {
      const value = part(row);
      if (value !== undefined) return value;
    }
    return undefined;
  };

const withDefault = (compute: Compute, fallback: Scalar | undefined): Compute =>
  fallback === undefined ? compute : (row) => compute(row) ?? fallback;

/** Applies `step` to a value that is there and usable. */
const then =
  (compute: Compute, step: (value: unknown) => unknown): Compute =>
  (row) => {
    const value = compute(row);
    return value === undefined || value instanceof Fault ? value : step(value);
  };

function mapped(
  compute: Compute,
  map: Readonly<Record<string, Scalar>>,
  otherwise: 'keep' | 'drop' | 'reject',
) {
  const table = new Map(Object.entries(map));
  const expected = `one of the mapped values ${[...table.keys()].join(', ')}`;
  return then(compute, (value) => {
    const found = table.get(String(value));
    if (found !== undefined) return found;
    if (otherwise === 'reject') return new Fault('not_allowed', show(value), expected);
    return otherwise === 'keep' ? value : undefined;
  });
}

const framed = (compute: Compute, prefix: string, suffix: string): Compute =>
  then(compute, (value) => `${prefix}${String(value)}${suffix}`);

const splitAt = (compute: Compute, separator: string): Compute =>
  then(compute, (value) =>
    String(value)
      .split(separator)
      .map((each) => each.trim())
      .filter((each) => each !== ''),
  );

function compileDates(date: NonNullable<Steps['date']>, path: Path, scope: Scope) {
  const formats = typeof date === 'string' ? [date] : [date.formats].flat();
  const zone = typeof date === 'string' ? undefined : date.zone;
  if (zone !== undefined && !isTimezone(zone)) {
    scope.report(
      [...path, 'date', 'zone'],
      `zone: got "${zone}", expected an IANA time zone such as Europe/Berlin`,
    );
    return { readers: [], expected: '' };
  }
  const readers: ReadDate[] = [];
  for (const format of formats) {
    const compiled = compileDate(format, zone);
    if (compiled.ok) readers.push(compiled.read);
    else scope.report([...path, 'date'], compiled.message);
  }
  return { readers, expected: `a date written as ${formats.map((each) => `"${each}"`).join(' or ')}` };
}

const dated = (
  compute: Compute,
  { readers, expected }: { readers: readonly ReadDate[]; expected: string },
): Compute =>
  then(compute, (value) => {
    for (const read of readers) {
      const at = read(String(value));
      if (at !== undefined) return at;
    }
    return new Fault('malformed', show(value), expected);
  });

function numbered(compute: Compute, options: NonNullable<Steps['number']>): Compute {
  const { decimal = '.', thousands, times = 1, plus = 0, round = false } = options;
  return then(compute, (value) => {
    const plain = thousands === undefined ? String(value) : String(value).replaceAll(thousands, '');
    const parsed = parseNumber(decimal === ',' ? plain.replace(',', '.') : plain);
    if (parsed === undefined) return new Fault('malformed', show(value), `a number such as 12${decimal}5`);
    const result = parsed * times + plus;
    // Six digits are enough for money and ratios, and hide that 0.1 × 3 is not 0.3.
    return round ? Math.round(result) : Number(result.toFixed(6));
  });
}

const PLAIN_NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?$/i;

export const parseNumber = (text: string): number | undefined =>
  PLAIN_NUMBER.test(text) ? Number(text) : undefined;

const guarded =
  (compute: Compute, holds: (row: Row) => boolean): Compute =>
  (row) =>
    holds(row) ? compute(row) : undefined;

const TRUE = new Set(['true', 'yes', 'y', 't', '1']);
const FALSE = new Set(['false', 'no', 'n', 'f', '0']);

/** Turns a cell's text into what the field holds; the record parser checks the result. */
function converted(compute: Compute, field: Field): Compute {
  return then(compute, (value) => convert(value, field));
}

function convert(value: unknown, field: Field): unknown {
  switch (field.kind) {
    case 'number':
      return typeof value === 'string'
        ? (parseNumber(value) ?? new Fault('malformed', show(value), field.expected))
        : value;
    case 'boolean':
      return typeof value === 'string' || typeof value === 'number' ? truthOf(value, field) : value;
    case 'instant':
      return typeof value === 'string' && /^\d{12,14}$/.test(value) ? Number(value) : value;
    case 'words':
    case 'id':
      return oneLine(value);
    case 'list':
      return Array.isArray(value) ? value.map(oneLine) : oneLine(value);
    default:
      return value;
  }
}

function truthOf(value: string | number, field: Field): unknown {
  const word = String(value).toLowerCase();
  if (TRUE.has(word)) return true;
  return FALSE.has(word)
    ? false
    : new Fault('wrong_type', show(value), `${field.expected} (yes, no, 1 and 0 will do)`);
}

/** Names and ids stand on one line; a line break inside a cell is a space there. */
const oneLine = (value: unknown): unknown =>
  typeof value === 'string' ? value.replace(/\s+/g, ' ') : typeof value === 'number' ? String(value) : value;

/** A further column as it looks: number, truth, or text. A leading zero makes a code, not a number. */
export function guessScalar(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (/^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  if (/^[+-]?0\d/.test(value) || value.length > 15) return oneLine(value);
  return parseNumber(value) ?? oneLine(value);
}
