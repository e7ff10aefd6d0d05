import {
  ambiguousParts,
  type DateOrder,
  dateIn,
  isKnown,
  numberIn,
  plainWord,
} from '../../domain/risk-model-values.ts';
import type { CsvTable } from '../csv-table.ts';

/** What a column is. Only numbers, words and dates carry a model; of the others it is at most told whether they are filled. */
export type ColumnKind = 'number' | 'word' | 'date' | 'text' | 'identifier' | 'constant' | 'empty';

export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Share of rows in which nothing is known, 0–1. */
  readonly missing: number;
  /** How many different values. */
  readonly distinct: number;
  readonly dates?: DateFacts;
  /** Set where every point stands before three digits, as in `1.234`: read as a decimal point, though it may part thousands. */
  readonly points?: 'guessed';
}

export interface DateFacts {
  readonly order: DateOrder;
  /** Whether the order of day and month had to be guessed: no date says it. */
  readonly guessed: boolean;
  /** Whether the column has both orders: some dates are damaged. */
  readonly mixed: boolean;
  readonly newest: number;
  readonly spanDays: number;
  /** Whether there is a time of day. */
  readonly timed: boolean;
}

/** Share of the filled cells that must be numbers (or dates) for the column to be one; the rest is a slip of the pen. */
const MOSTLY = 0.95;
/** A column of words in which more than this share differ names things one by one. */
const MOSTLY_DISTINCT = 0.5;
const DAY_MS = 86_400_000;

/** Finds out what each column of a table is, from nothing but its cells and its name. */
export function describeColumns(table: CsvTable): readonly Column[] {
  return table.columns.map((name, index) =>
    describe(
      name,
      table.rows.map((row) => row[index] ?? ''),
    ),
  );
}

function describe(name: string, cells: readonly string[]): Column {
  const known = cells.filter(isKnown).map((cell) => cell.trim());
  const distinct = new Set(known).size;
  const facts = { name, missing: cells.length === 0 ? 1 : 1 - known.length / cells.length, distinct };
  if (distinct === 0) return { ...facts, kind: 'empty' };
  if (distinct === 1 && known.length === cells.length) return { ...facts, kind: 'constant' };
  const dates = dateFacts(name, known);
  if (dates !== undefined) return { ...facts, kind: 'date', dates };
  const numbers = known.map(numberIn).filter((number) => number !== undefined);
  if (distinct >= FEW_CUSTOMERS && namesACustomer(name)) return { ...facts, kind: 'identifier' };
  if (numbers.length >= MOSTLY * known.length) {
    const kind = isNumbering(name, numbers, distinct) ? 'identifier' : 'number';
    return { ...facts, kind, ...(pointsAreGuessed(known) ? { points: 'guessed' } : {}) };
  }
  return { ...facts, kind: kindOfWords(known, distinct) };
}

/** `0.125` and `1234.567` can only be decimals; `1.234` and `12.000` may be either. */
function pointsAreGuessed(known: readonly string[]): boolean {
  const pointed = known.filter((cell) => cell.includes('.'));
  return pointed.length > 0 && pointed.every((cell) => /^\D*[1-9]\d{0,2}\.\d{3}\D*$/.test(cell));
}

function dateFacts(name: string, known: readonly string[]): DateFacts | undefined {
  const parts = known.map(ambiguousParts).filter((pair) => pair !== undefined);
  const dayFirst = parts.filter(([first]) => first > 12).length;
  const monthFirst = parts.filter(([, second]) => second > 12).length;
  const order: DateOrder = monthFirst > dayFirst ? 'month_first' : 'day_first';
  const instants = known.map((cell) => dateIn(cell, order)).filter((at) => at !== undefined);
  if (instants.length < MOSTLY * known.length && instants.length < 0.5 * parts.length) return undefined;
  if (instants.length < 0.5 * known.length) return undefined;
  // Eight digits alone may as well be a number.
  if (known.every((cell) => /^\d+$/.test(cell)) && !/date|day|time|since|until|_at$|_on$/i.test(name))
    return undefined;
  const oldest = instants.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const newest = instants.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return {
    order,
    guessed: parts.length > 0 && dayFirst + monthFirst === 0,
    mixed: Math.min(dayFirst, monthFirst) > 0,
    newest,
    spanDays: (newest - oldest) / DAY_MS,
    timed: instants.filter((at) => at % DAY_MS !== 0).length > 0.1 * instants.length,
  };
}

const NAMED_LIKE_A_NUMBERING =
  /(^|[^a-z])(id|ids|uuid|guid|key|code|phone|number|no|nr|num|ref|account|ticket|msisdn)$/i;

/** Fewer are kinds of customers, not customers. */
const FEW_CUSTOMERS = 30;

/** Whether a column says by its name whose row it is, such as `customer_id`; customers may have several rows. */
export const namesACustomer = (name: string): boolean =>
  /(^|[^a-z])(customer|client|user|member|subscriber|account|household|patient|guest)s? ?(id|uid|uuid|guid|key|number|no|nr|num|ref)$/i.test(
    spaced(name),
  );

/** Whole numbers, all different, that count through or are called a number: they name, and measure nothing. */
function isNumbering(name: string, numbers: readonly number[], distinct: number): boolean {
  if (numbers.length < 30 || distinct < 0.98 * numbers.length || !numbers.every(Number.isInteger))
    return false;
  const lowest = numbers.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const highest = numbers.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const dense = highest - lowest < 1.5 * numbers.length;
  const sameLength = lowest >= 10_000 && String(lowest).length === String(highest).length;
  return dense || sameLength || NAMED_LIKE_A_NUMBERING.test(spaced(name));
}

function kindOfWords(known: readonly string[], distinct: number): ColumnKind {
  const many = distinct > MOSTLY_DISTINCT * known.length && distinct > 30;
  const words = known.reduce((sum, cell) => sum + cell.split(/\s+/).length, 0) / known.length;
  const plain = new Set(known.map((cell) => plainWord(cell))).size;
  if (words >= 3.5 && plain > 0.2 * known.length && plain > 30) return 'text';
  return many ? 'identifier' : 'word';
}

/** `customerId` and `customer_id` as `customer Id`. */
export const spaced = (name: string): string =>
  name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/[_\-.]+/g, ' ');
