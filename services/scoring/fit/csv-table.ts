import { CsvError, parse } from 'csv-parse/sync';

/** A table as it was read: cells are text, `rows[i][j]` stands in column `columns[j]`. */
export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export type CsvResult =
  | {
      readonly ok: true;
      readonly value: CsvTable;
      /** Rows with more or fewer cells than the header: what is too much is not looked at, what is missing is not known. */
      readonly uneven: number;
    }
  | { readonly ok: false; readonly problem: string };

/**
 * Reads CSV with a header, in UTF-8, UTF-16 or else Windows-1252, as older spreadsheets write it; comma, semicolon, tab or
 * bar, whichever the header has most of. A quote within an unquoted cell is just a quote.
 */
export function readCsvTable(bytes: Buffer): CsvResult {
  let rows: readonly (readonly string[])[];
  try {
    const { text, delimiter } = delimited(textOf(bytes));
    rows = parse(text, { delimiter, relax_column_count: true, relax_quotes: true, skip_empty_lines: true });
  } catch (error) {
    return { ok: false, problem: inWords(error) };
  }
  const [header, ...rest] = rows;
  if (header === undefined) return { ok: false, problem: 'the file is empty' };
  const columns = header.map((name) => name.trim());
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice !== undefined) return { ok: false, problem: `two columns are called "${twice}"` };
  const uneven = rest.filter(({ length }) => length !== columns.length).length;
  return { ok: true, value: { columns, rows: rest }, uneven };
}

function textOf(bytes: Buffer): string {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  if (utf16) return new TextDecoder('utf-16le').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** Spreadsheets may say the delimiter in a first line of its own: `sep=;`. */
function delimited(text: string): { readonly text: string; readonly delimiter: string } {
  const said = /^sep=(.)\r?\n/i.exec(text);
  if (said?.[1] !== undefined) return { text: text.slice(said[0].length), delimiter: said[1] };
  // Names in quotes may hold any of the signs, and line breaks.
  const header =
    text
      .slice(0, 65_536)
      .replace(/"[^"]*"/g, '')
      .trimStart()
      .split(/\r?\n/, 1)[0] ?? '';
  const count = (sign: string): number => header.split(sign).length;
  // Where two occur alike, the one that names hold least often.
  return { text, delimiter: ['\t', '|', ';', ','].toSorted((a, b) => count(b) - count(a))[0] ?? ',' };
}

/** The parser's own words quote cells, which may be a customer's. */
function inWords(error: unknown): string {
  if (!(error instanceof CsvError)) return error instanceof Error ? error.message : String(error);
  return error.code === 'CSV_QUOTE_NOT_CLOSED'
    ? 'a quote is opened and not closed by the end of the file'
    : `not a table of comma-separated values (${error.code})`;
}
