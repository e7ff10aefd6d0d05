import type { Behaviour } from '../domain/features.ts';
import { observe } from '../domain/features.ts';
import type { RiskModel } from '../domain/risk-model.ts';
import { isKnown } from '../domain/risk-model-values.ts';
import type { CsvTable } from '../fit/csv-table.ts';

/**
 * The model's probability for each row of a table: the columns stand in for the customer's attributes, and nothing
 * else is known. `at` is when ages are taken, epoch ms.
 */
export function probabilitiesOf(model: RiskModel, table: CsvTable, at: number): Float64Array {
  return Float64Array.from(table.rows, (row) => model.probability(customerOf(table.columns, row, at)));
}

/** A customer of whom no more is known than a row of a table says. */
export function customerOf(columns: readonly string[], row: readonly string[], at: number): Behaviour {
  const extra: Record<string, string> = {};
  for (const [index, column] of columns.entries()) {
    const cell = row[index] ?? '';
    if (isKnown(cell)) extra[column] = cell;
  }
  return observe({ at, history: '', open: '', seen: '', attributes: { extra } });
}
