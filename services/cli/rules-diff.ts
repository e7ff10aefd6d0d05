import { RulesBroken, readRulesFolder } from '../embedded/rules-folder.ts';
import { diffRules } from '../embedded/rules-replay/diff.ts';
import { diffWords } from '../embedded/rules-replay/diff-words.ts';
import { HistoryUnusable } from '../embedded/rules-replay/history.ts';
import { type Command, EXIT, type Io, readArgs, UsageError } from './command.ts';
import { openAskedHistory, REPLAY_HELP, REPLAY_OPTIONS } from './replay-options.ts';
import { progressOn } from './rules-replay.ts';

export const rulesDiffCommand: Command = {
  name: 'rules diff',
  summary: 'whose alerts change between two sets of rules, and why',
  help: `
Usage: tocsin rules diff A B [--from DAY] [--to DAY] [--json]

Replays the history with the rules of folder A and with those of folder B, and tells each alert that comes, goes or is
another, with the condition that made the difference. For the text of a review. Calendars, teams, lexicon and risk
model are those of each folder.

${REPLAY_HELP}

Example:
  tocsin rules diff rules my-rules --from 2026-10-01

Exit codes: 0 done, whether or not anything changes; 1 the rules or the history cannot be used; 2 used wrongly.
`,
  run: runDiff,
};

async function runDiff(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, REPLAY_OPTIONS);
  const [a, b, ...more] = positionals;
  if (a === undefined || b === undefined || more.length > 0)
    throw new UsageError('expected two rules folders');
  try {
    const [before, after] = [await readRulesFolder(a), await readRulesFolder(b)];
    const { history, options, close } = await openAskedHistory(values, io);
    try {
      const diff = await diffRules(history, before, after, { ...options, onProgress: progressOn(io) });
      io.out(values.json === true ? `${JSON.stringify(diff)}\n` : diffWords(diff));
      return EXIT.done;
    } finally {
      close();
    }
  } catch (error) {
    if (!(error instanceof RulesBroken || error instanceof HistoryUnusable)) throw error;
    io.err(`${error.message}\n`);
    return EXIT.foundWrong;
  }
}
