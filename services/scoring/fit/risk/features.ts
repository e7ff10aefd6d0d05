import type { FeatureValue } from '../../domain/features.ts';
import { compileReading, type Reading } from '../../domain/risk-model-reading.ts';
import type { CsvTable } from '../csv-table.ts';
import { type Column, spaced } from './columns.ts';

/** Something that a model may learn from: a column as it is, or what a column or several yield. */
export interface Feature {
  readonly name: string;
  readonly kind: 'number' | 'word';
  readonly reading: Reading;
}

/** Ages of dates count only where the dates reach back so far; of recent ones the differences tell more. */
const MIN_SPAN_DAYS_FOR_AGES = 365;
/** A cell that is nearly always or nearly never filled tells nothing by being filled. */
const TELLING_SHARE = [0.02, 0.98] as const;
/** More dates than this would make a pair for everything. */
const MAX_DATES = 6;

/** The features that a table offers, columns first. */
export function featuresOf(columns: readonly Column[]): readonly Feature[] {
  return [
    ...columns.flatMap(plainFeatures),
    ...columns.filter(isTellingWhenFilled).map(filledFeature),
    ...dateFeatures(columns.filter((column) => column.kind === 'date').slice(0, MAX_DATES)),
    ...sums(columns.filter((column) => column.kind === 'number')),
  ];
}

function plainFeatures({ name, kind }: Column): readonly Feature[] {
  if (kind === 'number') return [{ name, kind, reading: { number: name } }];
  return kind === 'word' ? [{ name, kind, reading: { word: name } }] : [];
}

const isTellingWhenFilled = ({ kind, missing }: Column): boolean =>
  (kind === 'identifier' || kind === 'text') && missing > TELLING_SHARE[0] && missing < TELLING_SHARE[1];

const filledFeature = ({ name }: Column): Feature => ({
  name: `${name} is filled in`,
  kind: 'word',
  reading: { filled: name },
});

function dateFeatures(columns: readonly Column[]): readonly Feature[] {
  const features: Feature[] = [];
  for (const [index, { name, dates }] of columns.entries()) {
    if (dates === undefined) continue;
    const order = dates.order;
    for (const later of columns.slice(index + 1)) {
      features.push({
        name: `hours from ${name} to ${later.name}`,
        kind: 'number',
        reading: { hours_between: [name, later.name], dates: order },
      });
    }
    if (dates.timed)
      features.push({ name: `hour of ${name}`, kind: 'number', reading: { hour: name, dates: order } });
    features.push({ name: `weekday of ${name}`, kind: 'number', reading: { weekday: name, dates: order } });
    if (dates.spanDays >= MIN_SPAN_DAYS_FOR_AGES || columns.length === 1) {
      features.push({
        name: `days since ${name}`,
        kind: 'number',
        reading: { days_since: name, dates: order },
      });
    }
  }
  return features;
}

/**
 * Columns whose names differ in one word (`day charge`, `eve charge`, `night charge`) are parts of one amount;
 * their sum often says what no part says. The last word is what is counted and must be the same, save a number.
 */
function sums(columns: readonly Column[]): readonly Feature[] {
  const families = new Map<string, string[]>();
  for (const { name } of columns) {
    const words = spaced(name)
      .replace(/([A-Za-z])(\d+)$/, '$1 $2')
      .toLowerCase()
      .split(/\s+/)
      .filter(Boolean);
    for (const [index, word] of words.entries()) {
      const last = index === words.length - 1;
      if (words.length < 2 || (last && !/^\d+$/.test(word))) continue;
      const pattern = words.with(index, '*').join(' ');
      families.set(pattern, [...(families.get(pattern) ?? []), name]);
    }
  }
  return [...families]
    .filter(([, names]) => names.length >= FAMILY[0] && names.length <= FAMILY[1])
    .map(([pattern, names]) => ({
      name: `${pattern.replace(/\s*\*\s*/, ' ').trim()}, all together`,
      kind: 'number',
      reading: { sum: names },
    }));
}

/** Two alike are chance; more than two dozen are measurements of their own (`V1` … `V28`). */
const FAMILY = [3, 24] as const;

/** The values of features in all rows of a table. `at` is the moment at which ages are taken, epoch ms. */
export function valuesOf(
  table: CsvTable,
  features: readonly Feature[],
  at: number,
): readonly (readonly FeatureValue[])[] {
  const index = new Map(table.columns.map((name, position) => [name, position]));
  return features.map(({ reading }) => {
    const read = compileReading(reading);
    return table.rows.map((row) => read({ cell: (name) => row[index.get(name) ?? -1], at }));
  });
}
