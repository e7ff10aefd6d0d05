import { z } from 'zod';
import { SOURCES } from '../../contracts/sources.ts';
import { type Locate, type Parsed, parseYamlFile } from '../../platform/config/yaml-file.ts';
import { IGNORE_REASONS } from '../domain/ignore.ts';

/**
 * A mapping: how the rows of a company's file become records of a source. The guide with examples is
 * `schemas/mappings/README.md`.
 */

const scalar = z.union([z.string(), z.number(), z.boolean()]);
export type Scalar = z.output<typeof scalar>;

const conditionShape = {
  column: z.string().min(1),
  is: z.union([scalar, z.array(scalar).min(1)]).optional(),
  is_not: z.union([scalar, z.array(scalar).min(1)]).optional(),
  empty: z.boolean().optional(),
  starts_with: z.string().min(1).optional(),
};
const condition = z.strictObject(conditionShape);
export type Condition = z.output<typeof condition>;

const ignoreRule = z.strictObject({
  ...conditionShape,
  because: z.enum(IGNORE_REASONS).default('not_relevant'),
});

const dateStep = z.union([
  z.string().min(1),
  z.strictObject({
    formats: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
    zone: z.string().min(1).optional(),
  }),
]);

const numberStep = z.strictObject({
  decimal: z.enum(['.', ',']).optional(),
  thousands: z.enum([',', '.', ' ', "'"]).optional(),
  times: z.number().optional(),
  plus: z.number().optional(),
  round: z.boolean().optional(),
});

/** Where the value comes from; exactly one of these stands in an expression. */
export const ORIGINS = ['column', 'const', 'join', 'first_of', 'hash', 'now'] as const;

interface ExpressionObject {
  column?: string | undefined;
  const?: Scalar | Scalar[] | undefined;
  join?: Expression[] | undefined;
  with?: string | undefined;
  first_of?: Expression[] | undefined;
  hash?: 'row' | string[] | undefined;
  now?: true | undefined;
  when?: Condition | undefined;
  default?: Scalar | undefined;
  map?: Record<string, Scalar> | undefined;
  otherwise?: 'keep' | 'drop' | 'reject' | undefined;
  prefix?: string | undefined;
  suffix?: string | undefined;
  split?: string | undefined;
  date?: z.output<typeof dateStep> | undefined;
  number?: z.output<typeof numberStep> | undefined;
}

/** A column's name, a list of expressions, or an object of an origin and the steps after it. */
export type Expression = string | Expression[] | ExpressionObject;

const expression: z.ZodType<Expression> = z.lazy(() =>
  z.union([z.string().min(1), z.array(expression).min(1), expressionObject]),
);
const expressionObject: z.ZodType<ExpressionObject> = z.strictObject({
  column: z.string().min(1).optional(),
  const: z.union([scalar, z.array(scalar)]).optional(),
  join: z.lazy(() => z.array(expression).min(1)).optional(),
  with: z.string().optional(),
  first_of: z.lazy(() => z.array(expression).min(1)).optional(),
  hash: z.union([z.literal('row'), z.array(z.string().min(1)).min(1)]).optional(),
  now: z.literal(true).optional(),
  when: condition.optional(),
  default: scalar.optional(),
  map: z.record(z.string(), scalar).optional(),
  otherwise: z.enum(['keep', 'drop', 'reject']).optional(),
  prefix: z.string().optional(),
  suffix: z.string().optional(),
  split: z.string().min(1).optional(),
  date: dateStep.optional(),
  number: numberStep.optional(),
});

/** `rest`: every column that the mapping does not name elsewhere. */
const extra = z.union([
  z.literal('rest'),
  z.strictObject({ rest: z.literal(true), except: z.array(z.string().min(1)).min(1) }),
  z.array(z.string().min(1)).min(1),
  z.record(z.string(), expression),
]);
export type Extra = z.output<typeof extra>;

const mappingFile = z.strictObject({
  description: z.string().optional(),
  source: z.enum(SOURCES),
  csv: z.strictObject({ delimiter: z.enum([',', ';', '\t', '|']) }).optional(),
  ignore_when: z.array(ignoreRule).default([]),
  record: z.record(z.string(), z.unknown()),
});

export interface Mapping extends Omit<z.output<typeof mappingFile>, 'record'> {
  readonly file: string;
  /** Target field as written → expression. */
  readonly record: Readonly<Record<string, Expression>>;
  readonly attributes: Readonly<Record<string, Expression>>;
  readonly extra?: Extra;
  readonly at: Locate;
}

/**
 * Reads a mapping file's text; every problem has its line and column. Names of target fields and columns are
 * checked when the mapping meets a file, see `compileMapping`.
 */
export function parseMapping(file: string, text: string): Parsed<Mapping> {
  const outer = parseYamlFile(file, text, mappingFile);
  if (!outer.ok) return outer;
  // The second reading knows which keys of `record` are expressions, so that each message names its place.
  const keys = Object.keys(outer.value.record);
  const fields = keys.filter((key) => key !== 'attributes');
  const shape = mappingFile.extend({
    record: z.strictObject({
      ...Object.fromEntries(fields.map((key) => [key, expression])),
      ...(keys.includes('attributes')
        ? { attributes: z.object({ extra: extra.optional() }).catchall(expression) }
        : {}),
    }),
  });
  const inner = parseYamlFile(file, text, shape);
  if (!inner.ok) return inner;
  // `inner` was read with an expression for each of these keys; zod's type forgets which.
  const { attributes = {}, ...record } = inner.value.record as { attributes?: Record<string, unknown> };
  const { extra: rest, ...named } = attributes;
  const value: Mapping = {
    ...outer.value,
    file,
    record: record as Record<string, Expression>,
    attributes: named as Record<string, Expression>,
    ...(rest === undefined ? {} : { extra: rest as Extra }),
    at: outer.at,
  };
  return { ok: true, value, at: outer.at };
}
