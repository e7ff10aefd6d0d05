import { type CustomerExplanation, explainCustomer } from '../embedded/rules-explain/explain-customer.ts';
import { explanationWords } from '../embedded/rules-explain/explanation-words.ts';
import { RulesBroken, readRulesFolder, SHIPPED_RULES } from '../embedded/rules-folder.ts';
import { HistoryUnusable } from '../embedded/rules-replay/history.ts';
import { didYouMean } from '../platform/config/did-you-mean.ts';
import { type Command, EXIT, globals, type Io, readArgs, UsageError } from './command.ts';
import { readRecorded } from './explain-recorded.ts';

export const explainCommand: Command = {
  name: 'explain',
  summary: 'why there was an alert for a customer, or none',
  help: `
Usage: tocsin explain CUSTOMER [--rule ID] [--at INSTANT] [--rules DIR] [--json]

Shows what was known of a customer, the risk with what made it, and for each rule how it judged the last signal that it
listens to: every condition with its value, true (✓), false (✗) or unknown (?), what held the match back, and what was
recorded. Reads what was recorded at that time, by the rules of that time, and not what is known today. Tocsin may be running on the data meanwhile.

  --rule ID     this rule only
  --at INSTANT  as of then: 2026-11-01, or 2026-11-01T09:30:00+01:00 (default: the customer's last signal)
  --rules DIR   the rules to judge by (default: those that were in force, which the data folder keeps)
  --data DIR    the data folder (default ./data)

Many machines: TOCSIN_LOOP_CLOSURE_URL and TOCSIN_ACTION_MANAGEMENT_URL name the services that are asked, for the customer and for
the rules of then. They know the last fifty signals of a customer, as far back as the log keeps them; calendars are those of --rules.

Example:
  tocsin explain C-1042 --rule complaint-repeat-high-value --at 2026-11-12

Exit codes: 0 done; 1 nothing is recorded of the customer, or the rules or data cannot be used; 2 used wrongly.
`,
  run: runExplain,
};

async function runExplain(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, {
    rule: { type: 'string' },
    at: { type: 'string' },
    rules: { type: 'string' },
  });
  const [customer, ...more] = positionals;
  if (customer === undefined || more.length > 0) throw new UsageError('expected one customer id');
  const until = readInstant(values.at);
  const { data } = globals(values, io);
  try {
    const { ruleSet, calendars } = await readRulesFolder(
      values.rules ?? io.env.TOCSIN_RULES_DIR ?? SHIPPED_RULES,
    );
    const recorded = await readRecorded(data, customer, until, io);
    const today = { at: 0, ruleSet };
    const [first = today, ...later] = values.rules === undefined ? recorded.sets : [];
    const last = later.at(-1) ?? first;
    const ids = last.ruleSet.rules.map(({ id }) => id);
    if (values.rule !== undefined && !ids.includes(values.rule)) {
      throw new UsageError(`unknown rule "${values.rule}"${didYouMean(values.rule, ids)}`);
    }
    const told = explainCustomer(
      { sets: [first, ...later], calendars },
      recorded,
      Math.min(until, Date.now()),
    );
    if (told === undefined) {
      io.err(`${recorded.where}: nothing is recorded of customer "${customer}"\n`);
      return EXIT.foundWrong;
    }
    const asked = onlyRule(told, values.rule);
    io.out(values.json === true ? `${JSON.stringify(asked)}\n` : explanationWords(asked));
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof RulesBroken || error instanceof HistoryUnusable)) throw error;
    io.err(`${error.message}\n`);
    return EXIT.foundWrong;
  }
}

const onlyRule = (told: CustomerExplanation, rule: string | undefined): CustomerExplanation =>
  rule === undefined ? told : { ...told, rules: told.rules.filter((one) => one.rule === rule) };

function readInstant(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const at = /^\d{4}-\d\d-\d\d(T.*(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new UsageError(`--at: got "${text}", expected a day such as 2026-11-01 or an instant with its zone`);
}
