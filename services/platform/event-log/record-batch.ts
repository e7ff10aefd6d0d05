import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { TraceContext } from '../tracing/tracing.ts';

/** How a batch's payload is written. */
export const CODEC = { plain: 0, zstd: 1 } as const;

/** Below this many bytes compressing saves nothing worth a call. */
const COMPRESS_FROM_BYTES = 1024;
/** Level 1 takes two thirds of the time of the default and the batches are as small, within a tenth. */
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export interface EncodedBatch {
  readonly codec: number;
  readonly payload: Uint8Array;
}

/**
 * One record as a line of a batch: `[key, value]` as JSON, which has no line break of its own; `[key, value, trace]` where
 * it belongs to a trace.
 */
export const encodeLine = (key: string, value: unknown, trace?: TraceContext): string =>
  `${JSON.stringify(trace === undefined ? [key, value] : [key, value, trace])}\n`;

/** Lines of `encodeLine`, joined, and compressed when there are enough of them. */
export function encodeBatch(lines: readonly string[]): EncodedBatch {
  const plain = joined(lines);
  if (plain.length < COMPRESS_FROM_BYTES) return { codec: CODEC.plain, payload: Buffer.from(plain) };
  return { codec: CODEC.zstd, payload: zstdCompressSync(plain, ZSTD) };
}

/** The lines in a buffer that is used again: joining them as text first costs six times as much. */
function joined(lines: readonly string[]): Buffer {
  let atMost = 0;
  for (const line of lines) atMost += line.length * MAX_UTF8_BYTES;
  if (atMost > scratch.length) return Buffer.from(lines.join(''));
  let length = 0;
  for (const line of lines) length += scratch.write(line, length);
  return scratch.subarray(0, length);
}

/** Of one UTF-16 code unit. */
const MAX_UTF8_BYTES = 3;
/** Room for a thousand usual records. */
const scratch = Buffer.allocUnsafe(4 * 1024 * 1024);

/**
 * The lines of a batch, still as text, so that one record can be read without parsing the others. An empty one is the place of a
 * record that was taken out.
 */
export function batchLines(batch: EncodedBatch): string[] {
  const bytes = batch.codec === CODEC.zstd ? zstdDecompressSync(batch.payload) : batch.payload;
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').split('\n');
  lines.pop();
  return lines;
}

/** One line of a batch. It was written by `encodeLine`, hence its shape. */
export const parseLine = (line: string): readonly [key: string, value: unknown, trace?: TraceContext] =>
  JSON.parse(line) as [string, unknown, TraceContext?];
