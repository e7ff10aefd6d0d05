import avsc, { type Type, type types } from 'avsc';

/** From Avro's decoder to ours: plain objects without absent fields. Trusts its input, which comes out of that decoder. */
export type FromAvro = (value: unknown) => unknown;

/** Builds the conversion of a schema once; it is then plain closures. */
export function fromAvroOf(type: Type): FromAvro {
  if (type instanceof avsc.types.RecordType) return recordFrom(type);
  if (type instanceof avsc.types.ArrayType) {
    const item = fromAvroOf(type.itemsType);
    // Avro's decoder gives an array for an array schema.
    return (value) => (value as unknown[]).map(item);
  }
  if (type instanceof avsc.types.MapType) return mapFrom(fromAvroOf(type.valuesType));
  if (type instanceof avsc.types.UnwrappedUnionType) return unionFrom(type.types);
  return same;
}

function recordFrom(type: types.RecordType): FromAvro {
  const fields = type.fields.map((field) => {
    if (isNullable(field.type) && field.defaultValue() !== null) {
      throw new Error(`${type.name}.${field.name} may be null, so its default has to be null`);
    }
    return { name: field.name, from: fromAvroOf(field.type) };
  });
  return (value) => {
    // Avro's decoder gives a record for a record schema.
    const given = value as Record<string, unknown>;
    const record: Record<string, unknown> = {};
    for (const { name, from } of fields) {
      const inner = given[name];
      if (inner !== null) record[name] = from(inner);
    }
    return record;
  };
}

const mapFrom =
  (from: FromAvro): FromAvro =>
  (value) =>
    // Avro's decoder gives an object for a map schema.
    Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, from(item)]));

/** Null and one more branch, or several scalars, which their JavaScript types tell apart. */
function unionFrom(branches: readonly Type[]): FromAvro {
  const others = branches.filter((branch) => !isNull(branch));
  const [only] = others;
  const from = others.length === 1 && only !== undefined ? fromAvroOf(only) : same;
  return (value) => (value === null ? null : from(value));
}

const isNull = (type: Type): boolean => type.typeName === 'null';

const isNullable = (type: Type): boolean =>
  isNull(type) || (type instanceof avsc.types.UnwrappedUnionType && type.types.some(isNull));

const same: FromAvro = (value) => value;
