import { parse } from 'csv-parse/sync';

/** A table as it was read: cells are text, `rows[i][j]` stands in column `columns[j]`. */
export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export type CsvResult =
  | { readonly ok: true; readonly value: CsvTable }
  | { readonly ok: false; readonly problem: string };

/** Reads CSV with a header; comma, semicolon, tab or bar, whichever the header has most of. */
export function readCsvTable(bytes: Buffer): CsvResult {
  let rows: readonly (readonly string[])[];
  try {
    rows = parse(bytes, {
      bom: true,
      delimiter: delimiterOf(bytes),
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

function delimiterOf(bytes: Buffer): string {
  const line = bytes.subarray(0, 65_536).toString('utf8').split(/\r?\n/, 1)[0] ?? '';
  const count = (sign: string): number => line.split(sign).length;
  return [',', ';', '\t', '|'].toSorted((a, b) => count(b) - count(a))[0] ?? ',';
}
