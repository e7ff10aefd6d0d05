import { closeSync, openSync, writeSync } from 'node:fs';
import { forgetInFolder, NoData, NoRoom, readCustomer } from '../embedded/customer-data/in-folder.ts';
import type { CustomerItem, Forgotten } from '../embedded/customer-data/rows-about.ts';
import { SECOND } from '../platform/time/clock.ts';
import { type Command, EXIT, globals, type Io, readArgs, UsageError } from './command.ts';
import { type Machines, openMachines, StillComing } from './customer/on-machines.ts';
import { NotRead } from './customer/topics.kafka.ts';
import { readServers } from './server-settings.ts';

/** What a customer may ask of a company: what is known of them, and that it be forgotten. */
export const customerCommands: readonly Command[] = [
  {
    name: 'customer export',
    summary: 'everything that is stored about a customer, for who asks for it',
    help: `
Usage: tocsin customer export CUSTOMER [--out FILE.ndjson] [--data DIR]
       tocsin customer export CUSTOMER [--out FILE.ndjson] [--tables-only]   (many machines)

Writes a line of JSON for each thing that is stored about the customer: where it is (a topic of the log or a table), its key,
when it was stored, and the thing itself. Tocsin may run meanwhile. What names the customer only in its words is not found;
infra/privacy.md says what is stored where, and for how long.

On many machines, which is where TOCSIN_DATABASE_URL is set, all topics are read: that takes as long as it takes.

  --tables-only   many machines: what PostgreSQL holds, and nothing of the topics

Settings of many machines: TOCSIN_DATABASE_URL, TOCSIN_KAFKA_BROKERS, TOCSIN_REGISTRY_URL, TOCSIN_TOPIC_PREFIX, and logins:
infra/logins.md.

Example:
  tocsin customer export C-1001 --out C-1001.ndjson --data /var/lib/tocsin

Exit codes: 0 done; 1 nothing is known of the customer; 2 used wrongly.
`,
    run: (args, io) => guarded('customer export', () => exportCustomer(args, io), io),
  },
  {
    name: 'customer forget',
    summary: 'remove everything that is stored about a customer',
    help: `
Usage: tocsin customer forget CUSTOMER [--yes] [--data DIR] [--json]
       tocsin customer forget CUSTOMER [--yes] [--wait SECONDS] [--json]   (many machines)

Without --yes it says what would go, and changes nothing. With --yes it removes records, scores, alerts, their history,
waiting messages, dead letters and timers of the customer for good; an alert about a whole product or region loses the
customer's evidence and stays. Figures of the past count the customer no more.

On one machine Tocsin must be stopped for it. On many machines, which is where TOCSIN_DATABASE_URL is set, the services must
run; records in Kafka topics stay until their retention ends, and the command says when that is.

It does not reach backups, messages that have left for Slack or mail, files that were imported, and your sources: tell them
first, or they send the customer again. infra/privacy.md has the list.

  --wait SECONDS   many machines: how long a service that does not read is waited for (default 60)

Settings of many machines: as for tocsin customer export.

Example:
  tocsin customer forget C-1001 --yes --data /var/lib/tocsin

Exit codes: 0 done; 1 nothing is known of the customer, Tocsin runs, or on many machines something does not answer or come on;
2 used wrongly.
`,
    run: (args, io) => guarded('customer forget', () => forgetCommand(args, io), io),
  },
];

async function guarded(name: string, work: () => Promise<number>, io: Io): Promise<number> {
  try {
    return await work();
  } catch (error) {
    const known =
      error instanceof NoData ||
      error instanceof NoRoom ||
      error instanceof NotRead ||
      error instanceof StillComing;
    if (!known) throw error;
    io.err(`tocsin ${name}: ${error.message}\n`);
    return EXIT.foundWrong;
  }
}

const given = (io: Io, name: string): boolean =>
  [name, `${name}_FILE`].some((each) => (io.env[each] ?? '') !== '');

/** Where a customer's data is: in a folder, or, where the settings name a database, on many machines. */
async function withMachines<T>(io: Io, work: (machines: Machines) => Promise<T>): Promise<T> {
  const machines = await openMachines(
    readServers(io, ['TOCSIN_DATABASE_URL', 'TOCSIN_KAFKA_BROKERS', 'TOCSIN_REGISTRY_URL']),
  );
  try {
    return await work(machines);
  } finally {
    await machines.close();
  }
}

function isOnMachines(values: { readonly data?: string | undefined }, io: Io): boolean {
  if (given(io, 'TOCSIN_DATABASE_URL') && values.data === undefined) return true;
  // Their data is not in a folder; saying nothing would look as if nobody were known.
  if (given(io, 'TOCSIN_LOOP_CLOSURE_URL'))
    throw new UsageError(
      'TOCSIN_LOOP_CLOSURE_URL names many machines, whose data is in PostgreSQL and Kafka: set TOCSIN_DATABASE_URL, TOCSIN_KAFKA_BROKERS and TOCSIN_REGISTRY_URL as for the services',
    );
  return false;
}

async function exportCustomer(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, {
    out: { type: 'string' },
    'tables-only': { type: 'boolean' },
  });
  const customer = customerIn(positionals);
  const onMachines = isOnMachines(values, io);
  const write = values.out === undefined ? undefined : openOut(values.out);
  const counts = new Map<string, number>();
  const each = (item: CustomerItem): void => {
    (write?.line ?? io.out)(lineOf(item));
    counts.set(item.where, (counts.get(item.where) ?? 0) + 1);
  };
  try {
    if (onMachines) {
      const withTopics = values['tables-only'] !== true;
      await withMachines(io, async (machines) => {
        const onUnreadable = (records: number) =>
          io.err(`${records} records of the topics cannot be read by anybody; tocsin dlq list has them\n`);
        for await (const item of machines.read(customer, withTopics, onUnreadable)) each(item);
      });
    } else for (const item of readCustomer(globals(values, io).data, customer)) each(item);
  } finally {
    write?.close();
  }
  if (counts.size === 0) return unknown(customer, io);
  for (const [where, n] of counts) io.err(`${String(n).padStart(7)}  ${where}\n`);
  return EXIT.done;
}

function openOut(file: string) {
  try {
    // Not over a file that is there: it may be somebody else's answer.
    const handle = openSync(file, 'wx', 0o600);
    return { line: (text: string) => void writeSync(handle, text), close: () => closeSync(handle) };
  } catch (error) {
    throw new UsageError(`--out ${file}: ${String((error as Error).message)}`);
  }
}

const lineOf = ({ where, key, at, value }: CustomerItem): string =>
  `${JSON.stringify({ where, key, ...(at === undefined ? {} : { at: new Date(at).toISOString() }), value })}\n`;

async function forgetCommand(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, { yes: { type: 'boolean' }, wait: { type: 'string' } });
  const customer = customerIn(positionals);
  const options = { customer, yes: values.yes === true, json: values.json === true };
  const patienceMs = secondsIn(values.wait) * SECOND;
  if (isOnMachines(values, io))
    return withMachines(io, (machines) => forgetOnMachines(machines, { ...options, patienceMs }, io));
  const { data } = globals(values, io);
  const known = new Known('notification-outcomes');
  for (const item of readCustomer(data, customer)) known.add(item);
  const forget = async () => (known.found.size === 0 ? {} : forgetInFolder(data, customer, io.env));
  return forgetKnown({ known, forget, after: '' }, options, io);
}

/** A service that restarts takes less than a minute. */
function secondsIn(text = '60'): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new UsageError(`--wait: got "${text}", expected seconds, a whole number`);
}

interface ForgetOptions {
  readonly customer: string;
  readonly yes: boolean;
  readonly json: boolean;
}

async function forgetOnMachines(
  machines: Machines,
  options: ForgetOptions & { readonly patienceMs: number },
  io: Io,
): Promise<number> {
  const known = new Known('loop_delivery');
  for await (const item of machines.read(options.customer, false)) known.add(item);
  const goneBy = await machines.goneBy();
  const after =
    goneBy === undefined
      ? 'Records in Kafka topics stay: a topic keeps them for ever. See tocsin kafka plan.\n'
      : `Records in Kafka topics stay until their retention ends, the last of them until ${new Date(goneBy).toISOString().slice(0, 10)}.\n`;
  // Also what only now comes to be known, and what a run that was killed has left.
  const onPhase = (words: string) => io.err(`${words}\n`);
  const forget = () => machines.forget(options.customer, { patienceMs: options.patienceMs, onPhase });
  return forgetKnown({ known, forget, after, goneBy }, options, io);
}

/** What is stored about a customer, counted by place. */
class Known {
  readonly found = new Map<string, number>();
  /** Where messages were delivered. */
  readonly told = new Map<string, number>();
  readonly #deliveries: 'notification-outcomes' | 'loop_delivery';

  /** `deliveries` is the place that tells of them. */
  constructor(deliveries: 'notification-outcomes' | 'loop_delivery') {
    this.#deliveries = deliveries;
  }

  add({ where, value }: CustomerItem): void {
    this.found.set(where, (this.found.get(where) ?? 0) + 1);
    if (where !== this.#deliveries) return;
    const place = deliveredTo(where === 'loop_delivery' ? bodyOf(value) : value);
    if (place !== undefined) this.told.set(place, (this.told.get(place) ?? 0) + 1);
  }
}

async function forgetKnown(
  to: {
    readonly known: Known;
    readonly forget: () => Promise<Forgotten>;
    /** What is to be said of what stays. */
    readonly after: string;
    readonly goneBy?: number | undefined;
  },
  { customer, yes, json }: ForgetOptions,
  io: Io,
): Promise<number> {
  const { found, told } = to.known;
  const messages = Object.fromEntries(told);
  const topics = to.goneBy === undefined ? {} : { topicsUntil: new Date(to.goneBy).toISOString() };
  if (!yes) {
    if (found.size === 0) return unknown(customer, io);
    const wouldGo = Object.fromEntries(found);
    if (json) io.out(`${JSON.stringify({ customer, wouldGo, messages, ...topics })}\n`);
    else
      io.out(
        `${counted(found)}\nNothing was changed. With --yes all of this goes, for good.\n${to.after}${messageWords(told)}`,
      );
    return EXIT.done;
  }
  const forgotten = await to.forget();
  if (Object.keys(forgotten).length === 0) return unknown(customer, io);
  if (json) io.out(`${JSON.stringify({ customer, forgotten, messages, ...topics })}\n`);
  else {
    for (const [where, { removed, changed }] of Object.entries(forgotten))
      io.out(
        `${String(removed).padStart(7)} removed ${changed === 0 ? '' : `, ${changed} changed `}  ${where}\n`,
      );
    io.out(`Forgotten. Backups made before this still hold the customer.\n${to.after}${messageWords(told)}`);
  }
  return EXIT.done;
}

const counted = (found: ReadonlyMap<string, number>): string =>
  [...found].map(([where, n]) => `${String(n).padStart(7)}  ${where}`).join('\n');

/** Where a message was delivered: it is still there. */
function deliveredTo(value: unknown): string | undefined {
  // The topic's values are outcomes, and so is what the table has in its column of JSON.
  const { outcome, channel, address } = value as { outcome: string; channel: string; address: string };
  return outcome === 'delivered' ? `${channel} ${address}` : undefined;
}

const bodyOf = (row: unknown): unknown => (row as { readonly body: unknown }).body;

const messageWords = (told: ReadonlyMap<string, number>): string =>
  told.size === 0
    ? ''
    : `Messages that were delivered are not reached; delete them there: ${[...told].map(([place, n]) => `${place} (${n})`).join(', ')}\n`;

function customerIn([customer, ...more]: readonly string[]): string {
  if (customer === undefined) throw new UsageError('expected the id of a customer');
  if (more.length > 0) throw new UsageError(`unexpected "${more[0]}"; one customer at a time`);
  return customer;
}

function unknown(customer: string, io: Io): number {
  io.err(`Nothing is known of a customer with the id ${customer}.\n`);
  return EXIT.foundWrong;
}
