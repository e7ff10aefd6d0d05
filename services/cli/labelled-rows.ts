import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { didYouMean } from '../platform/config/did-you-mean.ts';
import type { LabelledText } from '../scoring/quality/evaluate-sentiment.ts';

/** The two columns of a CSV that say text and label, or why they cannot be had. */
export function readLabelledRows(
  file: string,
  text: string,
  label: string,
): readonly LabelledText[] | string {
  let table: readonly Readonly<Record<string, string>>[];
  try {
    table = parse(readFileSync(file), { columns: true, bom: true, relax_column_count: true });
  } catch (error) {
    return `${file}: ${error instanceof Error ? error.message : String(error)}`;
  }
  const columns = Object.keys(table[0] ?? {});
  for (const column of [text, label]) {
    if (!columns.includes(column)) return `${file}: no column "${column}"${didYouMean(column, columns)}`;
  }
  return table.map((row) => ({ text: row[text] ?? '', label: row[label] ?? '' }));
}
