import type { CsvTable } from '../csv-table.ts';
import { seeded } from './random.ts';

/**
 * Customers whose reasons to leave are known, for tests: risk rises with `calls` (a step at 4), falls with `tenure`,
 * is high where `plan` is A and `zone` is north but not for either alone, and where `income` is not known.
 */
export function knownTable(rows: number, seed = 1): CsvTable {
  const random = seeded(seed);
  const pick = (words: readonly string[]): string => words[Math.floor(random() * words.length)] ?? '';
  return {
    columns: [
      'customer',
      'gender',
      'tenure',
      'calls',
      'plan',
      'zone',
      'income',
      'noise',
      'country',
      'closed_on',
      'left',
    ],
    rows: Array.from({ length: rows }, (_, row) => {
      const tenure = Math.floor(random() * 60);
      const calls = Math.floor(random() * 8);
      const plan = pick(['A', 'B', 'C']);
      const zone = pick(['north', 'south']);
      const income = random() < 0.2 ? '' : String(Math.floor(random() * 9000));
      const logOdds =
        -1.5 -
        tenure / 30 +
        (calls >= 4 ? 1.5 : 0) +
        (plan === 'A' && zone === 'north' ? 2.5 : 0) +
        (income === '' ? 1.2 : 0);
      const left = random() < 1 / (1 + Math.exp(-logOdds));
      return [
        `c${row}`,
        pick(['Male', 'Female']),
        String(tenure),
        String(calls),
        plan,
        zone,
        income,
        String(Math.floor(random() * 100)),
        'DE',
        left ? '2026-03-01' : '',
        left ? 'yes' : 'no',
      ];
    }),
  };
}

/** The table as CSV text. */
export const csvOf = ({ columns, rows }: CsvTable): string =>
  `${[columns, ...rows].map((row) => row.join(',')).join('\n')}\n`;
