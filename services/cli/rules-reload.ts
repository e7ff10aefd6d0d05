import type { ReloadResult } from '../embedded/rules-reload/rules-reload.ts';
import { type Command, EXIT, globals, type Io, readArgs } from './command.ts';
import { orderRunning } from './order-running.ts';

export const rulesReloadCommand: Command = {
  name: 'rules reload',
  summary: 'take edited rules into force without a restart',
  help: `
Usage: tocsin rules reload [--data DIR] [--json]

Tells the Tocsin that runs on the data folder to read its rules again, as it does by itself when one of the files
changes. All of them come into force, or none: a set that cannot be read, has an error in "tocsin rules lint" or fails a
test beside it is refused, and the rules in force stay. Open alerts keep the plan by which they were raised. Calendars,
teams, lexicon and risk model need a restart. With TOCSIN_OPS_KEYS configured, give one in TOCSIN_API_KEY.

Example:
  tocsin rules reload --data /var/lib/tocsin

Exit codes: 0 in force, or nothing had changed; 1 refused, or no Tocsin runs there; 2 used wrongly.
`,
  run: runReload,
};

async function runReload(args: readonly string[], io: Io): Promise<number> {
  const { values } = readArgs(args, {});
  const answer = await orderRunning(globals(values, io).data, 'POST', '/v1/rules/reload', io);
  if (answer === undefined) return EXIT.foundWrong;
  // The route answers with this type.
  const result = answer.body as ReloadResult;
  io.out(values.json === true ? `${JSON.stringify(result)}\n` : inWords(result));
  return result.outcome === 'refused' ? EXIT.foundWrong : EXIT.done;
}

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
