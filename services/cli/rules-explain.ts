import { readFileSync } from 'node:fs';
import { eventWords, explainEvent, WATCHED_MS } from '../embedded/rules-explain/explain-event.ts';
import { RulesBroken, readRulesFolder, SHIPPED_RULES } from '../embedded/rules-folder.ts';
import { parseEventFile } from '../embedded/rules-test/story-file.ts';
import { didYouMean } from '../platform/config/did-you-mean.ts';
import { formatProblem } from '../platform/config/yaml-file.ts';
import { type Command, EXIT, type Io, readArgs, UsageError } from './command.ts';

export const rulesExplainCommand: Command = {
  name: 'rules explain',
  summary: 'how a rule judges one signal, and whom it would tell when',
  help: `
Usage: tocsin rules explain RULE --event FILE [--at INSTANT] [--rules DIR] [--json]

Judges one signal by one rule: each condition with its value, true (✓), false (✗) or unknown (?), what holds the match back,
who owns the alert, its deadlines, and who is told when while nobody does anything. Rules of any stage; nothing is stored.
For what really happened to a customer: tocsin explain.

The file is JSON or YAML, with the names that rules and their tests use:

  {"type": "complaint.received", "channel": "email", "sentiment": -0.5, "region": "north",
   "profile": {"value_tier": "gold", "churn_risk": 0.9},
   "before": [{"at": "-3d", "type": "complaint.received", "sentiment": -0.4}]}

  --event FILE  the signal; - reads standard input
  --at INSTANT  when it happens, with its zone (default: what the file says, else now)
  --rules DIR   the rules (default: TOCSIN_RULES_DIR, then those that come with Tocsin)

Example:
  tocsin rules explain order-delayed --event late.json --at 2026-04-03T10:00:00+02:00

Exit codes: 0 done, whether or not it matches; 1 the rules or the file cannot be used; 2 used wrongly.
`,
  run: runExplain,
};

async function runExplain(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, {
    event: { type: 'string' },
    at: { type: 'string' },
    rules: { type: 'string' },
  });
  const [rule, ...more] = positionals;
  if (rule === undefined || more.length > 0) throw new UsageError('expected one rule');
  if (values.event === undefined) throw new UsageError('--event is missing: a file with the signal');
  const { at } = values;
  if (at !== undefined && (Number.isNaN(Date.parse(at)) || !/(Z|[+-]\d\d:\d\d)$/.test(at))) {
    throw new UsageError(`--at: got "${at}", expected an instant such as 2026-04-03T10:00:00+02:00`);
  }
  try {
    const rules = await readRulesFolder(values.rules ?? io.env.TOCSIN_RULES_DIR ?? SHIPPED_RULES);
    const ids = rules.ruleSet.rules.map(({ id }) => id);
    if (!ids.includes(rule)) throw new UsageError(`unknown rule "${rule}"${didYouMean(rule, ids)}`);
    const text = read(values.event);
    const event = parseEventFile(values.event, text, {
      at,
      now: new Date().toISOString(),
      lastsMs: WATCHED_MS,
    });
    if (!event.ok) {
      io.err(`${event.problems.map(formatProblem).join('\n')}\n`);
      return EXIT.foundWrong;
    }
    const told = explainEvent(rules, rule, event.value);
    io.out(values.json === true ? `${JSON.stringify(told)}\n` : eventWords(told));
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof RulesBroken)) throw error;
    io.err(`${error.message}\n`);
    return EXIT.foundWrong;
  }
}

function read(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new UsageError(
      `--event: ${file} cannot be read: ${error instanceof Error ? error.message : error}`,
    );
  }
}
