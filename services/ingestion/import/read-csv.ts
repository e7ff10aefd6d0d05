import { createReadStream } from 'node:fs';
import { CsvError, parse } from 'csv-parse';
import type { RecordProblem } from '../domain/parse-record.ts';
import type { RowRead } from './read-rows.ts';

/** One row of text may not be larger: an unclosed quote would otherwise take the whole file into memory. */
export const MAX_ROW_CHARACTERS = 1024 * 1024;

interface RawRow {
  readonly cells: readonly string[];
  /** Of the row's last line, from 1. */
  readonly line: number;
  /** First byte after the row. */
  readonly end: number;
}

/** A quote that is never closed, or a row that is too large: where it began. */
interface Broken {
  readonly fault: 'quote' | 'too_large';
}

/**
 * Reads a CSV file row by row from `start`, in bounded memory. The first row names the columns and is not
 * yielded. A row of the wrong width is yielded as a problem. After a quote that is never closed only the line
 * on which it opens is lost: reading goes on with the next line.
 */
export async function* readCsv(file: string, start: number, delimiter: string): AsyncGenerator<RowRead> {
  let from = start;
  let linesBefore = 0;
  let number = 0;
  let width: number | undefined;
  while (true) {
    let line = linesBefore;
    let broken: Broken | undefined;
    for await (const row of parseFrom(file, from, delimiter)) {
      if ('fault' in row) {
        broken = row;
        break;
      }
      const first = line + 1;
      line = linesBefore + row.line;
      from = row.end;
      if (width === undefined) {
        width = row.cells.length;
        continue;
      }
      number += 1;
      yield row.cells.length === width
        ? { ok: true, number, line: first, row: row.cells }
        : { ok: false, number, line: first, problems: [wrongWidth(row.cells.length, width)], raw: row.cells };
    }
    if (broken === undefined) return;
    const lost = await lineAt(file, from);
    number += 1;
    yield { ok: false, number, line: line + 1, problems: [BROKEN[broken.fault]], raw: lost.text };
    from = lost.end;
    linesBefore = line + 1;
  }
}

/** The cells of the first row; none when it cannot be read. */
export async function firstCsvRow(
  file: string,
  start: number,
  delimiter: string,
): Promise<readonly string[]> {
  for await (const row of parseFrom(file, start, delimiter)) return 'fault' in row ? [] : row.cells;
  return [];
}

const wrongWidth = (found: number, expected: number): RecordProblem => ({
  field: '',
  reason: 'malformed',
  found: `${found} columns`,
  expected: `${expected} columns, as in the first line`,
});

const BROKEN: { readonly [F in Broken['fault']]: RecordProblem } = {
  quote: {
    field: '',
    reason: 'malformed',
    found: 'a quote (") that is opened on this line and never closed',
    expected: 'a closing quote',
  },
  too_large: {
    field: '',
    reason: 'too_long',
    found: `a row of more than ${MAX_ROW_CHARACTERS} characters; perhaps a quote is never closed`,
    expected: `at most ${MAX_ROW_CHARACTERS} characters`,
  },
};

async function* parseFrom(file: string, start: number, delimiter: string): AsyncGenerator<RawRow | Broken> {
  const parser = parse({
    delimiter,
    info: true,
    relax_column_count: true,
    // A quote in the middle of an unquoted cell is a quote, as in `5" pipe`.
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_ROW_CHARACTERS,
  });
  const stream = createReadStream(file, { start });
  stream.on('error', (error) => parser.destroy(error));
  try {
    for await (const read of stream.pipe(parser)) {
      // With `info`, csv-parse gives `{ record, info }`; its type says any.
      const { record, info } = read as { record: string[]; info: { lines: number; bytes: number } };
      yield { cells: record, line: info.lines, end: start + info.bytes };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    if (error.code === 'CSV_QUOTE_NOT_CLOSED') yield { fault: 'quote' };
    else if (error.code === 'CSV_MAX_RECORD_SIZE') yield { fault: 'too_large' };
    else throw error;
  } finally {
    stream.destroy();
  }
}

/** The line that begins at a byte: its text, shortened, and the first byte after it. */
async function lineAt(file: string, start: number): Promise<{ text: string; end: number }> {
  const stream = createReadStream(file, { start });
  const kept: Buffer[] = [];
  let end = start;
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
