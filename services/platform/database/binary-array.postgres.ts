/**
 * A list as PostgreSQL sends and receives it in binary. The client passes a buffer on as it is.
 *
 * A list of long texts that comes as JSON is parsed twice by the server, character by character, and takes three times as
 * long to store. https://github.com/postgres/postgres/blob/REL_15_STABLE/src/backend/utils/adt/arrayfuncs.c (array_recv)
 */
export function textArray(items: readonly string[]): Buffer {
  const lengths = items.map((item) => Buffer.byteLength(item));
  const bytes = emptyArray(
    TEXT,
    items.length,
    lengths.reduce((sum, length) => sum + length, 0),
  );
  let at = FIRST_ITEM;
  let index = 0;
  for (const item of items) {
    // There is a length for each item.
    at = bytes.writeInt32BE(lengths[index++] as number, at);
    at += bytes.write(item, at);
  }
  return bytes;
}

/** Whole numbers as `bigint[]`. */
export function bigintArray(items: readonly number[]): Buffer {
  const bytes = emptyArray(BIGINT, items.length, items.length * BIGINT_BYTES);
  let at = FIRST_ITEM;
  for (const item of items) {
    at = bytes.writeInt32BE(BIGINT_BYTES, at);
    at = bytes.writeBigInt64BE(BigInt(item), at);
  }
  return bytes;
}

/** Of pg_type: text and bigint. They never change. */
const TEXT = 25;
const BIGINT = 20;
const BIGINT_BYTES = 8;
const LENGTH_BYTES = 4;
/** Dimensions, whether there are nulls, type, and of the one dimension its size and first index. */
const FIRST_ITEM = 20;

/** One dimension without nulls, the items still to be written. An empty list has a dimension of no items, which is allowed. */
function emptyArray(type: number, count: number, itemBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(FIRST_ITEM + count * LENGTH_BYTES + itemBytes);
  bytes.writeInt32BE(1, 0);
  bytes.writeInt32BE(0, 4);
  bytes.writeInt32BE(type, 8);
  bytes.writeInt32BE(count, 12);
  bytes.writeInt32BE(1, 16);
  return bytes;
}
