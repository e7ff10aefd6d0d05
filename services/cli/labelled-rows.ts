import { didYouMean } from '../platform/config/did-you-mean.ts';
import type { LabelledText } from '../scoring/quality/evaluate-sentiment.ts';
import type { Io } from './command.ts';
import { readTable } from './read-table.ts';

/** The two columns of a CSV that say text and label, or why they cannot be had. */
export function readLabelledRows(
  file: string,
  text: string,
  label: string,
  io: Io,
): readonly LabelledText[] | string {
  const table = readTable(file, io);
  if (typeof table === 'string') return table;
  const { columns, rows } = table;
  for (const column of [text, label]) {
    if (!columns.includes(column)) return `${file}: no column "${column}"${didYouMean(column, columns)}`;
  }
  const [textAt, labelAt] = [columns.indexOf(text), columns.indexOf(label)];
  return rows.map((row) => ({ text: row[textAt] ?? '', label: row[labelAt] ?? '' }));
}
