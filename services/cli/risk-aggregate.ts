import { writeFileSync } from 'node:fs';
import { didYouMean } from '../platform/config/did-you-mean.ts';
import { type Aggregated, aggregateEvents, LEFT_COLUMN } from '../scoring/fit/risk/aggregate.ts';
import { type Command, EXIT, type Io, readArgs, UsageError } from './command.ts';
import { readTable } from './read-table.ts';
import { instant, splitColumns } from './risk-fit.ts';

/** Half a year: long enough for most who come back, short enough to have it in a year of data. */
const DEFAULT_DAYS = '180';
/** Each earlier cut-off tells less that is new, and of an older time. */
const DEFAULT_EARLIER = '2';

export const riskAggregateCommand: Command = {
  name: 'risk aggregate',
  summary: 'turn purchases or visits into one row per customer, to learn from',
  help: `
Usage: tocsin risk aggregate CSV --id COLUMN --date COLUMN --out CUSTOMERS.csv [options]

From a table of events, one row each, makes a table of customers as they were known at a cut-off: how many events, how
long ago, how regular, how much, how likely silence is for who comes like that (silence_expected, from the BG/NBD model
of repeat buying); and "${LEFT_COLUMN}" (yes or no): whether the customer then had no event within the horizon. Nothing after
the cut-off goes into the features. Then: tocsin risk fit CUSTOMERS.csv --label ${LEFT_COLUMN}=yes --id COLUMN

  --id COLUMN        whose event it is
  --date COLUMN      when it was
  --value COLUMN,…   numbers of an event, such as what was paid
  --horizon DAYS     silence that counts as having left (default ${DEFAULT_DAYS})
  --active DAYS      only customers with an event so shortly before the cut-off (default ${DEFAULT_DAYS})
  --cutoff DATE      default: as late as the horizon allows
  --earlier N        so many more cut-offs before it, as far as the events reach back, each of which gives every
                     customer one more row to learn from (default ${DEFAULT_EARLIER}). With the customer's column as --id (or a
                     name like customer_id) "risk fit" judges no customer by a model that has seen them
  --every DAYS       how far apart these are (default 30)
  --out FILE         where the table goes
  --json             what was made, as one JSON object

Example:
  tocsin risk aggregate purchases.csv --id customer --date day --value amount --out customers.csv

Exit codes: 0 made; 1 the table cannot be used; 2 used wrongly.
`,
  run: aggregate,
};

async function aggregate(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, {
    id: { type: 'string' },
    date: { type: 'string' },
    value: { type: 'string', multiple: true },
    horizon: { type: 'string', default: DEFAULT_DAYS },
    active: { type: 'string', default: DEFAULT_DAYS },
    cutoff: { type: 'string' },
    earlier: { type: 'string', default: DEFAULT_EARLIER },
    every: { type: 'string', default: '30' },
    out: { type: 'string' },
  });
  const [file, ...more] = positionals;
  const { id, date, out } = values;
  if (file === undefined || more.length > 0) throw new UsageError('expected one CSV file');
  if (id === undefined || date === undefined)
    throw new UsageError('--id and --date name the columns to read');
  if (out === undefined) throw new UsageError('--out names the file for the table');
  const horizonDays = daysOf('--horizon', values.horizon);
  const activeDays = daysOf('--active', values.active);
  const count = Number(values.earlier);
  if (!Number.isInteger(count) || count < 0)
    throw new UsageError(`--earlier: got "${values.earlier}", expected 0, 1, 2 …`);
  const earlier = { count, everyDays: daysOf('--every', values.every) };
  const cutoff = values.cutoff === undefined ? undefined : instant(values.cutoff, '--cutoff');
  const table = readTable(file, io);
  if (typeof table === 'string') return refuse(io, table);
  try {
    const { columns } = table;
    const numbers = (values.value ?? []).flatMap((list) => splitColumns(list, columns));
    const unknown = [id, date, ...numbers].find((column) => !columns.includes(column));
    if (unknown !== undefined)
      return refuse(io, `${file}: no column "${unknown}"${didYouMean(unknown, columns)}`);
    const options = {
      id,
      date,
      values: numbers,
      horizonDays,
      activeDays,
      earlier,
      ...(cutoff === undefined ? {} : { cutoff }),
    };
    const made = aggregateEvents(table, options);
    if (!made.ok) return refuse(io, `${file}: ${made.problem}`);
    writeFileSync(out, csvText(made.value));
    io.out(
      values.json === true
        ? `${JSON.stringify(figuresOf(made.value))}\n`
        : inWords(made.value, out, horizonDays),
    );
    return EXIT.done;
  } catch (error) {
    return refuse(io, error instanceof Error ? error.message : String(error));
  }
}

function refuse(io: Io, message: string): number {
  io.err(`${message}\n`);
  return EXIT.foundWrong;
}

function daysOf(option: string, text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1)
    throw new UsageError(`${option}: got "${text}", expected a number of days`);
  return days;
}

const csvText = ({ columns, rows }: Aggregated): string =>
  `${[columns, ...rows].map((row) => row.map((cell) => csvCell(String(cell))).join(',')).join('\n')}\n`;

const csvCell = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const figuresOf = ({ rows, cutoffs, eventsLeft, customersBefore }: Aggregated) => ({
  customers: new Set(rows.map(([customer]) => customer)).size,
  rows: rows.length,
  left: rows.filter((row) => row.at(-1) === 'yes').length,
  cutoffs: cutoffs.map((cutoff) => new Date(cutoff).toISOString().slice(0, 10)),
  customersNotActive: customersBefore - rows.length,
  eventsWithoutCustomerOrDate: eventsLeft,
});

function inWords(made: Aggregated, out: string, horizonDays: number): string {
  const { customers, rows, left, cutoffs, customersNotActive, eventsWithoutCustomerOrDate } = figuresOf(made);
  return `${out}: ${rows} rows of ${customers} customers as known until ${cutoffs.join(', ')}; in ${left} there was no event in the ${horizonDays} days after
${customersNotActive} more rows are of customers who were not active any more; ${eventsWithoutCustomerOrDate} events have no customer or no readable date
`;
}
