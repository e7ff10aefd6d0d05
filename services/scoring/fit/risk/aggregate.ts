import { dateIn, numberIn, wordIn } from '../../domain/risk-model-values.ts';
import type { CsvTable } from '../csv-table.ts';
import { describeColumns } from './columns.ts';
import { chanceOfSilence, fitRepeatBuying, type Visits } from './repeat-buying.ts';

const DAY_MS = 86_400_000;

export interface AggregateOptions {
  readonly id: string;
  readonly date: string;
  /** Number columns of an event, for example what was paid. */
  readonly values: readonly string[];
  /** Who has no event in so many days after the cut-off has left. */
  readonly horizonDays: number;
  /** Only customers with an event in so many days before the cut-off: the others have left already. */
  readonly activeDays: number;
  /** Epoch ms; default: as late as the horizon allows. */
  readonly cutoff?: number;
  /** Earlier cut-offs, so many days apart, that give each customer more rows; only such as have `activeDays` of events before them. */
  readonly earlier?: { readonly count: number; readonly everyDays: number };
}

export interface Aggregated {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** Epoch ms, the latest first. */
  readonly cutoffs: readonly number[];
  /** Events without a customer or a readable date. */
  readonly eventsLeft: number;
  /** Customers with an event before the cut-off, active or not; summed over the cut-offs. */
  readonly customersBefore: number;
}

export type AggregateResult =
  | { readonly ok: true; readonly value: Aggregated }
  | { readonly ok: false; readonly problem: string };

/** The column that says whether a customer was silent after the cut-off: `yes` or `no`. */
export const LEFT_COLUMN = 'left';

interface Event {
  readonly at: number;
  readonly values: readonly number[];
}

/**
 * Makes one row per customer out of events: what was known at a cut-off (how long ago, how often, how regularly, how
 * much), how likely silence is for who comes like that (`repeat-buying`, learnt from all customers' visits before the
 * cut-off), and whether the customer then came back. Nothing after the cut-off goes into the features.
 */
export function aggregateEvents(table: CsvTable, options: AggregateOptions): AggregateResult {
  const { customers, oldest, newest, left } = eventsByCustomer(table, options);
  if (newest === undefined || oldest === undefined)
    return { ok: false, problem: `no row has a readable date in "${options.date}"` };
  // The last day counts in full: dates without a time stand for its beginning.
  const cutoff =
    options.cutoff ?? Math.floor(newest / DAY_MS) * DAY_MS + DAY_MS - options.horizonDays * DAY_MS;
  if (cutoff + options.horizonDays * DAY_MS > newest + DAY_MS) {
    const last = new Date(newest).toISOString().slice(0, 10);
    return {
      ok: false,
      problem: `the events end on ${last}: too early to know ${options.horizonDays} days after the cut-off`,
    };
  }
  const { count = 0, everyDays = 0 } = options.earlier ?? {};
  const cutoffs = Array.from({ length: count + 1 }, (_, index) => cutoff - index * everyDays * DAY_MS).filter(
    (moment) => moment === cutoff || moment - oldest >= options.activeDays * DAY_MS,
  );
  const tables = cutoffs.map((moment) => customersAt(customers, moment, options));
  const columns = [options.id, ...featureNames(options.values), LEFT_COLUMN];
  const rows = tables.flatMap((each) => each.rows);
  const customersBefore = tables.reduce((sum, { before }) => sum + before, 0);
  return { ok: true, value: { columns, rows, cutoffs, eventsLeft: left, customersBefore } };
}

function customersAt(
  customers: ReadonlyMap<string, readonly Event[]>,
  cutoff: number,
  options: AggregateOptions,
): { rows: readonly (readonly (string | number)[])[]; before: number } {
  const known = [...customers].flatMap(([customer, events]) => {
    const past = events.filter(({ at }) => at < cutoff);
    return past.length === 0 ? [] : [{ customer, events, past, visits: visitsOf(past, cutoff) }];
  });
  const buying = fitRepeatBuying(known.map(({ visits }) => visits));
  const until = cutoff + options.horizonDays * DAY_MS;
  const rows = known
    .filter(({ past }) => cutoff - (past.at(-1)?.at ?? 0) <= options.activeDays * DAY_MS)
    .map(({ customer, events, past, visits }) => {
      const silence =
        buying === undefined ? '' : thousandths(chanceOfSilence(buying, visits, options.horizonDays));
      const cameBack = events.some(({ at }) => at >= cutoff && at < until);
      return [customer, ...featuresAt(cutoff, past, options.values.length), silence, cameBack ? 'no' : 'yes'];
    });
  return { rows, before: known.length };
}

const daysBefore = (cutoff: number, { at }: Event): number => Math.floor((cutoff - at) / DAY_MS);

/** Several events of one day are one visit. */
function visitsOf(past: readonly Event[], cutoff: number): Visits {
  const days = past.map((event) => daysBefore(cutoff, event));
  const [first = 0, last = 0] = [days[0], days.at(-1)];
  return { repeats: new Set(days).size - 1, lastDay: first - last, today: first };
}

function eventsByCustomer(table: CsvTable, { id, date, values }: AggregateOptions) {
  const at = (name: string): number => table.columns.indexOf(name);
  const [idAt, dateAt] = [at(id), at(date)];
  const order = describeColumns({ columns: [date], rows: table.rows.map((row) => [row[dateAt] ?? '']) })[0]
    ?.dates?.order;
  const customers = new Map<string, Event[]>();
  let oldest: number | undefined;
  let newest: number | undefined;
  let left = 0;
  for (const row of table.rows) {
    const customer = wordIn(row[idAt] ?? '');
    const when = dateIn(row[dateAt] ?? '', order ?? 'day_first');
    if (customer === undefined || when === undefined) {
      left++;
      continue;
    }
    oldest = Math.min(oldest ?? when, when);
    newest = Math.max(newest ?? when, when);
    const event = { at: when, values: values.map((name) => numberIn(row[at(name)] ?? '') ?? 0) };
    const known = customers.get(customer);
    if (known === undefined) customers.set(customer, [event]);
    else known.push(event);
  }
  for (const events of customers.values()) events.sort((a, b) => a.at - b.at);
  return { customers, oldest, newest, left };
}

const featureNames = (values: readonly string[]): readonly string[] => [
  'events',
  'events_30d',
  'events_90d',
  'events_180d',
  'days_since_last',
  'days_since_first',
  'mean_days_between',
  'last_days_between',
  'gaps_overdue',
  ...values.flatMap((name) => [`${name}_total`, `${name}_mean`, `${name}_last`, `${name}_180d`]),
  'silence_expected',
];

function featuresAt(
  cutoff: number,
  past: readonly Event[],
  valueCount: number,
): readonly (string | number)[] {
  const days = past.map((event) => daysBefore(cutoff, event));
  const within = (limit: number): number => days.filter((age) => age < limit).length;
  const [first = 0, last = 0] = [days[0], days.at(-1)];
  // Several events of one day are one visit: gaps are between days.
  const visits = [...new Set(days)];
  const gap = visits.length < 2 ? undefined : (first - last) / (visits.length - 1);
  const lastGap = visits.length < 2 ? undefined : (visits.at(-2) ?? 0) - last;
  const money = Array.from({ length: valueCount }, (_, index) => {
    const amounts = past.map(({ values }) => values[index] ?? 0);
    const total = amounts.reduce((sum, amount) => sum + amount, 0);
    const recent = amounts
      .filter((_, event) => (days[event] ?? 0) < 180)
      .reduce((sum, amount) => sum + amount, 0);
    return [total, total / amounts.length, amounts.at(-1) ?? 0, recent].map(hundredths);
  });
  return [
    past.length,
    within(30),
    within(90),
    within(180),
    last,
    first,
    gap === undefined ? '' : hundredths(gap),
    lastGap ?? '',
    gap === undefined ? '' : hundredths(last / gap),
    ...money.flat(),
  ];
}

const hundredths = (value: number): number => Math.round(value * 100) / 100;
const thousandths = (value: number): number => Math.round(value * 1000) / 1000;
