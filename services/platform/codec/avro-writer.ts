import avsc, { type Type, type types } from 'avsc';
import type { AvroBytes } from './avro-bytes.ts';

/**
 * Writes a value of one schema. Ours leave out what is not known; Avro writes `null`, the default of such a field.
 *
 * Throws `NotEncodable` for a value that could never be read back as it was: undeclared fields, NaN, halves of characters, and longs
 * that lose digits, all of which Avro's own encoder lets pass. What was written until then is worth nothing.
 */
export type Write = (out: AvroBytes, value: unknown) => void;

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

/** Builds the writer of a schema once; it is then plain closures. */
export function writerOf(type: Type): Write {
  if (type instanceof avsc.types.RecordType) return recordWriter(type);
  if (type instanceof avsc.types.ArrayType) return arrayWriter(writerOf(type.itemsType));
  if (type instanceof avsc.types.MapType) return mapWriter(writerOf(type.valuesType));
  if (type instanceof avsc.types.UnwrappedUnionType) return unionWriter(type.types);
  return scalarWriter(type.typeName);
}

function recordWriter(type: types.RecordType): Write {
  const fields = type.fields.map((field) => ({
    name: field.name,
    write: writerOf(field.type),
    /** What stands for an absent value, where there is something. */
    absent: field.defaultValue() === null ? nullAt(field.type) : -1,
  }));
  const names = new Set(fields.map((field) => field.name));
  const expected = type.name ?? 'record';
  return (out, value) => {
    const given = asObject(value, expected);
    let known = 0;
    let at = '';
    try {
      for (const { name, write, absent } of fields) {
        const inner = given[name];
        if (inner === undefined && absent >= 0) {
          out.branch(absent);
          continue;
        }
        known += inner === undefined ? 0 : 1;
        at = name;
        write(out, inner);
      }
    } catch (error) {
      throw under(at, error);
    }
    if (countOf(given) !== known) refuseUnknown(given, names, type.name);
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

function arrayWriter(write: Write): Write {
  return (out, value) => {
    if (!Array.isArray(value)) throw new NotEncodable([], `found ${kindOf(value)}, expected an array`);
    if (value.length > 0) out.long(value.length);
    // By hand: `entries()` makes an array for each item.
    for (let index = 0; index < value.length; index++) writeUnder(index, write, out, value[index]);
    out.long(0);
  };
}

function mapWriter(write: Write): Write {
  return (out, value) => {
    const entries = Object.entries(asObject(value, 'map'));
    if (entries.length > 0) out.long(entries.length);
    for (const [key, item] of entries) {
      writeUnder(key, writeString, out, key);
      writeUnder(key, write, out, item);
    }
    out.long(0);
  };
}

/** Null and one more branch, or several scalars, which their JavaScript types tell apart. */
function unionWriter(branches: readonly Type[]): Write {
  const empty = branches.findIndex(isNull);
  const others = branches.filter((branch) => !isNull(branch));
  const [only] = others;
  const inner =
    others.length === 1 && only !== undefined
      ? branchWriter(branches.indexOf(only), writerOf(only))
      : scalarsWriter(branches);
  return (out, value) => {
    if (value === null && empty !== -1) out.branch(empty);
    else inner(out, value);
  };
}

const branchWriter =
  (index: number, write: Write): Write =>
  (out, value) => {
    out.branch(index);
    write(out, value);
  };

/** The branch of a union that is null; −1 where there is none. */
const nullAt = (type: Type): number =>
  type instanceof avsc.types.UnwrappedUnionType ? type.types.findIndex(isNull) : -1;

const isNull = (type: Type): boolean => type.typeName === 'null';

function scalarsWriter(branches: readonly Type[]): Write {
  const scalars = branches.flatMap((branch, index) =>
    isNull(branch) ? [] : [{ ...scalar(branch.typeName), index }],
  );
  const expected = scalars.map((one) => one.expected).join(' or ');
  return (out, value) => {
    const found = scalars.find(({ fits }) => fits(value));
    if (found === undefined) throw new NotEncodable([], `found ${kindOf(value)}, expected ${expected}`);
    out.branch(found.index);
    found.write(out, value);
  };
}

function scalarWriter(typeName: string): Write {
  const { fits, expected, write } = scalar(typeName);
  return (out, value) => {
    if (!fits(value)) throw new NotEncodable([], `found ${kindOf(value)}, expected ${expected}`);
    write(out, value);
  };
}

interface Scalar {
  fits(value: unknown): boolean;
  readonly expected: string;
  /** Only for what fits. */
  readonly write: Write;
}

const INT_LIMIT = 2 ** 31;
/** Beyond it avsc 5.7.9 changes some negative longs (mtth/avsc issue 455) when it reads them. Epoch ms stay far below. */
const LONG_LIMIT = 2 ** 52;

const WELL_FORMED = 'well-formed text';

function writeString(out: AvroBytes, value: unknown): void {
  // Its callers have looked.
  if (!out.string(value as string)) throw new NotEncodable([], `found string, expected ${WELL_FORMED}`);
}

const writeLong: Write = (out, value) => out.long(value as number);

const SCALARS: Readonly<Record<string, Scalar>> = {
  string: { fits: (value) => typeof value === 'string', expected: WELL_FORMED, write: writeString },
  boolean: {
    fits: (value) => typeof value === 'boolean',
    expected: 'true or false',
    write: (out, value) => out.boolean(value as boolean),
  },
  double: {
    fits: Number.isFinite,
    expected: 'a finite number',
    write: (out, value) => out.double(value as number),
  },
  int: {
    fits: (value) => isIntegerWithin(value, INT_LIMIT),
    expected: 'an integer of 32 bits',
    write: writeLong,
  },
  long: {
    fits: (value) => isIntegerWithin(value, LONG_LIMIT),
    expected: 'an integer below 2^52',
    write: writeLong,
  },
};

function scalar(typeName: string): Scalar {
  const found = SCALARS[typeName];
  if (found === undefined) {
    throw new Error(`Avro type ${typeName} is not used here; use ${Object.keys(SCALARS).join(', ')}`);
  }
  return found;
}

const isIntegerWithin = (value: unknown, limit: number): boolean =>
  Number.isInteger(value) && typeof value === 'number' && value >= -limit && value < limit;

function writeUnder(name: string | number, write: Write, out: AvroBytes, value: unknown): void {
  try {
    write(out, value);
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
