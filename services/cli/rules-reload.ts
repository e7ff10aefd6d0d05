import type { ReloadResult } from '../action-management/rules-reload.ts';
import { type Command, EXIT, globals, type Io, readOptions } from './command.ts';
import { type InstanceAnswer, orderRunning } from './order-running.ts';

export const rulesReloadCommand: Command = {
  name: 'rules reload',
  summary: 'take edited rules into force without a restart',
  help: `
Usage: tocsin rules reload [--data DIR] [--json]

Tells the Tocsin that runs on the data folder to read its rules again, as it does by itself when one of the files
changes. All of them come into force, or none: a set that cannot be read, has an error in "tocsin rules lint" or fails a
test beside it is refused, and the rules in force stay. Open alerts keep the plan by which they were raised. Calendars,
teams, lexicon and risk model need a restart. With TOCSIN_OPS_KEYS configured, give one in TOCSIN_API_KEY.

Many machines: TOCSIN_ACTION_MANAGEMENT_URL names the service; each instance behind the name is told and answers for
itself, a line each.

Example:
  tocsin rules reload --data /var/lib/tocsin

Exit codes: 0 in force, or nothing had changed; 1 refused, or no Tocsin runs there; 2 used wrongly.
`,
  run: runReload,
};

async function runReload(args: readonly string[], io: Io): Promise<number> {
  const { values } = readOptions(args, {});
  const answers = await orderRunning(globals(values, io).data, 'POST', '/v1/rules/reload', io);
  if (answers === undefined) return EXIT.foundWrong;
  for (const answer of answers) {
    const whose = answers.length === 1 ? '' : `${answer.url} `;
    io.out(
      values.json === true ? `${JSON.stringify(answer.body)}\n` : `${whose}${inWords(resultOf(answer))}`,
    );
  }
  return answers.some((answer) => resultOf(answer).outcome === 'refused') ? EXIT.foundWrong : EXIT.done;
}

/** The route answers with this type. */
const resultOf = ({ body }: InstanceAnswer) => body as ReloadResult;

function inWords({ outcome, hash, problems }: ReloadResult): string {
  switch (outcome) {
    case 'in_force':
      return `set ${hash} is in force\n`;
    case 'unchanged':
      return `nothing has changed; set ${hash} stays in force\n`;
    case 'refused':
      return `${problems.join('\n')}\nrefused; set ${hash} stays in force\n`;
  }
}
