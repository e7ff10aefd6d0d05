import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { ParkedLetter } from '../platform/database/dead-letters.ts';
import { type Client, connect, parseBody } from './client.ts';
import { type Command, EXIT, globals, type Io, readArgs, UsageError } from './command.ts';

const EXITS = 'Exit codes: 0 done; 1 no such dead letter; 2 used wrongly.';

/** Records that could not be processed: look, repair, try again, give up. */
export const dlqCommands: readonly Command[] = [
  {
    name: 'dlq list',
    summary: 'list records that could not be processed',
    help: `
Usage: tocsin dlq list [--status parked|retrying|retried|dropped] [--json]

Lists up to 100 dead letters, oldest first: when, which process, why, and the id to use with the other verbs.

Example:
  tocsin dlq list --status parked

${EXITS}
`,
    run: (args, io) =>
      withClient(args, io, { status: { type: 'string' } }, async (client, { values, positionals }) => {
        if (positionals.length > 0) throw new UsageError(`unexpected "${positionals[0]}"`);
        const query =
          values.status === undefined ? '' : `?status=${encodeURIComponent(String(values.status))}`;
        const { status, body } = await client.request('GET', `/v1/dead-letters${query}`);
        if (status !== 200) throw new UsageError(`--status: ${detailOf(body)}`);
        // The route answers with this type.
        const { letters } = body as { letters: readonly ParkedLetter[] };
        if (values.json === true) io.out(`${JSON.stringify(letters)}\n`);
        else if (letters.length === 0) io.out('No dead letters.\n');
        else for (const letter of letters) io.out(`${lineOf(letter)}\n`);
        return EXIT.done;
      }),
  },
  {
    name: 'dlq show',
    summary: 'show one of them whole',
    help: `
Usage: tocsin dlq show ID

Prints the dead letter with the record as it was, as JSON. Beware: this is customer data.

Example:
  tocsin dlq show 'ingestion/complaints/0/42' > letter.json

${EXITS}
`,
    run: (args, io) =>
      withClient(args, io, {}, async (client, { positionals }) => {
        const id = idOf(positionals);
        const { body } = await client.request('GET', `/v1/dead-letters?id=${encodeURIComponent(id)}`);
        // As above.
        const [letter] = (body as { letters: readonly ParkedLetter[] }).letters;
        if (letter === undefined) return notFound(io, id);
        io.out(`${JSON.stringify({ ...letter, payload: parseBody(letter.payload) }, undefined, 2)}\n`);
        return EXIT.done;
      }),
  },
  {
    name: 'dlq retry',
    summary: 'hand one to its process again, repaired if need be',
    help: `
Usage: tocsin dlq retry ID [--payload FILE.json] [--reason WHY] [--by NAME]
       tocsin dlq retry --all [--process PROCESS] [--cause CAUSE] [--reason WHY] [--by NAME]

Hands the record to the process that could not handle it. With --payload a repaired record takes its place: the file holds
it alone, or the letter as "tocsin dlq show ID" prints it, with its payload repaired. Who retried it (--by; your user name by
itself) and why stay on record. With --all every parked letter is retried, or those of one process or one cause (such as
handler_error, after the upgrade that mends it). With TOCSIN_OPS_KEYS configured, give one in TOCSIN_API_KEY.

Example:
  tocsin dlq show 'ingestion/complaints/0/42' > letter.json
  tocsin dlq retry 'ingestion/complaints/0/42' --payload letter.json --reason 'customer id added'

${EXITS}
`,
    run: (args, io) =>
      withClient(
        args,
        io,
        { payload: { type: 'string' }, ...MANY, ...DECISION },
        async (client, { values, positionals }) => {
          if (values.all === true) return decideAll('retry', client, { values, positionals }, io);
          const id = idOf(positionals);
          const payload =
            values.payload === undefined ? {} : { payload: readPayload(String(values.payload)) };
          return report(
            await client.request('POST', '/v1/dead-letters/retry', { id, ...decision(values), ...payload }),
            io,
            id,
          );
        },
      ),
  },
  {
    name: 'dlq drop',
    summary: 'give one up; it stays on record as dropped',
    help: `
Usage: tocsin dlq drop ID [--reason WHY] [--by NAME]
       tocsin dlq drop --all --reason WHY [--process PROCESS] [--cause CAUSE] [--by NAME]

The dead letter is not retried any more; it stays on record for TOCSIN_RETENTION_DAYS, with who dropped it (--by; your user
name by itself) and why, and the ledger counts it as dropped. With --all every parked letter is given up, or those of one
process or one cause; that needs a reason.

Example:
  tocsin dlq drop 'ingestion/complaints/0/42' --reason 'a test record of the CRM'

${EXITS}
`,
    run: (args, io) =>
      withClient(args, io, { ...MANY, ...DECISION }, async (client, { values, positionals }) => {
        if (values.all === true) return decideAll('drop', client, { values, positionals }, io);
        const id = idOf(positionals);
        const order = { id, ...decision(values) };
        return report(await client.request('POST', '/v1/dead-letters/drop', order), io, id);
      }),
  },
];

const DECISION = { by: { type: 'string' }, reason: { type: 'string' } } as const;

const MANY = { all: { type: 'boolean' }, process: { type: 'string' }, cause: { type: 'string' } } as const;

const decision = ({ by, reason }: Record<string, unknown>): object => ({
  by: by ?? userInfo().username,
  ...(reason === undefined ? {} : { reason }),
});

type Parsed = { readonly values: Record<string, unknown>; readonly positionals: readonly string[] };

async function withClient(
  args: readonly string[],
  io: Io,
  options: Parameters<typeof readArgs>[1],
  work: (client: Client, parsed: Parsed) => Promise<number>,
): Promise<number> {
  const parsed = readArgs(args, options);
  const { data, port } = parsed.values;
  const place = globals({ data: asText(data), port: asText(port) }, io);
  const client = await connect(place.data, io);
  try {
    return await work(client, parsed);
  } finally {
    await client.close();
  }
}

const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Every parked letter, or those of one process or one cause. */
async function decideAll(
  verb: 'retry' | 'drop',
  client: Client,
  { values, positionals }: Parsed,
  io: Io,
): Promise<number> {
  const { process, cause } = values;
  if (positionals.length > 0 || values.payload !== undefined)
    throw new UsageError('--all takes no letter and no payload');
  if (verb === 'drop' && values.reason === undefined) throw new UsageError('--all needs a --reason');
  const order = { ...decision(values), process, cause };
  const { status, body } = await client.request('POST', `/v1/dead-letters/${verb}-all`, order);
  if (status !== 200) throw new UsageError(detailOf(body));
  // The route answers with a count.
  const { letters } = body as { letters: number };
  io.out(`${verb === 'retry' ? 'handed over again' : 'given up'}: ${letters}\n`);
  return EXIT.done;
}

function idOf(positionals: readonly string[]): string {
  const [id] = positionals;
  if (id === undefined) throw new UsageError('expected the id of a dead letter; tocsin dlq list shows them');
  return id;
}

/** The record in a file; of a whole letter, its payload. */
function readPayload(file: string): unknown {
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isLetter(read) ? read.payload : read;
  } catch (error) {
    throw new UsageError(`--payload ${file}: ${String((error as Error).message)}`);
  }
}

const isLetter = (read: unknown): read is Pick<ParkedLetter, 'payload'> =>
  typeof read === 'object' &&
  read !== null &&
  ['id', 'process', 'topic', 'attempts', 'payload'].every((name) => Object.hasOwn(read, name));

function report({ status, body }: { status: number; body: unknown }, io: Io, id: string): number {
  if (status !== 200) return notFound(io, id, detailOf(body));
  io.out(`${id}: ${(body as { status: string }).status}\n`);
  return EXIT.done;
}

function notFound(io: Io, id: string, detail = `No dead letter has the id ${id}.`): number {
  io.err(`${detail}\n`);
  return EXIT.foundWrong;
}

const detailOf = (body: unknown): string => String((body as { detail?: string } | null)?.detail ?? body);

const lineOf = (letter: ParkedLetter): string =>
  `${new Date(letter.at).toISOString()}  ${letter.status.padEnd(8)}  ${letter.process}  ${letter.reason}  ${letter.detail.split('\n')[0]}\n    ${letter.id}${decidedLine(letter)}`;

const decidedLine = ({ decision }: ParkedLetter): string =>
  decision === undefined
    ? ''
    : `\n    last decided by ${decision.by} at ${new Date(decision.at).toISOString()}${decision.why === undefined ? '' : `: ${decision.why}`}`;
