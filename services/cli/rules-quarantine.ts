import type { RulesStatus } from '../action-management/rules-reload.ts';
import { ERRORS_TO_QUARANTINE } from '../action-management/service.ts';
import { didYouMean } from '../platform/config/did-you-mean.ts';
import { type Command, EXIT, globals, type Io, readArgs, UsageError } from './command.ts';
import { orderRunning } from './order-running.ts';

export const rulesQuarantineCommand: Command = {
  name: 'rules quarantine',
  summary: 'rules that are judged no more because they kept throwing',
  help: `
Usage: tocsin rules quarantine [list] [--data DIR] [--json]
       tocsin rules quarantine release RULE [--data DIR]

A rule that throws while it judges is counted (tocsin_rule_evaluations_total, result "error"); the signal is judged by all
other rules and not again by this one. After ${ERRORS_TO_QUARANTINE} errors it is judged no more until it is released, another set of rules comes
into force, or Tocsin is started again. Rules of the language do not throw: it is a bug of Tocsin, to be reported with the
error that is shown. With TOCSIN_OPS_KEYS configured, give one in TOCSIN_API_KEY.

Many machines: TOCSIN_ACTION_MANAGEMENT_URL names the service. Each of its instances counts for itself; all of them are
asked, and all of them release.

Example:
  tocsin rules quarantine release order-delayed

Exit codes: 0 none is in quarantine, or released; 1 some are, or there is nothing to release; 2 used wrongly.
`,
  run: runQuarantine,
};

async function runQuarantine(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, {});
  const [verb = 'list', rule, ...more] = positionals;
  const { data } = globals(values, io);
  if (verb === 'list' && rule === undefined) return list(data, values.json === true, io);
  if (verb === 'release' && rule !== undefined && more.length === 0) return release(data, rule, io);
  const verbs = ['list', 'release'];
  if (!verbs.includes(verb)) throw new UsageError(`unknown "${verb}"${didYouMean(verb, verbs)}`);
  throw new UsageError(verb === 'list' ? `unexpected "${rule}"` : 'expected one rule to release');
}

async function list(data: string, json: boolean, io: Io): Promise<number> {
  const answers = await orderRunning(data, 'GET', '/v1/rules', io);
  if (answers === undefined) return EXIT.foundWrong;
  // The route answers with this type.
  const quarantined = answers.flatMap(({ body }) => (body as RulesStatus).quarantined);
  if (json) io.out(`${JSON.stringify(quarantined)}\n`);
  else if (quarantined.length === 0) io.out('no rule is in quarantine\n');
  else
    for (const { rule, errors, error } of quarantined) io.out(`${rule}: ${errors} errors, last "${error}"\n`);
  return quarantined.length === 0 ? EXIT.done : EXIT.foundWrong;
}

async function release(data: string, rule: string, io: Io): Promise<number> {
  const answers = await orderRunning(data, 'POST', `/v1/rules/${encodeURIComponent(rule)}/release`, io);
  if (answers === undefined) return EXIT.foundWrong;
  if (answers.some(({ status }) => status === 200)) {
    io.out(`${rule} is judged again\n`);
    return EXIT.done;
  }
  io.err(`no rule "${rule}" is in quarantine\n`);
  return EXIT.foundWrong;
}
