/** A cell of a table. An absent one is empty. */
export type CsvCell = string | number | boolean | undefined;

/** Tells a spreadsheet that the text is UTF-8. */
export const CSV_MARK = '\ufeff';

/**
 * A line of CSV (RFC 4180), with its end.
 *
 * Text that a spreadsheet would take for a formula gets an apostrophe in front: customers write what they like, and a cell
 * `=HYPERLINK(…)` must not act when somebody opens the file.
 */
export const csvLine = (cells: readonly CsvCell[]): string => `${cells.map(cellText).join(',')}\r\n`;

const cellText = (cell: CsvCell): string => {
  if (cell === undefined) return '';
  if (typeof cell !== 'string') return String(cell);
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

const FORMULA = /^[=+\-@\t\r]/;
const QUOTED = /[",\r\n]/;
