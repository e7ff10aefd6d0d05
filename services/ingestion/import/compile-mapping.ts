import type { Source } from '../../contracts/sources.ts';
import { didYouMean } from '../../platform/config/did-you-mean.ts';
import type { Problem } from '../../platform/config/yaml-file.ts';
import { Fault, type Field } from '../domain/field.ts';
import type { IgnoreReason } from '../domain/ignore.ts';
import type { RecordProblem } from '../domain/parse-record.ts';
import { ATTRIBUTE_FIELDS, type FieldTable, RECORD_FIELDS, snakeCase } from '../domain/record-fields.ts';
import {
  type Compute,
  compileColumn,
  compileCondition,
  compileExpression,
  digest,
  guessScalar,
  type Row,
  type Scope,
} from './expression.ts';
import type { Mapping } from './mapping-file.ts';

/** What a mapping makes of a row. */
export type MappedRow =
  | { readonly status: 'record'; readonly value: unknown }
  | { readonly status: 'ignored'; readonly reason: IgnoreReason }
  | { readonly status: 'rejected'; readonly problems: readonly RecordProblem[] };

export type MapRow = (row: Row) => MappedRow;

export type CompiledMapping =
  | { readonly ok: true; readonly mapRow: MapRow }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** The file that a mapping is to read. */
export interface MappedFile {
  readonly name: string;
  /** Undefined for JSON, whose rows have no fixed columns. */
  readonly columns: readonly string[] | undefined;
  /** Epoch ms; what `now` yields. */
  readonly importedAt: number;
}

/**
 * Checks a mapping against a file's columns and the source's fields, and compiles it into one function.
 * Every unknown column, unknown field and impossible step is a problem with its place in the mapping file.
 *
 * A mapping without `id` gets the hash of the row: the same row is the same record, wherever it stands.
 */
export function compileMapping(mapping: Mapping, file: MappedFile): CompiledMapping {
  const problems: Problem[] = [];
  const scope: Scope = {
    columns: file.columns,
    fileName: file.name,
    importedAt: file.importedAt,
    used: new Set(),
    report: (path, message, where) => void problems.push(mapping.at(path, message, where)),
  };
  const ignores = mapping.ignore_when.map((rule, index) => ({
    holds: compileCondition(rule, ['ignore_when', index], scope),
    reason: rule.because,
  }));
  const fields = compileFields(mapping.record, RECORD_FIELDS[mapping.source], ['record'], scope);
  if (!('id' in mapping.record)) fields.push({ name: 'id', compute: digest });
  const attributes = compileAttributes(mapping, scope);
  if (attributes.length > 0 && !Object.hasOwn(RECORD_FIELDS[mapping.source], 'attributes')) {
    scope.report(['record', 'attributes'], `only crm-records have attributes, not ${mapping.source}`, 'key');
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, mapRow: rowMapper(ignores, fields, attributes) };
}

interface Target {
  readonly name: string;
  readonly compute: Compute;
}

function compileFields(
  expressions: Mapping['record'],
  table: FieldTable,
  path: readonly PropertyKey[],
  scope: Scope,
): Target[] {
  const names = new Map(
    Object.keys(table).flatMap((name) => [
      [name, name],
      [snakeCase(name), name],
    ]),
  );
  return Object.entries(expressions).flatMap(([key, expression]) => {
    const name = names.get(key);
    const field = name === undefined ? undefined : table[name];
    if (name === undefined || field === undefined) {
      const allowed = Object.keys(table).map(snakeCase);
      scope.report([...path, key], `unknown field "${key}"${didYouMean(key, allowed)}`, 'key');
      return [];
    }
    return [{ name, compute: compileExpression(expression, field, [...path, key], scope) }];
  });
}

function compileAttributes(mapping: Mapping, scope: Scope): Target[] {
  const path = ['record', 'attributes'];
  const named = compileFields(mapping.attributes, ATTRIBUTE_FIELDS, path, scope);
  if (mapping.extra === undefined) return named;
  return [...named, { name: 'extra', compute: compileExtra(mapping.extra, [...path, 'extra'], scope) }];
}

function compileExtra(
  extra: NonNullable<Mapping['extra']>,
  path: readonly PropertyKey[],
  scope: Scope,
): Compute {
  if (extra === 'rest') return restOf(new Set(), scope);
  if (Array.isArray(extra)) {
    return extraOf(
      extra.map((column, index) => ({
        name: column,
        compute: compileColumn(column, [...path, index], scope),
      })),
    );
  }
  if ('rest' in extra && extra.rest === true && Array.isArray(extra.except)) {
    // zod has told the two objects apart; TypeScript cannot, since a record may have a key `except`.
    const except = extra.except as string[];
    for (const [index, column] of except.entries()) compileColumn(column, [...path, 'except', index], scope);
    return restOf(new Set(except), scope);
  }
  return extraOf(
    Object.entries(extra).map(([name, expression]) => ({
      name,
      compute: compileExpression(expression, ANYTHING, [...path, name], scope),
    })),
  );
}

const ANYTHING: Field = {
  kind: 'extra',
  expected: 'text, a number, true or false',
  schema: {},
  read: (value) => value,
};

/** Every column that is named nowhere in the mapping. Compiled last, when all the others are known. */
function restOf(except: ReadonlySet<string>, scope: Scope): Compute {
  const left = (columns: readonly string[]) =>
    columns.filter((column) => !scope.used.has(column) && !except.has(column) && column !== '');
  if (scope.columns === undefined) {
    return (row) => {
      const columns = typeof row === 'object' && row !== null ? Object.keys(row) : [];
      return extraOf(left(columns).map((name) => ({ name, compute: compileColumn(name, [], scope) })))(row);
    };
  }
  const { columns } = scope;
  const rest = left(columns).map((name) => ({ name, index: columns.indexOf(name) }));
  return extraOf(
    // A reader of CSV gives arrays of cells only.
    rest.map(({ name, index }) => ({
      name,
      compute: (row) => (row as readonly string[])[index]?.trim() || undefined,
    })),
  );
}

const extraOf =
  (targets: readonly Target[]): Compute =>
  (row) => {
    const found: Record<string, unknown> = {};
    for (const { name, compute } of targets) {
      const value = compute(row);
      if (value instanceof Fault) return new Fault(value.reason, value.found, value.expected, name);
      if (value !== undefined) found[name] = guessScalar(value);
    }
    return found;
  };

function rowMapper(
  ignores: readonly { readonly holds: (row: Row) => boolean; readonly reason: IgnoreReason }[],
  fields: readonly Target[],
  attributes: readonly Target[],
): MapRow {
  return (row) => {
    for (const { holds, reason } of ignores) if (holds(row)) return { status: 'ignored', reason };
    const problems: RecordProblem[] = [];
    const value = assemble(fields, row, '', problems);
    if (attributes.length > 0) value.attributes = assemble(attributes, row, 'attributes.', problems);
    return problems.length > 0 ? { status: 'rejected', problems } : { status: 'record', value };
  };
}

function assemble(targets: readonly Target[], row: Row, prefix: string, problems: RecordProblem[]) {
  const value: Record<string, unknown> = {};
  for (const { name, compute } of targets) {
    const found = compute(row);
    if (found instanceof Fault) {
      const field = `${prefix}${name}${found.at === '' ? '' : `.${found.at}`}`;
      problems.push({ field, reason: found.reason, found: found.found, expected: found.expected });
    } else if (found !== undefined) {
      value[name] = found;
    }
  }
  return value;
}

/**
 * The mapping of a CSV file whose columns already have our names (camelCase or snake_case, attributes with or
 * without `attributes.`), or the problem with its columns.
 */
export function mapByName(source: Source, file: MappedFile): CompiledMapping {
  const record: Record<string, string> = {};
  const attributes: Record<string, string> = {};
  const problems: Problem[] = [];
  const tables = [RECORD_FIELDS[source], source === 'crm-records' ? ATTRIBUTE_FIELDS : {}] as const;
  const known = new Map<string, 'record' | 'attributes'>();
  for (const name of Object.keys(tables[1])) {
    for (const each of [name, snakeCase(name)])
      known.set(each, 'attributes').set(`attributes.${each}`, 'attributes');
  }
  for (const name of Object.keys(tables[0])) known.set(name, 'record').set(snakeCase(name), 'record');
  for (const [index, column] of (file.columns ?? []).entries()) {
    const place = known.get(column);
    const name = column.replace(/^attributes\./, '');
    if (place === 'record') record[column] = column;
    else if (place === 'attributes') attributes[name] = column;
    else {
      const hint = didYouMean(column, Object.keys(tables[0]).map(snakeCase));
      const message = `column ${index + 1} "${column}" is not a field of ${source}${hint} Give a mapping with --map, or rename the column.`;
      problems.push({ file: file.name, line: 1, column: 1, message });
    }
  }
  if (problems.length > 0) return { ok: false, problems };
  const at: Mapping['at'] = (_, message) => ({ file: file.name, line: 1, column: 1, message });
  return compileMapping({ file: file.name, source, ignore_when: [], record, attributes, at }, file);
}
