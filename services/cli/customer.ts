import { closeSync, openSync, writeSync } from 'node:fs';
import type { CustomerItem } from '../embedded/customer-data/customer-data.sqlite.ts';
import { forgetInFolder, NoData, NoRoom, readCustomer } from '../embedded/customer-data/in-folder.ts';
import { type Command, EXIT, globals, type Io, readArgs, UsageError } from './command.ts';

/** What a customer may ask of a company: what is known of them, and that it be forgotten. */
export const customerCommands: readonly Command[] = [
  {
    name: 'customer export',
    summary: 'everything that is stored about a customer, for who asks for it',
    help: `
Usage: tocsin customer export CUSTOMER [--out FILE.ndjson] [--data DIR]

Writes a line of JSON for each thing that is stored about the customer: where it is (a topic of the log or a table), its key,
when it was stored, and the thing itself. Tocsin may run meanwhile. What names the customer only in its words is not found;
infra/privacy.md says what is stored where, and for how long.

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

Without --yes it says what would go, and changes nothing. With --yes it removes records, scores, alerts, their history,
waiting messages, dead letters and timers of the customer for good; an alert about a whole product or region loses the
customer's evidence and stays. Tocsin must be stopped for it. Figures of the past count the customer no more.

It does not reach backups, messages that have left for Slack or mail, files that were imported, and your sources: tell them
first, or they send the customer again. infra/privacy.md has the list.

Example:
  tocsin customer forget C-1001 --yes --data /var/lib/tocsin

Exit codes: 0 done; 1 nothing is known of the customer, or Tocsin runs; 2 used wrongly.
`,
    run: (args, io) => guarded('customer forget', () => forgetCommand(args, io), io),
  },
];

/** On many machines the data is not in a folder; saying nothing would look as if nobody were known. */
async function guarded(name: string, work: () => Promise<number>, io: Io): Promise<number> {
  const elsewhere = io.env.TOCSIN_LOOP_CLOSURE_URL;
  if (elsewhere !== undefined && elsewhere !== '') {
    throw new UsageError(
      'works on a data folder, and TOCSIN_LOOP_CLOSURE_URL names many machines; infra/privacy.md says what can be done there',
    );
  }
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NoData || error instanceof NoRoom)) throw error;
    io.err(`tocsin ${name}: ${error.message}\n`);
    return EXIT.foundWrong;
  }
}

async function exportCustomer(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, { out: { type: 'string' } });
  const customer = customerIn(positionals);
  const write = values.out === undefined ? undefined : openOut(values.out);
  const counts = new Map<string, number>();
  try {
    for (const item of readCustomer(globals(values, io).data, customer)) {
      (write?.line ?? io.out)(lineOf(item));
      counts.set(item.where, (counts.get(item.where) ?? 0) + 1);
    }
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
  const { values, positionals } = readArgs(args, { yes: { type: 'boolean' } });
  const customer = customerIn(positionals);
  const { data } = globals(values, io);
  const found = new Map<string, number>();
  const told = new Map<string, number>();
  for (const { where, value } of readCustomer(data, customer)) {
    found.set(where, (found.get(where) ?? 0) + 1);
    const place = where === 'notification-outcomes' ? deliveredTo(value) : undefined;
    if (place !== undefined) told.set(place, (told.get(place) ?? 0) + 1);
  }
  if (found.size === 0) return unknown(customer, io);
  const messages = Object.fromEntries(told);
  if (values.yes !== true) {
    const wouldGo = Object.fromEntries(found);
    if (values.json === true) io.out(`${JSON.stringify({ customer, wouldGo, messages })}\n`);
    else
      io.out(
        `${counted(found)}\nNothing was changed. With --yes all of this goes, for good.\n${messageWords(told)}`,
      );
    return EXIT.done;
  }
  const forgotten = await forgetInFolder(data, customer, io.env);
  if (values.json === true) io.out(`${JSON.stringify({ customer, forgotten, messages })}\n`);
  else {
    for (const [where, { removed, changed }] of Object.entries(forgotten))
      io.out(
        `${String(removed).padStart(7)} removed ${changed === 0 ? '' : `, ${changed} changed `}  ${where}\n`,
      );
    io.out(`Forgotten. Backups made before this still hold the customer.\n${messageWords(told)}`);
  }
  return EXIT.done;
}

const counted = (found: ReadonlyMap<string, number>): string =>
  [...found].map(([where, n]) => `${String(n).padStart(7)}  ${where}`).join('\n');

/** Where a message was delivered: it is still there. */
function deliveredTo(value: unknown): string | undefined {
  // The topic's values are outcomes.
  const { outcome, channel, address } = value as { outcome: string; channel: string; address: string };
  return outcome === 'delivered' ? `${channel} ${address}` : undefined;
}

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
