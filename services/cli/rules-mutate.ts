import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SHIPPED_RULES } from '../embedded/rules-folder.ts';
import { type MutationReport, mutateFolder } from '../embedded/rules-mutate/run-mutants.ts';
import { formatProblem } from '../platform/config/yaml-file.ts';
import { type Command, EXIT, type Io, readArgs, UsageError } from './command.ts';

export const rulesMutateCommand: Command = {
  name: 'rules mutate',
  summary: 'what the tests of rules would not notice',
  help: `
Usage: tocsin rules mutate [DIR] [--rule ID] [--min PERCENT] [--json]

Changes each rule in one place at a time (a number a step up or down, an operator to its opposite, a branch left out, a
deadline doubled, a step dropped …) and plays the tests beside the rules. A change that no test notices is listed as a
sentence with its place: either a test is missing, or that part of the rule does nothing. Changes that lint refuses are
not counted. DIR defaults to TOCSIN_RULES_DIR, then to the rules that come with Tocsin.

  --rule ID      this rule only
  --min PERCENT  exit with 1 when fewer of the changes are noticed (for build servers; 90 is a good measure)

Example:
  tocsin rules mutate rules --rule order-delayed

Exit codes: 0 done; 1 fewer than --min were noticed, or the tests fail already; 2 used wrongly.
`,
  run: runMutate,
};

async function runMutate(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, { rule: { type: 'string' }, min: { type: 'string' } });
  const [folder = io.env.TOCSIN_RULES_DIR ?? SHIPPED_RULES, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`unexpected "${more[0]}"; one folder at a time`);
  const min = Number(values.min ?? 0);
  if (!(min >= 0 && min <= 100)) throw new UsageError(`--min: got "${values.min}", expected 0 to 100`);
  if (values.rule !== undefined && !existsSync(join(folder, `${values.rule}.rule.yaml`))) {
    throw new UsageError(`${folder} has no rule "${values.rule}"`);
  }
  const report = mutateFolder(folder, values.rule, ({ rule, killed, mutants }) => {
    if (io.interactive) io.err(`${rule}: ${killed} of ${mutants}\n`);
  });
  io.out(values.json === true ? `${JSON.stringify(report)}\n` : mutationWords(report));
  return report.problems.length > 0 || report.score < min ? EXIT.foundWrong : EXIT.done;
}

/** Each change that no test notices, and the sum. */
export function mutationWords({ rules, mutants, killed, score, problems }: MutationReport): string {
  if (problems.length > 0) return `${problems.map(formatProblem).join('\n')}\n`;
  const lines = rules.flatMap(({ rule, tests, survivors, file, mutants: changes }) =>
    tests === 0
      ? [`${file}:1:1: no test plays ${rule}, so none of ${changes} changes is noticed`]
      : survivors.map((one) => `${one.file}:${one.line}:${one.column}: no test notices when ${one.change}`),
  );
  const percent = Math.floor(score * 10) / 10;
  return [
    ...lines,
    `${killed} of ${mutants} changes of ${rules.length === 1 ? '1 rule' : `${rules.length} rules`} are noticed (${percent} %)`,
    '',
  ].join('\n');
}
