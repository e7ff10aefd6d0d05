import { createReadStream } from 'node:fs';
import { CsvError, parse } from 'csv-parse';
import type { RecordProblem } from '../domain/parse-record.ts';
import type { RowRead } from './read-rows.ts';

/** One row of text may not be larger: an unclosed quote would otherwise take the whole file into memory. */
export const MAX_ROW_CHARACTERS = 1024 * 1024;

/**
 * Reads a CSV file row by row from byte `start`, in bounded memory. The first row names the columns and is
 * not yielded. A row of the wrong width is yielded as a problem. A quote in the middle of an unquoted cell,
 * as in `5" pipe`, is just a quote. After a quote that is not closed where a cell ends, only the line on which
 * the row begins is lost: reading goes on with the next line.
 */
export async function* readCsv(file: string, start: number, delimiter: string): AsyncGenerator<RowRead> {
  const rows = new RowCounter();
  let place: Place = { byte: start, line: 1 };
  while (true) {
    let fault: Fault | undefined;
    for await (const item of parseFrom(file, place, delimiter, false)) {
      if (typeof item === 'string') {
        fault = item;
        break;
      }
      const row = rows.take(item.cells, place.line);
      place = item.end;
      if (row !== undefined) yield row;
    }
    if (fault === undefined) return;
    const line = await lineAt(file, place.byte);
    const next: Place = { byte: line.end, line: place.line + 1 };
    // The parser passes over blank lines before the row at fault without telling.
    if (line.text === '') {
      place = next;
      continue;
    }
    const odd = fault === 'quote_inside' ? await rowOfOneLine(file, place, delimiter) : undefined;
    const row =
      odd === undefined
        ? rows.refuse(BROKEN[fault], place.line, line.text)
        : rows.take(odd.cells, place.line);
    place = odd?.end ?? next;
    if (row !== undefined) yield row;
  }
}

/** Where a row begins: byte from 0, line from 1. */
interface Place {
  readonly byte: number;
  readonly line: number;
}

interface RawRow {
  readonly cells: readonly string[];
  /** Where the next row begins. */
  readonly end: Place;
}

/** Why the row after the last one given cannot be read. */
type Fault = 'quote_inside' | 'quote' | 'too_large';

/** Numbers the rows, and compares their width with that of the first line. */
class RowCounter {
  #number = 0;
  #width: number | undefined;

  /** Undefined for the first line, which names the columns. */
  take(cells: readonly string[], line: number): RowRead | undefined {
    if (this.#width === undefined) {
      this.#width = cells.length;
      return undefined;
    }
    if (cells.length !== this.#width) return this.refuse(wrongWidth(cells.length, this.#width), line, cells);
    this.#number += 1;
    return { ok: true, number: this.#number, line, row: cells };
  }

  refuse(problem: RecordProblem, line: number, raw: unknown): RowRead {
    this.#number += 1;
    return { ok: false, number: this.#number, line, problems: [problem], raw };
  }
}

const wrongWidth = (found: number, expected: number): RecordProblem => ({
  field: '',
  reason: 'malformed',
  found: `${found} columns`,
  expected: `${expected} columns, as in the first line`,
});

const OPEN_QUOTE: RecordProblem = {
  field: '',
  reason: 'malformed',
  found: 'a quote (") that is opened on this line and never closed, or not where its cell ends',
  expected: 'a closing quote at the end of the cell; a quote inside one is doubled ("")',
};

const BROKEN: { readonly [F in Fault]: RecordProblem } = {
  quote: OPEN_QUOTE,
  quote_inside: OPEN_QUOTE,
  too_large: {
    field: '',
    reason: 'too_long',
    found: `a row of more than ${MAX_ROW_CHARACTERS} characters; perhaps a quote is never closed`,
    expected: `at most ${MAX_ROW_CHARACTERS} characters`,
  },
};

/** The cells of the first row; none when it cannot be read. */
export async function firstCsvRow(
  file: string,
  start: number,
  delimiter: string,
): Promise<readonly string[]> {
  const place = { byte: start, line: 1 };
  for await (const row of parseFrom(file, place, delimiter, false))
    return typeof row === 'string' ? [] : row.cells;
  return [];
}

/** The row at a place with its stray quotes kept, provided that it does not go on over several lines. */
async function rowOfOneLine(file: string, place: Place, delimiter: string): Promise<RawRow | undefined> {
  for await (const row of parseFrom(file, place, delimiter, true)) {
    return typeof row !== 'string' && row.end.line === place.line + 1 ? row : undefined;
  }
  return undefined;
}

/** Rows from a place on, as far as they can be read; then, if need be, the fault that ends them. */
async function* parseFrom(
  file: string,
  place: Place,
  delimiter: string,
  keepStrayQuotes: boolean,
): AsyncGenerator<RawRow | Fault> {
  const parsed: { cells: readonly string[]; end: number }[] = [];
  const lines = new LineEnds(place);
  const parser = parse({
    delimiter,
    relax_column_count: true,
    relax_quotes: keepStrayQuotes,
    skip_empty_lines: true,
    max_record_size: MAX_ROW_CHARACTERS,
    // Rows are collected here, in order with the errors of `write`, instead of from the stream's other end:
    // a stream that fails drops the rows that nobody has read yet.
    on_record: (cells: string[], { bytes }) => {
      parsed.push({ cells, end: place.byte + bytes });
      return null;
    },
  });
  parser.on('error', () => undefined);
  parser.resume();
  const stream = createReadStream(file, { start: place.byte });
  const rows = function* () {
    for (const { cells, end } of parsed.splice(0))
      yield { cells, end: { byte: end, line: lines.lineAt(end) } };
  };
  try {
    // A read stream without an encoding gives buffers.
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      lines.take(chunk);
      const error = await new Promise<unknown>((resolve) => parser.write(chunk, resolve));
      yield* rows();
      if (error != null) {
        yield faultOf(error);
        return;
      }
    }
    const error = await new Promise<unknown>((resolve) => parser.end(resolve));
    yield* rows();
    if (error != null) yield faultOf(error);
  } finally {
    stream.destroy();
    parser.destroy();
  }
}

function faultOf(error: unknown): Fault {
  const code = error instanceof CsvError ? error.code : undefined;
  switch (code) {
    case 'INVALID_OPENING_QUOTE':
      return 'quote_inside';
    case 'CSV_QUOTE_NOT_CLOSED':
    case 'CSV_INVALID_CLOSING_QUOTE':
      return 'quote';
    case 'CSV_MAX_RECORD_SIZE':
      return 'too_large';
    default:
      throw error;
  }
}

/** Knows on which line a byte stands. csv-parse's own count takes CRLF inside a cell for two lines. */
class LineEnds {
  #ends: number[] = [];
  #read: number;
  #line: number;

  constructor({ byte, line }: Place) {
    this.#read = byte;
    this.#line = line;
  }

  take(chunk: Buffer): void {
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, at + 1))
      this.#ends.push(this.#read + at);
    this.#read += chunk.length;
  }

  /** The line of a byte; asked for bytes in rising order only. */
  lineAt(byte: number): number {
    let passed = 0;
    while (passed < this.#ends.length && (this.#ends[passed] ?? 0) < byte) passed += 1;
    this.#ends.splice(0, passed);
    this.#line += passed;
    return this.#line;
  }
}

/** The line that begins at a byte: its text, shortened, and the first byte after it. */
async function lineAt(file: string, start: number): Promise<{ readonly text: string; readonly end: number }> {
  const stream = createReadStream(file, { start });
  const kept: Buffer[] = [];
  let end = start;
  // A read stream without an encoding gives buffers.
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const newline = chunk.indexOf(0x0a);
    if (end - start < MAX_KEPT_BYTES) kept.push(newline < 0 ? chunk : chunk.subarray(0, newline));
    end += newline < 0 ? chunk.length : newline + 1;
    if (newline >= 0) break;
  }
  return { text: Buffer.concat(kept).subarray(0, MAX_KEPT_BYTES).toString('utf8').trimEnd(), end };
}

/** Enough to find the line again. */
const MAX_KEPT_BYTES = 64 * 1024;
