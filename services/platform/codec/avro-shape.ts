import avsc, { type Type, type types } from 'avsc';

/**
 * Between our values and Avro's. Ours leave out what is not known; Avro writes `null`, the default of such a field.
 *
 * `check` is needed because Avro itself would let pass what we could never read back as it was: undeclared fields,
 * NaN, halves of characters, and longs that lose digits.
 */
export interface Shape {
  /** Throws `NotEncodable` for a value that Avro's encoder would not write as it is. */
  check(value: unknown): void;
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
  const fields = type.fields.map((field) => {
    const shape = shapeOf(field.type);
    const mayBeAbsent = field.defaultValue() === null;
    if (isNullable(field.type) && !mayBeAbsent) {
      throw new Error(`${type.name}.${field.name} may be null, so its default has to be null`);
    }
    return { name: field.name, shape, mayBeAbsent };
  });
  const names = new Set(fields.map((field) => field.name));
  return {
    check(value) {
      const given = asObject(value, type.name ?? 'record');
      let known = 0;
      let at = '';
      try {
        for (const { name, shape, mayBeAbsent } of fields) {
          const inner = given[name];
          if (inner !== undefined) known += 1;
          else if (mayBeAbsent) continue;
          at = name;
          shape.check(inner);
        }
      } catch (error) {
        throw under(at, error);
      }
      if (countOf(given) !== known) refuseUnknown(given, names, type.name);
    },
    fromAvro(value) {
      // Avro's decoder gives a record for a record schema.
      const given = value as Record<string, unknown>;
      const record: Record<string, unknown> = {};
      for (const { name, shape } of fields) {
        const inner = given[name];
        if (inner !== null) record[name] = shape.fromAvro(inner);
      }
      return record;
    },
  };
}

/** How many fields of its own it has. A list of their names would be thrown away at once, for each record. */
function countOf(given: object): number {
  let count = 0;
  for (const name in given) if (Object.hasOwn(given, name)) count += 1;
  return count;
}

/** There are more names than known fields with a value: unknown ones, or known ones that are there without a value. */
function refuseUnknown(given: object, names: ReadonlySet<string>, record: string | undefined): void {
  for (const name of Object.keys(given)) {
    if (!names.has(name)) throw new NotEncodable([name], `${record} has no such field`);
  }
}

function arrayShape(items: Shape): Shape {
  return {
    check(value) {
      if (!Array.isArray(value)) throw new NotEncodable([], `found ${kindOf(value)}, expected an array`);
      // By hand: `entries()` makes an array for each item.
      for (let index = 0; index < value.length; index++) checkUnder(index, items, value[index]);
    },
    // Avro's decoder gives an array for an array schema.
    fromAvro: (value) => (value as unknown[]).map(items.fromAvro),
  };
}

function mapShape(values: Shape): Shape {
  return {
    check(value) {
      for (const [key, item] of Object.entries(asObject(value, 'map'))) checkUnder(key, values, item);
    },
    // Avro's decoder gives an object for a map schema.
    fromAvro: (value) =>
      Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, values.fromAvro(item)])),
  };
}

/** Null and one more branch, or several scalars, which their JavaScript types tell apart. */
function unionShape(branches: readonly Type[]): Shape {
  const nullable = branches.some(isNull);
  const shapes = branches.filter((branch) => !isNull(branch)).map(shapeOf);
  const [only] = shapes;
  const inner = shapes.length === 1 && only !== undefined ? only : scalarsShape(branches);
  return {
    check(value) {
      if (nullable && value === null) return;
      inner.check(value);
    },
    fromAvro: (value) => (value === null ? null : inner.fromAvro(value)),
  };
}

const isNull = (type: Type): boolean => type.typeName === 'null';

const isNullable = (type: Type): boolean =>
  isNull(type) || (type instanceof avsc.types.UnwrappedUnionType && type.types.some(isNull));

function scalarsShape(branches: readonly Type[]): Shape {
  const checks = branches.filter((branch) => !isNull(branch)).map((branch) => check(branch.typeName));
  const expected = checks.map((one) => one.expected).join(' or ');
  return {
    check(value) {
      if (!checks.some((one) => one.fits(value)))
        throw new NotEncodable([], `found ${kindOf(value)}, expected ${expected}`);
    },
    fromAvro: same,
  };
}

function scalarShape(typeName: string): Shape {
  const { fits, expected } = check(typeName);
  return {
    check(value) {
      if (!fits(value)) throw new NotEncodable([], `found ${kindOf(value)}, expected ${expected}`);
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

function checkUnder(name: string | number, shape: Shape, value: unknown): void {
  try {
    shape.check(value);
  } catch (error) {
    throw under(String(name), error);
  }
}

/** A complaint from below, with the name of what it lies under, so that it carries its whole path. */
const under = (name: string, error: unknown): unknown =>
  error instanceof NotEncodable ? new NotEncodable([name, ...error.path], error.complaint) : error;

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
