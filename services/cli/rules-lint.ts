import { type Finding, LINTS } from '../action-management/domain/lint/finding.ts';
import { lintRulesFolder } from '../embedded/rules-editor/lint-folder.ts';
import { sarifOf } from '../embedded/rules-editor/sarif.ts';
import { SHIPPED_RULES } from '../embedded/rules-folder.ts';
import { TOCSIN_VERSION } from '../embedded/version.ts';
import { formatProblem, type Problem } from '../platform/config/yaml-file.ts';
import { type Command, EXIT, type Io, readArgs } from './command.ts';

export const rulesLintCommand: Command = {
  name: 'rules lint',
  summary: 'check a rules folder: each file, and the rules as a set',
  help: `
Usage: tocsin rules lint [DIR] [--strict] [--json | --sarif]

Reads the folder as "tocsin start" would and reports every problem with file, line and column: rules, calendars,
teams, lexicon, risk model. When all can be read, looks at the rules as a set: rules that can never match, rules
that another one covers, steps that reach nobody, and the like. DIR defaults to TOCSIN_RULES_DIR, then to the rules
that come with Tocsin.

  --strict  warnings count as errors
  --json    one object: rules, hash, problems, warnings
  --sarif   SARIF 2.1.0, which code hosts show beside the changed lines

What is looked for:
${Object.entries(LINTS)
  .map(([name, { level, says }]) => `  ${name.padEnd(26)} ${level.padEnd(8)} ${says}`)
  .join('\n')}

Example:
  tocsin rules lint my-rules --strict

Exit codes: 0 the folder can be used; 1 it has problems; 2 used wrongly.
`,
  run: lint,
};

async function lint(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, {
    strict: { type: 'boolean' },
    sarif: { type: 'boolean' },
  });
  const folder = positionals[0] ?? io.env.TOCSIN_RULES_DIR ?? SHIPPED_RULES;
  const { problems, findings, rules, hash } = await lintRulesFolder(folder);
  const errors = [...problems, ...findings.filter(({ level }) => level === 'error')];
  const warnings = findings.filter(({ level }) => level === 'warning');
  if (values.sarif === true) io.out(`${JSON.stringify(sarifOf(problems, findings, TOCSIN_VERSION))}\n`);
  else if (values.json === true) io.out(`${JSON.stringify({ rules, hash, problems: errors, warnings })}\n`);
  else io.out(inWords(folder, problems, findings, rules, hash));
  return errors.length > 0 || (values.strict === true && warnings.length > 0) ? EXIT.foundWrong : EXIT.done;
}

function inWords(
  folder: string,
  problems: readonly Problem[],
  findings: readonly Finding[],
  rules: number,
  hash: string,
): string {
  if (problems.length > 0) return `${problems.map(formatProblem).join('\n')}\n`;
  const lines = findings.map(
    (found) => `${formatProblem(found)} (${found.level}: ${found.lint})\n    ${found.fix}`,
  );
  const errors = findings.filter(({ level }) => level === 'error').length;
  const warnings = findings.length - errors;
  const verdict =
    findings.length === 0
      ? 'no problem found'
      : `${counted(errors, 'error')}, ${counted(warnings, 'warning')}`;
  return [
    ...lines,
    `${folder}: ${rules === 1 ? '1 rule' : `${rules} rules`}, ${verdict} (set ${hash})`,
    '',
  ].join('\n');
}

const counted = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
