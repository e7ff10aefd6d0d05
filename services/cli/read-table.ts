import { readFileSync } from 'node:fs';
import { type CsvTable, readCsvTable } from '../scoring/fit/csv-table.ts';
import type { Io } from './command.ts';

/** The table in a CSV file, or why there is none. Says what was odd about it. */
export function readTable(file: string, io: Io): CsvTable | string {
  try {
    const read = readCsvTable(readFileSync(file));
    if (!read.ok) return `${file}: ${read.problem}`;
    if (read.uneven > 0)
      io.err(
        `${file}: ${read.uneven} rows have more or fewer cells than the header; cells that are missing count as not known\n`,
      );
    return read.value;
  } catch (error) {
    return `${file}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
