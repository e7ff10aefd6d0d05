import { replacePart } from './replace-part.kafka.ts';

/** A record's bytes and how far they have been read, as the client hands them over. */
export interface UnreadRecord {
  readonly buffer: Buffer;
  offset: number;
}

/** What the client knows of the batch that a record lies in. Numbers are in words where they may be longer than 53 bits. */
export interface BatchContext {
  readonly firstOffset: string;
  readonly firstTimestamp: string;
  readonly maxTimestamp: string;
  readonly timestampType: number;
  readonly magicByte?: number;
  readonly isControlBatch?: boolean;
}

/** A record in the form in which the client hands it on. */
export interface DecodedRecord {
  readonly magicByte: number | undefined;
  readonly attributes: number;
  readonly timestamp: string;
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>;
  readonly isControlRecord: boolean;
  readonly batchContext: BatchContext;
}
type HeaderValue = Buffer | null;

/**
 * One record in Kafka's format, version 2: https://kafka.apache.org/documentation/#record
 *
 * The same as kafkajs reads of it. The client makes a long of its own for each byte of a time, and for each header a few objects
 * that are thrown away: it takes twice as long and leaves twice as much to the garbage collector.
 */
export function decodeRecord(record: UnreadRecord, context: BatchContext): DecodedRecord {
  const bytes = record.buffer;
  at = record.offset;
  const attributes = bytes.readInt8(at++);
  const timestampDelta = readLong(bytes);
  const offsetDelta = readInt(bytes);
  const key = readBytes(bytes);
  const value = readBytes(bytes);
  const headers: Record<string, HeaderValue | HeaderValue[]> = {};
  for (let left = readInt(bytes); left > 0; left--) {
    const name = readBytes(bytes)?.toString('utf8') ?? 'null';
    addHeader(headers, name, readBytes(bytes));
  }
  record.offset = at;
  const { firstTimestamp, maxTimestamp, timestampType } = context;
  const isAppendTime = timestampType === LOG_APPEND_TIME && maxTimestamp !== '';
  return {
    magicByte: context.magicByte,
    attributes,
    timestamp: isAppendTime ? maxTimestamp : sum(firstTimestamp, timestampDelta),
    offset: sum(context.firstOffset, offsetDelta),
    key,
    value,
    headers,
    isControlRecord: context.isControlBatch ?? false,
    batchContext: context,
  };
}

/** Lets kafkajs in this thread read records with `decodeRecord`. Answers whether it does. To be called before anything is fetched. */
export const useRecordDecoder = (): boolean =>
  replacePart('protocol/recordBatch/record/v0/decoder', decodeRecord);

const LOG_APPEND_TIME = 1;

/** Where the record is read. One for all: a record is read at once. */
let at = 0;

/** A name that comes again has a list of values. */
function addHeader(
  headers: Record<string, HeaderValue | HeaderValue[]>,
  name: string,
  value: HeaderValue,
): void {
  const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
  const held = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  // Also for `__proto__`, which would be no field of its own otherwise.
  if (name === '__proto__') Object.defineProperty(headers, name, { value: held, ...ORDINARY });
  else headers[name] = held;
}

const ORDINARY = { enumerable: true, configurable: true, writable: true };

function readInt(bytes: Buffer): number {
  let value = 0;
  let shift = 0;
  let byte = byteOf(bytes);
  for (; byte > 0x7f; byte = byteOf(bytes)) {
    value |= (byte & 0x7f) << shift;
    shift += 7;
  }
  value |= byte << shift;
  return (value >>> 1) ^ -(value & 1);
}

/** A whole number where it is one that a number can hold. */
function readLong(bytes: Buffer): number | bigint {
  let value = 0;
  let scale = 1;
  const from = at;
  let byte = byteOf(bytes);
  for (; byte > 0x7f; byte = byteOf(bytes)) {
    value += (byte & 0x7f) * scale;
    scale *= 128;
  }
  value += byte * scale;
  if (at - from > BYTES_OF_A_NUMBER) return readWideLong(bytes, from);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/** 49 bits. */
const BYTES_OF_A_NUMBER = 7;

function readWideLong(bytes: Buffer, from: number): bigint {
  let value = 0n;
  for (let place = at - 1; place >= from; place--) value = (value << 7n) | BigInt((bytes[place] ?? 0) & 0x7f);
  const wide = BigInt.asUintN(64, value);
  return BigInt.asIntN(64, (wide >> 1n) ^ -(wide & 1n));
}

function byteOf(bytes: Buffer): number {
  const byte = bytes[at++];
  if (byte === undefined) throw new RangeError('a record of a batch is cut short');
  return byte;
}

function readBytes(bytes: Buffer): Buffer | null {
  const length = readInt(bytes);
  if (length === -1) return null;
  at += length;
  return bytes.subarray(at - length, at);
}

function sum(first: string, delta: number | bigint): string {
  if (delta === 0) return first;
  const total = Number(first) + Number(delta);
  return Number.isSafeInteger(total)
    ? String(total)
    : String(BigInt.asIntN(64, BigInt(first) + BigInt(delta)));
}
