import {
  EVENT_FIELDS,
  type Field,
  type FieldType,
  NOT_REMEMBERED,
  PROFILE_FIELDS,
} from '../../action-management/domain/language/fields.ts';
import { LIMITS } from '../../action-management/domain/language/limits.ts';
import { OPERATORS } from '../../action-management/domain/language/operators.ts';

/** A JSON Schema, or a part of one. */
export type JsonSchema = { readonly [key: string]: unknown };

const CONDITION = 'condition';
const WINDOW_CONDITION = 'windowCondition';

/** `when`, `if`, `mute_if`: fields of the signal, of the profile, and the rule's own windows. */
export const conditionRef: JsonSchema = { $ref: `#/definitions/${CONDITION}` };
/** A window's `where`: fields of the signals that it counts, without a prefix. */
export const windowConditionRef: JsonSchema = { $ref: `#/definitions/${WINDOW_CONDITION}` };

/**
 * What an editor needs to complete and check conditions, made of the same tables by which rules are checked: the
 * fields, their types, and the operators of each type.
 */
export function conditionDefinitions(): JsonSchema {
  const types = Object.fromEntries(TYPES.map((type) => [type, comparison(type)]));
  return {
    [CONDITION]: condition(conditionRef, {
      ...prefixed('event', EVENT_FIELDS),
      ...prefixed('profile', PROFILE_FIELDS),
      ratio: { description: 'Two windows divided: {of: now_1h, to: usual_1h, gte: 3}.', type: 'object' },
    }),
    [WINDOW_CONDITION]: condition(
      windowConditionRef,
      fields([...EVENT_FIELDS].filter(([name]) => !NOT_REMEMBERED.has(name))),
    ),
    ...types,
  };
}

const TYPES: readonly FieldType[] = ['number', 'string', 'boolean', 'list', 'instant'];

function condition(self: JsonSchema, properties: JsonSchema): JsonSchema {
  const several = { type: 'array', minItems: 1, items: self };
  const joining = {
    all: { ...several, description: 'Every one of these must hold.' },
    any: { ...several, description: 'At least one of these must hold.' },
    not: described('This must not hold. Unknown stays unknown.', self),
  };
  const known = Object.keys({ ...joining, ...properties }).filter((name) => /^[a-z][a-z0-9_]*$/.test(name));
  return {
    type: 'object',
    minProperties: 1,
    properties: { ...joining, ...properties },
    // Windows have names of the author's own; whether there is one of that name is told by lint.
    patternProperties: { [`^(?!(?:${known.join('|')})$)[a-z][a-z0-9_]*$`]: anyComparison },
    additionalProperties: false,
  };
}

const anyComparison: JsonSchema = {
  type: 'object',
  minProperties: 1,
  propertyNames: { enum: Object.keys(OPERATORS) },
};

const prefixed = (prefix: string, all: ReadonlyMap<string, Field>): JsonSchema =>
  fields([...all].map(([name, field]) => [`${prefix}.${name}`, field]));

const fields = (all: readonly (readonly [string, Field])[]): JsonSchema =>
  Object.fromEntries(all.map(([name, field]) => [name, fieldSchema(field)]));

/** Fields of a closed set of words, or of a range, have a schema of their own; the others share that of their type. */
function fieldSchema(field: Field): JsonSchema {
  const own = field.values !== undefined || field.range !== undefined;
  const schema = own ? comparison(field.type, field) : { $ref: `#/definitions/${field.type}` };
  const range = field.range === undefined ? '' : `, ${field.range[0]} to ${field.range[1]}`;
  return described(`${field.label} (${field.type === 'instant' ? 'date' : field.type}${range})`, schema);
}

function comparison(type: FieldType, field?: Field): JsonSchema {
  const fitting = Object.entries(OPERATORS).filter(([, { on }]) => on.some((allowed) => allowed === type));
  const properties = fitting.map(([name, { literal, words }]) => [
    name,
    { description: `${words[0]} …`, ...literals(literal, type, field) },
  ]);
  return {
    type: 'object',
    minProperties: 1,
    properties: Object.fromEntries(properties),
    additionalProperties: false,
  };
}

function literals(
  kind: (typeof OPERATORS)[keyof typeof OPERATORS]['literal'],
  type: FieldType,
  field?: Field,
): JsonSchema {
  switch (kind) {
    case 'flag':
      return { type: 'boolean' };
    case 'text':
      return type === 'list' ? scalar(type, field) : { type: 'string', maxLength: LIMITS.textCharacters };
    case 'same':
      return scalar(type, field);
    case 'list':
      return { type: 'array', minItems: 1, maxItems: LIMITS.listValues, items: scalar(type, field) };
  }
}

function scalar(type: FieldType, field?: Field): JsonSchema {
  const [minimum, maximum] = field?.range ?? [];
  return {
    type: type === 'list' || type === 'instant' ? 'string' : type,
    ...(field?.values === undefined ? {} : { enum: field.values }),
    ...(minimum === undefined ? {} : { minimum, maximum }),
  };
}

/** In this version of JSON Schema words beside a `$ref` are not read, so the reference goes one level down. */
export const described = (description: string, schema: JsonSchema): JsonSchema =>
  '$ref' in schema ? { description, allOf: [schema] } : { description, ...schema };
