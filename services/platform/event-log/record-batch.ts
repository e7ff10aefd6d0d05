import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** How a batch's payload is written. */
export const CODEC = { plain: 0, zstd: 1 } as const;

/** Below this many bytes compressing saves nothing worth a call. */
const COMPRESS_FROM_BYTES = 1024;

export interface EncodedBatch {
  readonly codec: number;
  readonly payload: Uint8Array;
}

/** Records as lines of `[key, value]` JSON, compressed when there are enough of them. */
export function encodeBatch(
  records: readonly { readonly key: string; readonly value: unknown }[],
): EncodedBatch {
  let lines = '';
  for (const record of records) lines += `${JSON.stringify([record.key, record.value])}\n`;
  const plain = Buffer.from(lines);
  if (plain.length < COMPRESS_FROM_BYTES) return { codec: CODEC.plain, payload: plain };
  return { codec: CODEC.zstd, payload: zstdCompressSync(plain) };
}

/** The lines of a batch, still as text, so that one record can be read without parsing the others. */
export function batchLines(batch: EncodedBatch): string[] {
  const bytes = batch.codec === CODEC.zstd ? zstdDecompressSync(batch.payload) : batch.payload;
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').split('\n');
  lines.pop();
  return lines;
}

/** One line of a batch. It was written by `encodeBatch`, hence its shape. */
export const parseLine = (line: string): readonly [key: string, value: unknown] =>
  JSON.parse(line) as [string, unknown];
