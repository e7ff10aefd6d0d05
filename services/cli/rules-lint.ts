import { RulesBroken, readRulesFolder, SHIPPED_RULES } from '../embedded/rules-folder.ts';
import { type Command, EXIT, type Io, readArgs } from './command.ts';

export const rulesLintCommand: Command = {
  name: 'rules lint',
  summary: 'check a rules folder: rules, calendars, teams, lexicon, risk model',
  help: `
Usage: tocsin rules lint [DIR] [--json]

Reads the folder as "tocsin start" would and reports every problem with file, line and column. DIR defaults to
TOCSIN_RULES_DIR, then to the rules that come with Tocsin.

Exit codes: 0 the folder can be used; 1 it has problems; 2 used wrongly.
`,
  run: lint,
};

async function lint(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, {});
  const folder = positionals[0] ?? io.env.TOCSIN_RULES_DIR ?? SHIPPED_RULES;
  try {
    const { ruleSet } = await readRulesFolder(folder);
    if (values.json === true)
      io.out(`${JSON.stringify({ rules: ruleSet.rules.length, hash: ruleSet.hash, problems: [] })}\n`);
    else
      io.out(
        `${folder}: ${ruleSet.rules.length} rules, no problem found (set ${ruleSet.hash.slice(0, 12)})\n`,
      );
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof RulesBroken)) throw error;
    io.out(values.json === true ? `${JSON.stringify({ problems: error.problems })}\n` : `${error.message}\n`);
    return EXIT.foundWrong;
  }
}
