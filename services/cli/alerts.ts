import type { z } from 'zod';
import { subjectInWords } from '../contracts/identity.ts';
import {
  Accepted,
  AlertDetail,
  AlertList,
  AlertSummary,
  Problem,
} from '../loop-closure/adapters/answer-schemas.ts';
import { type Answer, type Client, connect } from './client.ts';
import { type Command, EXIT, globals, type Io, readArgs, readOptions, UsageError } from './command.ts';

/** What these commands need of a client. */
type Speaker = Pick<Client, 'request' | 'close'>;
type Connect = (dataFolder: string, io: Io) => Promise<Speaker>;

/** The verbs of `tocsin alerts`: what the page does, for a shell. They speak the REST API. */
export const alertsCommands = (reach: Connect = connect): readonly Command[] => [
  listCommand(reach),
  showCommand(reach),
  ...ORDERS.map((order) => orderCommand(order, reach)),
];

const EXIT_HELP = 'Exit codes: 0 done; 1 refused, or there is no such alert; 2 used wrongly.';

const listCommand = (reach: Connect): Command => ({
  name: 'alerts list',
  summary: 'unfinished alerts, the most pressing first',
  help: `
Usage: tocsin alerts list [--status STATUS] [--team T] [--owner PERSON] [--severity P1] [--rule R]
                          [--customer ID] [--late] [--limit N] [--json]

  --status STATUS  unfinished (default), open, acknowledged, snoozed, closed or all
  --late           only alerts with a missed deadline
  --limit N        at most N alerts, 1 to 200; default 50

Example:
  tocsin alerts list --team retention --late

${EXIT_HELP}
`,
  run: (args, io) => list(reach, args, io),
});

const list = async (reach: Connect, args: readonly string[], io: Io): Promise<number> => {
  const { values } = readOptions(args, LIST_OPTIONS);
  const { data, json, port, help, late, status = 'unfinished', ...filter } = values;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value !== undefined) query.set(name, value);
  if (status !== 'all') query.set('status', status);
  if (late === true) query.set('overdue', 'true');
  const answer = await ask(reach, values, io, (client) => client.request('GET', `/v1/alerts?${query}`));
  if (answer.status !== 200) return problem('alerts list', answer, io);
  const { alerts, next } = AlertList.parse(answer.body);
  io.out(json === true ? line(answer.body) : listInWords(alerts));
  if (next !== undefined && json !== true) io.err('There are more; narrow the filter or raise --limit.\n');
  return EXIT.done;
};

const LIST_OPTIONS = {
  status: { type: 'string' },
  team: { type: 'string' },
  owner: { type: 'string' },
  severity: { type: 'string' },
  rule: { type: 'string' },
  customer: { type: 'string' },
  limit: { type: 'string' },
  late: { type: 'boolean' },
} as const;

const showCommand = (reach: Connect): Command => ({
  name: 'alerts show',
  summary: 'one alert: why, what to do, by when, and the whole story of the customer',
  help: `
Usage: tocsin alerts show ALERT [--json]

ALERT is the label (T-7Q4MX), the alert id or the alert key.

Example:
  tocsin alerts show T-7Q4MX

${EXIT_HELP}
`,
  run: async (args, io) => {
    const { values, positionals } = readArgs(args, {});
    const path = alertPath(positionals);
    const answer = await ask(reach, values, io, (client) => client.request('GET', path));
    if (answer.status !== 200) return problem('alerts show', answer, io);
    io.out(values.json === true ? line(answer.body) : detailInWords(AlertDetail.parse(answer.body)));
    return EXIT.done;
  },
});

/** One thing to be done with an alert: its word in the shell, its verb in the API, its options and their fields. */
interface OrderSpec {
  readonly word: string;
  readonly verb: string;
  readonly summary: string;
  readonly usage: string;
  readonly example: string;
  /** Option to field of the body. */
  readonly fields: Readonly<Record<string, string>>;
  readonly flags?: Readonly<Record<string, readonly [field: string, value: boolean]>>;
  readonly required: readonly (readonly string[])[];
}

const ORDERS: readonly OrderSpec[] = [
  {
    word: 'ack',
    verb: 'acknowledge',
    summary: 'say that you have it',
    usage: 'ALERT',
    example: 'T-7Q4MX --by anna',
    fields: {},
    required: [],
  },
  {
    word: 'contact',
    verb: 'contact',
    summary: 'log that you spoke to the customer, or tried to',
    usage: 'ALERT --channel CHANNEL (--reached | --not-reached) [--note TEXT]',
    example: 'T-7Q4MX --channel phone --reached --note "apologised, technician comes tomorrow"',
    fields: { channel: 'channel', note: 'note' },
    flags: { reached: ['reached', true], 'not-reached': ['reached', false] },
    required: [['channel'], ['reached', 'not-reached']],
  },
  {
    word: 'snooze',
    verb: 'snooze',
    summary: 'let it rest, with a reason and an end',
    usage: 'ALERT (--for 4h | --until 2026-11-23T09:00:00+01:00) --reason TEXT',
    example: 'T-7Q4MX --for 2h --reason "customer asked to be called at four"',
    fields: { for: 'for', until: 'until', reason: 'reason' },
    required: [['for', 'until'], ['reason']],
  },
  {
    word: 'reassign',
    verb: 'reassign',
    summary: 'hand it to another person or team',
    usage: 'ALERT --to person/ID|team/ID [--reason TEXT]',
    example: 'T-7Q4MX --to team/social-care',
    fields: { to: 'to', reason: 'reason' },
    required: [['to']],
  },
  {
    word: 'close',
    verb: 'close',
    summary: 'close the loop with an outcome and a root cause',
    usage: 'ALERT --outcome OUTCOME --root-cause TEXT [--note TEXT]',
    example: 'T-7Q4MX --outcome saved --root-cause "repeated outage"',
    fields: { outcome: 'outcome', 'root-cause': 'rootCause', note: 'note' },
    required: [['outcome'], ['root-cause']],
  },
];

const orderCommand = (spec: OrderSpec, reach: Connect): Command => ({
  name: `alerts ${spec.word}`,
  summary: spec.summary,
  help: `
Usage: tocsin alerts ${spec.word} ${spec.usage} [--by NAME] [--idempotency-key KEY] [--json]

ALERT is the label (T-7Q4MX), the alert id or the alert key.

  --by NAME              who acts; default: your user name
  --idempotency-key KEY  your own name for this order: given again, it is obeyed once

Example:
  tocsin alerts ${spec.word} ${spec.example}

${EXIT_HELP}
`,
  run: (args, io) => order(spec, reach, args, io),
});

const order = async (spec: OrderSpec, reach: Connect, args: readonly string[], io: Io): Promise<number> => {
  const { values, positionals } = readArgs(args, optionsOf(spec));
  // `readArgs` has checked each value against its option; which options there are is only known at run time.
  const given = values as GivenValues;
  const path = `${alertPath(positionals)}/${spec.verb}`;
  const body = {
    ...bodyOf(spec, given),
    by: textOf(given.by) ?? io.env.USER ?? io.env.USERNAME ?? 'unnamed',
  };
  const key = textOf(given['idempotency-key']);
  const answer = await ask(reach, values, io, (client) =>
    client.request('POST', path, body, {
      'tocsin-via': 'cli',
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    }),
  );
  if (answer.status !== 200 && answer.status !== 202) return problem(`alerts ${spec.word}`, answer, io);
  io.out(given.json === true ? line(answer.body) : orderInWords(answer));
  return EXIT.done;
};

type GivenValues = Readonly<Record<string, string | boolean | undefined>>;
type Options = Record<string, { readonly type: 'string' | 'boolean' }>;

const optionsOf = (spec: OrderSpec): Options => {
  const options: Options = { by: { type: 'string' }, 'idempotency-key': { type: 'string' } };
  for (const name of Object.keys(spec.fields)) options[name] = { type: 'string' };
  for (const name of Object.keys(spec.flags ?? {})) options[name] = { type: 'boolean' };
  return options;
};

const bodyOf = (spec: OrderSpec, given: GivenValues): Record<string, string | boolean> => {
  for (const choice of spec.required) {
    const chosen = choice.filter((name) => given[name] !== undefined);
    const names = choice.map((name) => `--${name}`).join(' or ');
    if (chosen.length === 0) throw new UsageError(`expected ${names}`);
    if (chosen.length > 1) throw new UsageError(`expected ${names}, not both`);
  }
  const body: Record<string, string | boolean> = {};
  for (const [name, field] of Object.entries(spec.fields)) {
    const text = textOf(given[name]);
    if (text !== undefined) body[field] = text;
  }
  for (const [name, [field, value]] of Object.entries(spec.flags ?? {})) {
    if (given[name] === true) body[field] = value;
  }
  return body;
};

const textOf = (value: string | boolean | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

const alertPath = (positionals: readonly string[]): string => {
  const [name, ...more] = positionals;
  if (name === undefined) throw new UsageError('expected an alert: its label, id or key');
  if (more.length > 0) throw new UsageError(`unexpected "${more[0]}"; one alert at a time`);
  return `/v1/alerts/${encodeURIComponent(name)}`;
};

/** Asks the Tocsin of the data folder, and lets go of it. */
const ask = async (
  reach: Connect,
  values: { data?: string | undefined; port?: string | undefined },
  io: Io,
  question: (client: Speaker) => Promise<Answer>,
): Promise<Answer> => {
  const client = await reach(globals(values, io).data, io);
  try {
    return await question(client);
  } finally {
    await client.close();
  }
};

/** Says what the API refused. A field that is wrong is a wrong use of the command. */
const problem = (command: string, answer: Answer, io: Io): number => {
  const parsed = Problem.safeParse(answer.body);
  const detail = parsed.success ? parsed.data.detail : `answered ${answer.status}: ${String(answer.body)}`;
  io.err(`tocsin ${command}: ${detail}\n`);
  for (const id of (parsed.success ? parsed.data.candidates : undefined) ?? []) io.err(`  ${id}\n`);
  return answer.status === 400 || answer.status === 422 ? EXIT.usedWrongly : EXIT.foundWrong;
};

const line = (body: unknown): string => `${JSON.stringify(body)}\n`;

const orderInWords = (answer: Answer): string => {
  if (answer.status === 202) return `${Accepted.parse(answer.body).words}\n`;
  const alert = AlertSummary.parse(answer.body);
  const owner = alert.person ?? `team ${alert.team}`;
  return `${alert.label} is ${alert.status}, owner ${owner}${alert.next === undefined ? '' : `; next: ${alert.next.words}`}.\n`;
};

type Summary = z.infer<typeof AlertSummary>;

const listInWords = (alerts: readonly Summary[]): string => {
  if (alerts.length === 0) return 'No alert matches. All of them: tocsin alerts list --status all\n';
  const head = ['ALERT', 'SEV', 'STATUS', 'NEXT', 'OWNER', 'CUSTOMER', 'WHY'];
  const rows = alerts.map((alert) => [
    alert.label,
    alert.severity,
    alert.outcome === undefined ? alert.status : `${alert.status}: ${alert.outcome}`,
    alert.next?.words ?? '–',
    alert.person ?? `team ${alert.team}`,
    alert.customerName ?? subjectInWords(alert.subject),
    `${alert.ruleTitle}: ${alert.why}`,
  ]);
  return columns([head, ...rows]);
};

/** Each column as wide as its widest cell; the last one as it comes. */
const columns = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
};

const detailInWords = (alert: z.infer<typeof AlertDetail>): string => {
  const parts = [
    `${alert.label}  ${alert.severity}  ${alert.ruleTitle}`,
    `${alert.customerName ?? subjectInWords(alert.subject)}, ${alert.status}, ${alert.person ?? `team ${alert.team}`}`,
    alert.next === undefined ? '' : `Next: ${alert.next.words}`,
    section('Why', alert.because),
    section(
      'They said',
      alert.evidence.flatMap(({ quote }) => (quote === undefined ? [] : [`“${quote}”`])),
    ),
    section(
      'Risk',
      alert.riskContributions.map(({ words }) => words),
    ),
    section('What to do', [...alert.playbook, `Answer on: ${alert.answerOn}`]),
    section('By when', alert.deadlines.map(deadlineInWords)),
    section('Closed', closedInWords(alert)),
    section('The whole story', alert.story.map(storyInWords)),
  ];
  return `${parts.filter((part) => part !== '').join('\n')}\n`;
};

const section = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : `\n${title}\n${lines.map((each) => `  ${each}`).join('\n')}`;

const deadlineInWords = (box: z.infer<typeof AlertDetail>['deadlines'][number]): string => {
  const done = box.metAt === undefined ? '' : `, done ${box.metAt}`;
  const missed = box.breachedAt === undefined ? '' : ', missed';
  return `${box.deadline.replace('_', ' ')}: ${box.dueAt} (${box.text})${done}${missed}`;
};

const closedInWords = (alert: Summary): readonly string[] =>
  alert.closedAt === undefined
    ? []
    : [
        `${alert.closedAt} by ${alert.closedBy ?? 'Tocsin'}: ${alert.outcome ?? 'no outcome'}, ${alert.rootCause ?? 'no root cause'}`,
      ];

const storyInWords = ({
  at,
  who,
  actor,
  words,
  quote,
}: z.infer<typeof AlertDetail>['story'][number]): string =>
  `${at}  ${actor ?? who}: ${words}${quote === undefined ? '' : `  “${quote.replaceAll(/\s+/g, ' ')}”`}`;
