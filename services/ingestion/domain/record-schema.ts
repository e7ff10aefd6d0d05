import type { Source } from '../../contracts/sources.ts';
import type { Field, JsonSchema } from './field.ts';
import { IDENTITY_FIELDS } from './parse-record.ts';
import {
  ATTRIBUTE_FIELDS,
  type FieldTable,
  RECORD_FIELDS,
  REQUIRED_FIELDS,
  snakeCase,
} from './record-fields.ts';

/**
 * What a record of a source may look like, as JSON Schema, made from the table that the parser reads. Each field has
 * both spellings. An id may be left out, as an Idempotency-Key can stand in for it. Where somebody is named by a handle,
 * the schema leaves it to the parser whether its network is known.
 */
export const recordSchema = (source: Source): JsonSchema => ({
  type: 'object',
  properties: propertiesOf(RECORD_FIELDS[source]),
  additionalProperties: false,
  allOf: [
    ...REQUIRED_FIELDS[source].filter((field) => field !== 'id').map((field) => given([field])),
    given(IDENTITY_FIELDS),
  ],
});

const propertiesOf = (table: FieldTable): JsonSchema =>
  Object.fromEntries(
    Object.entries(table).flatMap(([name, field]) =>
      [...new Set([name, snakeCase(name)])].map((spelling) => [spelling, schemaOf(field)]),
    ),
  );

/** Null is taken as "the source did not say". */
const schemaOf = (field: Field): JsonSchema => {
  const { type, enum: allowed, ...rest } = field.schema;
  const types = [type].flat();
  return {
    description: field.expected,
    type: [...types, 'null'],
    ...(Array.isArray(allowed) ? { enum: [...allowed, null] } : {}),
    ...rest,
    ...(field.kind === 'attributes'
      ? { properties: propertiesOf(ATTRIBUTE_FIELDS), additionalProperties: false }
      : {}),
  };
};

/** At least one of the fields is there, in either spelling. */
const given = (names: readonly string[]): JsonSchema => ({
  anyOf: [...new Set(names.flatMap((name) => [name, snakeCase(name)]))].map((name) => ({
    required: [name],
    properties: { [name]: { not: { type: 'null' } } },
  })),
});
