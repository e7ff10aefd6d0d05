import type { CsvTable } from '../csv-table.ts';
import { type Column, namesACustomer } from './columns.ts';

/**
 * Whose row each one is, where customers have several, such as one at each cut-off; nothing where each row is a customer.
 * By the columns that were said to name customers, or else those that are identifiers and are called so.
 */
export function customersOf(
  table: CsvTable,
  described: readonly Column[],
  said: readonly string[],
): Int32Array | undefined {
  const found = described.filter(({ name, kind }) => kind === 'identifier' && namesACustomer(name));
  const names = said.length > 0 ? said : found.map(({ name }) => name);
  if (names.length === 0) return undefined;
  const columns = names.map((name) => table.columns.indexOf(name));
  const numbers = new Map<string, number>();
  const customers = Int32Array.from(table.rows, (row) => {
    const name = JSON.stringify(columns.map((column) => row[column]));
    const known = numbers.get(name) ?? numbers.size;
    numbers.set(name, known);
    return known;
  });
  return numbers.size < customers.length ? customers : undefined;
}
