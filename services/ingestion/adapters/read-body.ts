import { isUtf8 } from 'node:buffer';
import { jsonFault } from '../domain/json-fault.ts';
import { firstBadByte } from '../domain/utf8.ts';

/** What a request body holds: one record, or several of which some may be unreadable. */
export type ReadBody =
  | { readonly ok: true; readonly single: boolean; readonly entries: readonly Entry[] }
  | { readonly ok: false; readonly reason: 'not_json' | 'not_utf8' | 'too_large'; readonly detail: string };

export type Entry =
  | { readonly ok: true; readonly value: unknown }
  /** A line of NDJSON that is not JSON. */
  | { readonly ok: false; readonly line: number; readonly detail: string };

/** One request stays one transaction; larger batches are better sent as several. */
export const MAX_BATCH = 10_000;

/** Reads a JSON value, a JSON array, or NDJSON (`lines`). Never throws. */
export function readBody(body: Buffer, lines: boolean): ReadBody {
  if (!isUtf8(body)) {
    const detail = `the body is not UTF-8: byte ${firstBadByte(body)} begins no character`;
    return { ok: false, reason: 'not_utf8', detail };
  }
  const text = body.toString('utf8').replace(/^\uFEFF/, '');
  if (text.trim() === '') return notJson('the body is empty; expected a record, an array or NDJSON');
  const read = lines ? readLines(text) : readJson(text);
  if (read.ok && read.entries.length === 0)
    return notJson('the array is empty; expected at least one record');
  if (read.ok && read.entries.length > MAX_BATCH) {
    const detail = `${read.entries.length} records in one request; at most ${MAX_BATCH} are allowed`;
    return { ok: false, reason: 'too_large', detail };
  }
  return read;
}

function readJson(text: string): ReadBody {
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) return { ok: true, single: true, entries: [{ ok: true, value }] };
    return { ok: true, single: false, entries: value.map((each) => ({ ok: true, value: each })) };
  } catch {
    return notJson(`the body is not JSON: ${jsonFault(text) ?? 'no place found'}`);
  }
}

function readLines(text: string): ReadBody {
  const entries: Entry[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      entries.push({ ok: true, value: JSON.parse(line) });
    } catch {
      entries.push({ ok: false, line: index + 1, detail: lineFault(line) });
    }
  }
  return { ok: true, single: false, entries };
}

/** The fault of one line; that line is the first of its own text. */
const lineFault = (line: string): string => (jsonFault(line) ?? '').replace(/^line 1, /, '');

const notJson = (detail: string): ReadBody => ({ ok: false, reason: 'not_json', detail });
