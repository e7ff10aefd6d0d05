import { z } from 'zod';
import { DAY, HOUR } from '../../platform/time/clock.ts';
import { type Behaviour, type FeatureValue, featureReader } from './features.ts';
import { type DateOrder, dateIn, numberIn, wordIn } from './risk-model-values.ts';

const column = z.string().min(1).max(200);
const dates = z.enum(['day_first', 'month_first']).default('day_first');

/**
 * How a fitted feature comes from the company's own columns. Columns are those of the CSV that the model learnt
 * from; in the pipeline they are the `extra` attributes of CRM records, or the profile feature named by `profile`.
 */
export const readingSchema = z.union([
  z.strictObject({ number: column, profile: z.string().optional() }),
  z.strictObject({ word: column, profile: z.string().optional() }),
  /** `yes` when the column has a value, `no` when it has none. */
  z.strictObject({ filled: column }),
  z.strictObject({ sum: z.array(column).min(2).max(20) }),
  /** Hours from the first date to the second. */
  z.strictObject({ hours_between: z.tuple([column, column]), dates }),
  /** 0–23. */
  z.strictObject({ hour: column, dates }),
  /** 1 (Monday) to 7 (Sunday). */
  z.strictObject({ weekday: column, dates }),
  /** Days from the date to the moment of scoring; in a CSV, to its newest date. */
  z.strictObject({ days_since: column, dates }),
]);
export type Reading = z.output<typeof readingSchema>;

/** Where cells come from, and when "now" is for ages. */
export interface Cells {
  cell(column: string): unknown;
  /** Epoch ms. */
  readonly at: number;
}

/** The value of a feature in a row of cells; `undefined` is "not known". */
export type ReadCells = (cells: Cells) => FeatureValue;

/** Compiles a reading into a function. It never throws: what cannot be read is not known. */
export function compileReading(reading: Reading): ReadCells {
  if ('number' in reading) return ({ cell }) => numberIn(cell(reading.number));
  if ('word' in reading) return ({ cell }) => wordIn(cell(reading.word));
  if ('filled' in reading) return ({ cell }) => (wordIn(cell(reading.filled)) === undefined ? 'no' : 'yes');
  if ('sum' in reading) return ({ cell }) => sumOf(reading.sum.map((name) => numberIn(cell(name))));
  if ('hours_between' in reading) {
    const [from, to] = reading.hours_between;
    return ({ cell }) => hoursBetween(dateIn(cell(from), reading.dates), dateIn(cell(to), reading.dates));
  }
  if ('hour' in reading)
    return dateReader(reading.hour, reading.dates, (at) => Math.floor((at % DAY) / HOUR));
  if ('weekday' in reading) {
    return dateReader(reading.weekday, reading.dates, (at) => new Date(at).getUTCDay() || 7);
  }
  return dateReader(reading.days_since, reading.dates, (at, now) => Math.floor((now - at) / DAY));
}

function dateReader(name: string, order: DateOrder, use: (at: number, now: number) => number): ReadCells {
  return ({ cell, at }) => {
    const date = dateIn(cell(name), order);
    return date === undefined ? undefined : use(date, at);
  };
}

const hoursBetween = (from: number | undefined, to: number | undefined): number | undefined =>
  from === undefined || to === undefined ? undefined : (to - from) / HOUR;

function sumOf(values: readonly (number | undefined)[]): number | undefined {
  let sum = 0;
  for (const value of values) {
    if (value === undefined) return undefined;
    sum += value;
  }
  // Cents do not add up exactly in binary; the dust would make cuts that nobody can read.
  return Number(sum.toPrecision(12));
}

/** The columns that a reading needs. */
export function columnsOf(reading: Reading): readonly string[] {
  if ('number' in reading) return [reading.number];
  if ('word' in reading) return [reading.word];
  if ('filled' in reading) return [reading.filled];
  if ('sum' in reading) return reading.sum;
  if ('hours_between' in reading) return reading.hours_between;
  if ('hour' in reading) return [reading.hour];
  if ('weekday' in reading) return [reading.weekday];
  return [reading.days_since];
}

/** Reads a fitted feature from what is known of a customer: first the column itself, then the profile. */
export function behaviourReader(reading: Reading): (seen: Behaviour) => FeatureValue {
  const read = compileReading(reading);
  const profile = 'profile' in reading ? reading.profile : undefined;
  const known = profile === undefined ? undefined : featureReader(profile);
  return (seen) => {
    const value = read({ cell: (name) => seen.attributes.extra?.[name], at: seen.at });
    return value ?? known?.(seen);
  };
}
