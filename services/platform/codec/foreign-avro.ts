import avsc, { type Schema } from 'avsc';

/**
 * A reader for a schema that is not ours, into plain JSON values.
 *
 * Branches of a union that JavaScript could not tell apart come wrapped in an object with the branch's name; here the
 * value alone matters, so the wrapping is taken away. Bytes become base64, longs that a number cannot hold are refused.
 * Throws for what is no schema.
 */
export function foreignReader(json: unknown): (bytes: Buffer) => unknown {
  // `json` is only known to be JSON; avsc checks that it is a schema, and throws where it is not.
  const type = avsc.Type.forSchema(json as Schema, { wrapUnions: 'always' });
  return (bytes) => plain(type.fromBuffer(bytes), type);
}

function plain(value: unknown, type: avsc.Type): unknown {
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (type instanceof avsc.types.WrappedUnionType) {
    const [[branch, inner] = ['', null]] = Object.entries(value);
    const found = type.types.find((one) => one.branchName === branch);
    return found === undefined ? null : plain(inner, found);
  }
  if (type instanceof avsc.types.RecordType) {
    return Object.fromEntries(
      type.fields.map((field) => [
        field.name,
        plain((value as Record<string, unknown>)[field.name], field.type),
      ]),
    );
  }
  if (type instanceof avsc.types.ArrayType) {
    return (value as readonly unknown[]).map((item) => plain(item, type.itemsType));
  }
  if (type instanceof avsc.types.MapType) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, plain(item, type.valuesType)]),
    );
  }
  return value;
}
