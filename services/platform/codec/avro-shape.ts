import avsc, { type Type, type types } from 'avsc';

/**
 * Between our values and Avro's. Ours leave out what is not known; Avro writes `null` for it.
 *
 * `toAvro` also checks, because Avro itself would let pass what we could never read back as it was:
 * undeclared fields, NaN, halves of characters, and longs that lose digits. It copies; the value given in stays as it is.
 */
export interface Shape {
  toAvro(value: unknown): unknown;
  /** Plain objects without absent fields. Trusts its input: it comes out of Avro's own decoder. */
  fromAvro(value: unknown): unknown;
}

/** A value that does not fit its schema. Its message names the field, what was found and what is expected. */
export class NotEncodable extends Error {
  override readonly name = 'NotEncodable';
  /** From the outermost field inwards. */
  readonly path: readonly string[];
  readonly complaint: string;

  constructor(path: readonly string[], complaint: string) {
    super(`${path.join('.') || 'value'}: ${complaint}`);
    this.path = path;
    this.complaint = complaint;
  }
}

/** Builds the conversions of a schema once; they are then plain closures. */
export function shapeOf(type: Type): Shape {
  if (type instanceof avsc.types.RecordType) return recordShape(type);
  if (type instanceof avsc.types.ArrayType) return arrayShape(shapeOf(type.itemsType));
  if (type instanceof avsc.types.MapType) return mapShape(shapeOf(type.valuesType));
  if (type instanceof avsc.types.UnwrappedUnionType) return unionShape(type.types);
  return scalarShape(type.typeName);
}

function recordShape(type: types.RecordType): Shape {
  const fields = type.fields.map((field) => ({ name: field.name, shape: shapeOf(field.type) }));
  const names = new Set(fields.map((field) => field.name));
  return {
    toAvro(value) {
      const given = asObject(value, type.name ?? 'record');
      for (const name of Object.keys(given)) {
        if (!names.has(name)) throw new NotEncodable([name], `${type.name} has no such field`);
      }
      const record: Record<string, unknown> = {};
      for (const { name, shape } of fields) record[name] = under(name, shape, given[name]);
      return record;
    },
    fromAvro(value) {
      // Avro's decoder gives a record for a record schema.
      const given = value as Record<string, unknown>;
      const record: Record<string, unknown> = {};
      for (const { name, shape } of fields) {
        if (given[name] !== null) record[name] = shape.fromAvro(given[name]);
      }
      return record;
    },
  };
}

function arrayShape(items: Shape): Shape {
  return {
    toAvro(value) {
      if (!Array.isArray(value)) throw new NotEncodable([], `found ${kindOf(value)}, expected an array`);
      return value.map((item, index) => under(String(index), items, item));
    },
    // Avro's decoder gives an array for an array schema.
    fromAvro: (value) => (value as unknown[]).map(items.fromAvro),
  };
}

function mapShape(values: Shape): Shape {
  return {
    toAvro: (value) =>
      Object.fromEntries(
        Object.entries(asObject(value, 'map')).map(([key, item]) => [key, under(key, values, item)]),
      ),
    // Avro's decoder gives an object for a map schema.
    fromAvro: (value) =>
      Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, values.fromAvro(item)])),
  };
}

/** Null and one more branch, or several scalars, which their JavaScript types tell apart. */
function unionShape(branches: readonly Type[]): Shape {
  const nullable = branches.some((branch) => branch.typeName === 'null');
  const shapes = branches.filter((branch) => branch.typeName !== 'null').map(shapeOf);
  const [only] = shapes;
  const inner = shapes.length === 1 && only !== undefined ? only : scalarsShape(branches);
  return {
    toAvro(value) {
      if (nullable && (value === undefined || value === null)) return null;
      return inner.toAvro(value);
    },
    fromAvro: (value) => (value === null ? null : inner.fromAvro(value)),
  };
}

function scalarsShape(branches: readonly Type[]): Shape {
  const checks = branches
    .filter((branch) => branch.typeName !== 'null')
    .map((branch) => check(branch.typeName));
  const expected = checks.map((one) => one.expected).join(' or ');
  return {
    toAvro(value) {
      if (checks.some((one) => one.fits(value))) return value;
      throw new NotEncodable([], `found ${kindOf(value)}, expected ${expected}`);
    },
    fromAvro: same,
  };
}

function scalarShape(typeName: string): Shape {
  const { fits, expected } = check(typeName);
  return {
    toAvro(value) {
      if (fits(value)) return value;
      throw new NotEncodable([], `found ${kindOf(value)}, expected ${expected}`);
    },
    fromAvro: same,
  };
}

interface Check {
  fits(value: unknown): boolean;
  readonly expected: string;
}

const INT_LIMIT = 2 ** 31;
/** Beyond it avsc 5.7.9 changes some negative longs (mtth/avsc issue 455). Epoch ms stay far below. */
const LONG_LIMIT = 2 ** 52;

const CHECKS: Readonly<Record<string, Check>> = {
  string: {
    fits: (value) => typeof value === 'string' && value.isWellFormed(),
    expected: 'well-formed text',
  },
  boolean: { fits: (value) => typeof value === 'boolean', expected: 'true or false' },
  double: { fits: Number.isFinite, expected: 'a finite number' },
  int: { fits: (value) => isIntegerWithin(value, INT_LIMIT), expected: 'an integer of 32 bits' },
  long: { fits: (value) => isIntegerWithin(value, LONG_LIMIT), expected: 'an integer below 2^52' },
};

function check(typeName: string): Check {
  const found = CHECKS[typeName];
  if (found === undefined) {
    throw new Error(`Avro type ${typeName} is not used here; use ${Object.keys(CHECKS).join(', ')}`);
  }
  return found;
}

const isIntegerWithin = (value: unknown, limit: number): boolean =>
  Number.isInteger(value) && typeof value === 'number' && value >= -limit && value < limit;

const same = (value: unknown): unknown => value;

/** Converts what lies under `name`, so that a complaint from below carries its whole path. */
function under(name: string, shape: Shape, value: unknown): unknown {
  try {
    return shape.toAvro(value);
  } catch (error) {
    if (error instanceof NotEncodable) throw new NotEncodable([name, ...error.path], error.complaint);
    throw error;
  }
}

function asObject(value: unknown, expected: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new NotEncodable([], `found ${kindOf(value)}, expected a ${expected}`);
  }
  // A non-null object that is no array can be read by name.
  return value as Readonly<Record<string, unknown>>;
}

/** Never the value itself: it may be a customer's words. */
function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'number' ? String(value) : typeof value;
}
