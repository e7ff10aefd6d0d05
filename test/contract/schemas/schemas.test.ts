import { describe, expect, test } from 'vitest';
import { TOPICS } from '../../../services/contracts/topics.ts';
import { avroCodec, avroType } from '../../../services/platform/codec/avro.ts';
import {
  loadSchemas,
  newestSchemas,
  type TopicSchema,
} from '../../../services/platform/codec/schema-files.ts';
import { SAMPLES } from './samples.ts';
import { type FieldSchema, type RecordSchema, recordsIn, typeNames } from './schema-tree.ts';

const schemas = loadSchemas('schemas');
const newest = [...newestSchemas(schemas).values()];

test('every topic has a schema', () => {
  expect(newest.map((schema) => schema.topic).sort()).toEqual(Object.keys(TOPICS).sort());
});

describe.each(schemas.map((schema) => [schema.file, schema] as const))('%s', (_, schema) => {
  test('is a schema whose optional fields are null by default', () => {
    avroType(schema);
    const wrong = fieldsOf(schema).filter(
      ([, { type, ...field }]) => typeNames(type).includes('null') !== (field.default === null),
    );
    expect(wrong.map(([where]) => where)).toEqual([]);
  });

  test('says on each record and field what it means, and of numbers the unit', () => {
    expect(recordsIn(schema.json).filter(lacksDoc).map(nameOf)).toEqual([]);
    expect(
      fieldsOf(schema)
        .filter(([, field]) => lacksDoc(field))
        .map(first),
    ).toEqual([]);
    expect(
      fieldsOf(schema)
        .filter(([, field]) => lacksUnit(field))
        .map(first),
    ).toEqual([]);
  });

  test('writes instants as epoch milliseconds and marks them so', () => {
    const wrong = fieldsOf(schema).filter(
      ([, { name, doc, type }]) =>
        isInstant(type) !== /epoch milliseconds UTC/.test(doc ?? '') ||
        (/(^at|At|^since|^until)$/.test(name) && typeNames(type).includes('long') && !isInstant(type)),
    );
    expect(wrong.map(first)).toEqual([]);
  });
});

describe.each(newest.map((schema) => [schema.topic, schema] as const))('a %s value', (topic, schema) => {
  test('has the fields of its schema and no others', () => {
    expect(namesInSamples(SAMPLES[topic], schema)).toEqual(namesInSchema(schema));
  });

  test('comes back from Avro as it went in', () => {
    const codec = avroCodec(schema);
    for (const sample of SAMPLES[topic]) {
      expect(codec.decode(codec.encode(sample))).toStrictEqual(sample);
    }
  });
});

test('a type that several topics share reads the same in each of them', () => {
  const definitions = new Map<string, RecordSchema>();
  for (const record of newest.flatMap(({ json }) => recordsIn(json))) {
    const earlier = definitions.get(record.name) ?? record;
    definitions.set(record.name, earlier);
    expect(flat(record)).toEqual(flat(earlier));
  }
});

test('a numeric field without a unit, and a field without a doc, are noticed', () => {
  expect(lacksUnit({ name: 'size', type: ['null', 'double'], doc: 'How large it is.' })).toBe(true);
  expect(lacksUnit({ name: 'size', type: ['null', 'double'], doc: 'How large it is, in seconds.' })).toBe(
    false,
  );
  expect(lacksDoc({ name: 'size', type: 'string', doc: ' ' })).toBe(true);
});

/** Units and dimensionless kinds that a doc may name. */
const UNITS =
  /\b(epoch milliseconds UTC|milliseconds|seconds|days|months|points|ratio|count|ordinal|money|unit that|own units)\b/i;
const NUMBERS = ['int', 'long', 'float', 'double'];

function lacksUnit({ type, doc }: FieldSchema): boolean {
  return typeNames(type).some((name) => NUMBERS.includes(name)) && !UNITS.test(doc ?? '');
}

function lacksDoc({ doc }: Partial<FieldSchema>): boolean {
  return (doc ?? '').trim() === '';
}

function isInstant(type: unknown): boolean {
  return JSON.stringify(type).includes('"logicalType":"timestamp-millis"') && recordsIn(type).length === 0;
}

function fieldsOf(schema: TopicSchema): readonly (readonly [where: string, FieldSchema])[] {
  return recordsIn(schema.json).flatMap((record) =>
    record.fields.map((field) => [`${record.name}.${field.name}`, field] as const),
  );
}

const first = ([where]: readonly [string, FieldSchema]): string => where;
const nameOf = ({ name }: RecordSchema): string => name;

/** A record with its inner records replaced by their names, as they are when a file defines them earlier. */
function flat({ name, doc, fields }: RecordSchema): unknown {
  return {
    name,
    doc,
    fields: fields.map((field) => ({ ...field, type: typeNames(field.type).join(' or ') })),
  };
}

function namesInSchema(schema: TopicSchema): readonly string[] {
  return fieldsOf(schema).map(first).sort();
}

/** Walks samples and schema together: `Record.field` for each field that some sample has. */
function namesInSamples(samples: readonly unknown[], schema: TopicSchema): readonly string[] {
  const records = new Map(recordsIn(schema.json).map((record) => [record.name, record]));
  const found = new Set<string>();
  const visit = (value: unknown, record: RecordSchema): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item, record);
      return;
    }
    for (const [name, inner] of Object.entries(Object(value))) {
      found.add(`${record.name}.${name}`);
      const type = record.fields.find((field) => field.name === name)?.type;
      for (const next of typeNames(type)) {
        const nested = records.get(next);
        if (nested !== undefined) visit(inner, nested);
      }
    }
  };
  const [outermost] = recordsIn(schema.json);
  if (outermost !== undefined) visit(samples, outermost);
  return [...found].sort();
}
