import { replacePart } from './replace-part.kafka.ts';

/** A message as the client hands it over to be put into a batch. */
export interface BatchedMessage {
  readonly offsetDelta?: number;
  readonly timestampDelta?: number;
  readonly key?: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers?: Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>;
}
type HeaderValue = Buffer | string;

/** The bytes of one record of a batch, in the form in which the client puts them together. */
export interface EncodedRecord {
  readonly buf: Buffer;
  readonly buffer: Buffer;
}

/**
 * One record in Kafka's format, version 2: https://kafka.apache.org/documentation/#record
 *
 * The same bytes as kafkajs makes, in one buffer that is just large enough. The client takes one of 512 bytes for the record and one
 * for each header, fills them with zeros, and copies.
 */
export function encodeRecord(message: BatchedMessage): EncodedRecord {
  const { offsetDelta = 0, timestampDelta = 0, key, value, headers = {} } = message;
  const pairs = pairsOf(headers);
  let size = 1 + sizeOfLong(timestampDelta) + sizeOfInt(offsetDelta) + sizeOfBytes(key) + sizeOfBytes(value);
  size += sizeOfInt(pairs.length);
  for (const [name, held] of pairs) size += sizeOfBytes(name) + sizeOfBytes(held);
  const bytes = Buffer.allocUnsafe(sizeOfInt(size) + size);
  let at = writeInt(bytes, size, 0);
  // Attributes: none are in use.
  bytes[at++] = 0;
  at = writeLong(bytes, timestampDelta, at);
  at = writeInt(bytes, offsetDelta, at);
  at = writeBytes(bytes, key, at);
  at = writeBytes(bytes, value, at);
  at = writeInt(bytes, pairs.length, at);
  for (const [name, held] of pairs) at = writeBytes(bytes, held, writeBytes(bytes, name, at));
  return { buf: bytes, buffer: bytes };
}

/** Lets kafkajs in this thread put records together with `encodeRecord`. Answers whether it does. To be called before anything is sent. */
export const useRecordEncoder = (): boolean => replacePart('protocol/recordBatch/record/v0', encodeRecord);

type Pair = readonly [name: string, held: HeaderValue];

const pairsOf = (headers: NonNullable<BatchedMessage['headers']>): readonly Pair[] =>
  Object.entries(headers).flatMap(([name, held]): readonly Pair[] =>
    isList(held) ? held.map((one) => [name, one]) : [[name, held]],
  );

const isList = (held: HeaderValue | readonly HeaderValue[]): held is readonly HeaderValue[] =>
  Array.isArray(held);

// Numbers are zigzagged, so that small negative ones are short, and written in groups of seven bits, the lowest first.
// https://protobuf.dev/programming-guides/encoding/#signed-ints

const zigzag = (value: number): number => ((value << 1) ^ (value >> 31)) >>> 0;

function sizeOfInt(value: number): number {
  const bits = 32 - Math.clz32(zigzag(value));
  return bits === 0 ? 1 : Math.ceil(bits / 7);
}

function writeInt(bytes: Buffer, value: number, from: number): number {
  let rest = zigzag(value);
  let at = from;
  while (rest > 0x7f) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

const FITS_INT = 2 ** 30;

/** Milliseconds between the instants of one batch: days at most, but a batch may hold what had waited for weeks. */
function sizeOfLong(value: number): number {
  if (value > -FITS_INT && value < FITS_INT) return sizeOfInt(value);
  let size = 0;
  for (let rest = zigzagLong(value); rest > 0n || size === 0; rest >>= 7n) size += 1;
  return size;
}

function writeLong(bytes: Buffer, value: number, from: number): number {
  if (value > -FITS_INT && value < FITS_INT) return writeInt(bytes, value, from);
  let rest = zigzagLong(value);
  let at = from;
  for (; rest > 0x7fn; rest >>= 7n) bytes[at++] = Number(rest & 0x7fn) | 0x80;
  bytes[at++] = Number(rest);
  return at;
}

const zigzagLong = (value: number): bigint => {
  const wide = BigInt(value);
  return wide >= 0n ? wide << 1n : (-wide << 1n) - 1n;
};

function sizeOfBytes(held: Buffer | string | null | undefined): number {
  if (held === null || held === undefined) return NO_BYTES;
  const length = typeof held === 'string' ? Buffer.byteLength(held) : held.length;
  return sizeOfInt(length) + length;
}

/** A length of −1, zigzagged. */
const NO_BYTES = 1;

function writeBytes(bytes: Buffer, held: Buffer | string | null | undefined, from: number): number {
  if (held === null || held === undefined) return writeInt(bytes, -1, from);
  if (typeof held === 'string') {
    const at = writeInt(bytes, Buffer.byteLength(held), from);
    return at + bytes.write(held, at);
  }
  const at = writeInt(bytes, held.length, from);
  bytes.set(held, at);
  return at + held.length;
}
