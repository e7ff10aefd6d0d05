import { parse } from 'csv-parse/sync';

/** A table as it was read: cells are text, `rows[i][j]` stands in column `columns[j]`. */
export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export type CsvResult =
  | { readonly ok: true; readonly value: CsvTable }
  | { readonly ok: false; readonly problem: string };

/** Reads CSV with a header, in UTF-8 or else Windows-1252, as older spreadsheets write it; comma, semicolon, tab or bar, whichever the header has most of. */
export function readCsvTable(bytes: Buffer): CsvResult {
  let rows: readonly (readonly string[])[];
  try {
    const text = textOf(bytes);
    rows = parse(text, {
      bom: true,
      delimiter: delimiterOf(text),
      relax_column_count: true,
      skip_empty_lines: true,
    });
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
  const [header, ...rest] = rows;
  if (header === undefined) return { ok: false, problem: 'the file is empty' };
  const columns = header.map((name) => name.trim());
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice !== undefined) return { ok: false, problem: `two columns are called "${twice}"` };
  return { ok: true, value: { columns, rows: rest } };
}

function textOf(bytes: Buffer): string {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  if (utf16) return new TextDecoder('utf-16le').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function delimiterOf(text: string): string {
  const line = text.slice(0, 65_536).split(/\r?\n/, 1)[0] ?? '';
  const count = (sign: string): number => line.split(sign).length;
  return [',', ';', '\t', '|'].toSorted((a, b) => count(b) - count(a))[0] ?? ',';
}
