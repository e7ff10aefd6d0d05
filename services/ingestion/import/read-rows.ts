import { isUtf8 } from 'node:buffer';
import { type FileHandle, open } from 'node:fs/promises';
import { extname } from 'node:path';
import type { RecordProblem } from '../domain/parse-record.ts';
import { firstBadByte, wholeCharacters } from '../domain/utf8.ts';
import { firstCsvRow, readCsv } from './read-csv.ts';
import { readArray, readLines } from './read-json.ts';

/** One row of a file. `number` counts rows of content from 1; `line` is where it begins, from 1. */
export type RowRead =
  | { readonly ok: true; readonly number: number; readonly line: number; readonly row: unknown }
  | {
      readonly ok: false;
      readonly number: number;
      readonly line: number;
      readonly problems: readonly RecordProblem[];
      /** The row as it stands, shortened when it is very long. */
      readonly raw: unknown;
    };

export type FileFormat = 'csv' | 'json' | 'ndjson';

export type OpenedRows =
  | {
      readonly ok: true;
      readonly format: FileFormat;
      /** Names in the first line of a CSV file. */
      readonly columns: readonly string[] | undefined;
      readonly bytes: number;
      /** Why the file is not UTF-8 throughout, with the first place. Bytes that are no character are read as `\uFFFD`. */
      readonly fault?: string;
      readonly rows: AsyncIterable<RowRead>;
    }
  | { readonly ok: false; readonly message: string };

export interface ReadOptions {
  /** Default: the one of `,` `;` tab `|` that is most frequent in the first line. */
  readonly delimiter?: string;
}

/**
 * Opens a file of rows: CSV (`.csv`, `.tsv`), NDJSON (`.ndjson`, `.jsonl`), JSON (`.json`), or by content.
 *
 * The whole file is checked to be UTF-8 before the first row is given, so that the rows that hold other bytes can
 * be refused instead of being taken with broken words. UTF-16 is refused whole.
 */
export async function openRows(file: string, options: ReadOptions = {}): Promise<OpenedRows> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    return refuse(`${file}: cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) return refuse(`${file}: is not a file`);
    const fault = await encodingFault(handle);
    if (fault?.whole === true) return refuse(`${file}: ${fault.words}`);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const bom = buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf ? 3 : 0;
    const head = buffer.subarray(bom, wholeCharacters(buffer, bytesRead)).toString('utf8');
    if (head.trim() === '' && stat.size <= HEAD_BYTES) return refuse(`${file}: the file is empty`);
    const rows = await rowsOf(file, bom, head, options);
    const where = fault === undefined ? {} : { fault: `${file}: ${fault.words}` };
    return rows.ok ? { ...rows, bytes: stat.size, ...where } : rows;
  } finally {
    await handle.close();
  }
}

const HEAD_BYTES = 256 * 1024;

const refuse = (message: string) => ({ ok: false, message }) as const;

async function rowsOf(file: string, start: number, head: string, { delimiter }: ReadOptions) {
  const format = formatOf(file, head);
  if (format === 'json')
    return { ok: true, format, columns: undefined, rows: readArray(file, start) } as const;
  if (format === 'ndjson')
    return { ok: true, format, columns: undefined, rows: readLines(file, start) } as const;
  const between = delimiter ?? likelyDelimiter(head);
  const columns = await headerOf(file, start, between);
  const fault = headerFault(columns);
  return fault === undefined
    ? ({ ok: true, format, columns, rows: readCsv(file, start, between) } as const)
    : refuse(`${file}:1: ${fault}`);
}

const EXTENSIONS: Readonly<Record<string, FileFormat>> = {
  '.csv': 'csv',
  '.tsv': 'csv',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
};

function formatOf(file: string, head: string): FileFormat {
  const known = EXTENSIONS[extname(file).toLowerCase()];
  if (known !== undefined) return known;
  const text = head.trimStart();
  if (text.startsWith('[')) return 'json';
  if (!text.startsWith('{')) return extname(file).toLowerCase() === '.json' ? 'json' : 'csv';
  const [first = '', second] = text.split('\n');
  return second !== undefined && isJson(first) ? 'ndjson' : 'json';
}

function isJson(text: string): boolean {
  try {
    return JSON.parse(text) !== undefined;
  } catch {
    // Not a whole value: the object goes on over several lines.
    return false;
  }
}

const DELIMITERS = [',', ';', '\t', '|'] as const;

function likelyDelimiter(head: string): string {
  const line = (head.split('\n')[0] ?? '').replace(/"[^"]*"/g, '');
  const counts = DELIMITERS.map((each) => line.split(each).length - 1);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
}

/** The first row's cells; none when even that row is broken. */
async function headerOf(file: string, start: number, delimiter: string): Promise<readonly string[]> {
  const cells = await firstCsvRow(file, start, delimiter);
  return cells.map((name) => name.trim());
}

function headerFault(columns: readonly string[]): string | undefined {
  if (columns.length === 0) return 'the first line cannot be read as column names (is a quote never closed?)';
  const twice = columns.find((name, index) => name !== '' && columns.indexOf(name) !== index);
  return twice === undefined ? undefined : `the column "${twice}" is named twice in the first line`;
}

const CHUNK_BYTES = 1024 * 1024;

/** Why the file is not UTF-8 text, with the place; undefined when it is. `whole`: no row of it can be read. */
async function encodingFault(
  handle: FileHandle,
): Promise<{ readonly words: string; readonly whole: boolean } | undefined> {
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let carried = 0;
  let position = 0;
  let lines = 1;
  while (true) {
    const { bytesRead } = await handle.read(buffer, carried, CHUNK_BYTES - carried, position);
    const filled = carried + bytesRead;
    const begin = position - carried;
    const end = bytesRead === 0 ? filled : wholeCharacters(buffer, filled);
    const text = buffer.subarray(0, end);
    if (begin === 0 && isUtf16(text))
      return { words: 'is UTF-16; save it as UTF-8 and import it again', whole: true };
    if (!isUtf8(text)) {
      const bad = firstBadByte(text);
      const line = lines + countLines(text.subarray(0, bad));
      const byte = `0x${(text[bad] ?? 0).toString(16).padStart(2, '0')}`;
      const words = `is not UTF-8: byte ${byte} at offset ${begin + bad} (line ${line}) begins no character; rows with such bytes are refused; save it as UTF-8 and import it again`;
      return { words, whole: false };
    }
    if (bytesRead === 0) return undefined;
    lines += countLines(text);
    position += bytesRead;
    carried = filled - end;
    buffer.copy(buffer, 0, end, filled);
  }
}

const isUtf16 = (bytes: Uint8Array): boolean =>
  (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);

function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) count += 1;
  return count;
}
