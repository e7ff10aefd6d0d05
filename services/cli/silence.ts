import { userInfo } from 'node:os';
import type { ShownSilence } from '../action-management/adapters/silences.fastify.ts';
import { readElapsed } from '../action-management/domain/language/duration.ts';
import { type Client, connect } from './client.ts';
import { type Command, EXIT, globals, type Io, readArgs, readOptions, UsageError } from './command.ts';

/** `tocsin silence add|list|expire`: matches that nobody is to be bothered with for a while. */
export const silenceCommands: readonly Command[] = [
  {
    name: 'silence add',
    summary: 'keep matches quiet for a while, with a reason and an end',
    help: `
Usage: tocsin silence add --reason TEXT (--for 4h | --until INSTANT) [--rule R] [--customer C] [--segment S]
                          [--product P] [--region R] [--from INSTANT] [--by NAME] [--data DIR] [--json]

Matches that fit everything that is named are recorded as held back ("silence") and bother nobody. At least one of
rule, customer, segment, product and region is named. A silence lasts 14 days at most; alerts that are open already
are left as they are. Who made it, why, and until when stands with every match that it holds back. Many machines:
TOCSIN_ACTION_MANAGEMENT_URL names the service that keeps silences; all its instances know of one within a second.

With TOCSIN_OPS_KEYS configured, give one in TOCSIN_API_KEY.

Example:
  tocsin silence add --product dsl --region north --for 4h --reason "planned work on the exchange"

Exit codes: 0 silenced; 1 refused; 2 used wrongly.
`,
    run: add,
  },
  {
    name: 'silence list',
    summary: 'show what is silenced, by whom, why and until when',
    help: `
Usage: tocsin silence list [--all] [--data DIR] [--json]

Shows the silences that hold or will hold; with --all also those that are over.

Example:
  tocsin silence list

Exit codes: 0 done; 2 used wrongly.
`,
    run: list,
  },
  {
    name: 'silence expire',
    summary: 'end a silence before its time',
    help: `
Usage: tocsin silence expire ID [--by NAME] [--data DIR] [--json]

With TOCSIN_OPS_KEYS configured, give one in TOCSIN_API_KEY.

Example:
  tocsin silence expire S-3f2a9c01

Exit codes: 0 ended; 1 there is none of that id, or it is over; 2 used wrongly.
`,
    run: expire,
  },
];

async function add(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, {
    reason: { type: 'string' },
    for: { type: 'string' },
    until: { type: 'string' },
    from: { type: 'string' },
    rule: { type: 'string' },
    customer: { type: 'string' },
    segment: { type: 'string' },
    product: { type: 'string' },
    region: { type: 'string' },
    by: { type: 'string' },
  });
  if (positionals.length > 0) throw new UsageError(`unexpected "${positionals[0]}"`);
  if (values.reason === undefined) throw new UsageError('--reason is missing: why is it to be quiet?');
  if (values.customer !== undefined && values.segment !== undefined) {
    throw new UsageError('--customer and --segment exclude each other');
  }
  const startsAt = values.from === undefined ? undefined : instant('--from', values.from);
  const { reason, rule, product, region } = values;
  const body = {
    reason,
    rule,
    product,
    region,
    subject: values.customer ?? values.segment,
    by: values.by ?? userInfo().username,
    startsAt,
    endsAt: endOf(values, startsAt),
  };
  return talk(values, io, async (client) => {
    const { status, body: answer } = await client.request('POST', '/v1/silences', body);
    return conclude(status === 201, answer, values.json === true, io);
  });
}

function endOf(
  { for: length, until }: { for?: string | undefined; until?: string | undefined },
  startsAt: string | undefined,
): string {
  if ((length === undefined) === (until === undefined)) {
    throw new UsageError('how long? Give either --for 4h or --until 2026-03-30T12:00:00Z');
  }
  if (until !== undefined) return instant('--until', until);
  const read = readElapsed(length ?? '');
  if (!read.ok) throw new UsageError(`--for: ${read.message}`);
  return new Date((startsAt === undefined ? Date.now() : Date.parse(startsAt)) + read.value).toISOString();
}

function instant(option: string, text: string): string {
  const at = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new UsageError(`${option}: got "${text}", expected an instant such as 2026-03-30T12:00:00+02:00`);
  }
  return new Date(at).toISOString();
}

async function list(args: readonly string[], io: Io): Promise<number> {
  const { values } = readOptions(args, { all: { type: 'boolean' } });
  return talk(values, io, async (client) => {
    const { body } = await client.request('GET', `/v1/silences?all=${values.all === true}`);
    // The route answers with this type.
    const { silences } = body as { silences: readonly ShownSilence[] };
    if (values.json === true) io.out(`${JSON.stringify(silences)}\n`);
    else io.out(silences.length === 0 ? 'Nothing is silenced.\n' : silences.map(lineOf).join(''));
    return EXIT.done;
  });
}

async function expire(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, { by: { type: 'string' } });
  const [id, ...more] = positionals;
  if (id === undefined || more.length > 0) throw new UsageError('expected the id of one silence');
  return talk(values, io, async (client) => {
    const body = { by: values.by ?? userInfo().username };
    const answer = await client.request('POST', `/v1/silences/${encodeURIComponent(id)}/expire`, body);
    return conclude(answer.status === 200, answer.body, values.json === true, io);
  });
}

async function talk(
  values: { data?: string | undefined; port?: string | undefined },
  io: Io,
  speak: (client: Client) => Promise<number>,
): Promise<number> {
  const client = await connect(globals(values, io).data, io, 'TOCSIN_ACTION_MANAGEMENT_URL');
  try {
    return await speak(client);
  } finally {
    await client.close();
  }
}

function conclude(done: boolean, answer: unknown, json: boolean, io: Io): number {
  if (json) io.out(`${JSON.stringify(answer)}\n`);
  // The route answers with a silence, or with a problem.
  else if (done) io.out(lineOf(answer as ShownSilence));
  else io.err(`tocsin silence: ${(answer as { detail?: string }).detail ?? 'refused'}\n`);
  return done ? EXIT.done : EXIT.foundWrong;
}

function lineOf(silence: ShownSilence): string {
  const { id, rule, subject, product, region, by, reason, startsAt, endsAt, state, endedBy } = silence;
  const what = Object.entries({ rule, subject, product, region })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value}`);
  const ended = endedBy === undefined ? '' : `, ended by ${endedBy}`;
  return `${id}  ${state.padEnd(7)}  ${startsAt} to ${endsAt}  ${what.join(', ')}: ${reason} (${by}${ended})\n`;
}
