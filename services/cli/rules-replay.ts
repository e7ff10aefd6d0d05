import { writeFileSync } from 'node:fs';
import { RulesBroken, type RulesFolder, readRulesFolder, SHIPPED_RULES } from '../embedded/rules-folder.ts';
import { asItWas, asItWasWords, isTheSame } from '../embedded/rules-replay/as-it-was.ts';
import { HistoryUnusable } from '../embedded/rules-replay/history.ts';
import { replay } from '../embedded/rules-replay/replay.ts';
import { replayReport } from '../embedded/rules-replay/report.ts';
import { replayPage } from '../embedded/rules-replay/report-page.ts';
import { replayMarkdown, replayWords } from '../embedded/rules-replay/report-words.ts';
import { didYouMean } from '../platform/config/did-you-mean.ts';
import { type Command, EXIT, type Io, readArgs, UsageError } from './command.ts';
import { openAskedHistory, REPLAY_HELP, REPLAY_OPTIONS } from './replay-options.ts';

export const rulesReplayCommand: Command = {
  name: 'rules replay',
  summary: 'what a set of rules would have done with the history',
  help: `
Usage: tocsin rules replay [--rules DIR] [--from DAY] [--to DAY] [--rule ID | --stage STAGE] [--html FILE] [--check]
                           [--json | --markdown]

Plays what happened through scoring, the rules and alerting with a clock of its own, in memory, and tells nobody: how
many alerts each rule would have raised, for which team, on which day, against what the team can work
(alerts_per_day in teams.yaml); how many were right where outcomes are known; and of how many of those who left there was
an alert, where the CRM says who left. Rules in shadow are judged too.

  --rules DIR          the rules (default: TOCSIN_RULES_DIR, then those that come with Tocsin)
  --shadow             count shadow alerts as work of their teams, as if the rules were live
  --rule ID            report only this rule, and what teams would have to work with it beside the live rules
  --stage STAGE        report only the rules that are live, canary or shadow, their alerts as work of their teams
  --markdown           tables for a review
  --html FILE          also write a page with charts
  --check              also compare with the alerts that were really raised; rules, lexicon and risk model must be those
                       that were in force
${REPLAY_HELP}

Examples:
  tocsin rules replay --rules my-rules --from 2026-10-01 --html replay.html
  tocsin rules replay --from 2026-10-01 --rule risk-jump --markdown
  tocsin rules replay --csv complaints.csv --map our-complaints.yaml

Exit codes: 0 done; 1 the rules or the history cannot be used, or --check found a difference; 2 used wrongly.
`,
  run: runReplay,
};

/** The stages whose rules are judged. */
const REPORTED = ['live', 'canary', 'shadow'] as const;

async function runReplay(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, {
    ...REPLAY_OPTIONS,
    rules: { type: 'string' },
    html: { type: 'string' },
    shadow: { type: 'boolean' },
    stage: { type: 'string' },
    rule: { type: 'string' },
    markdown: { type: 'boolean' },
    check: { type: 'boolean' },
  });
  if (positionals.length > 0) throw new UsageError(`unexpected "${positionals[0]}"`);
  const stage = REPORTED.find((one) => one === values.stage);
  if (stage === undefined && values.stage !== undefined) {
    throw new UsageError(`--stage: got "${values.stage}", expected ${REPORTED.join(', ')}`);
  }
  try {
    const rules = await readRulesFolder(values.rules ?? io.env.TOCSIN_RULES_DIR ?? SHIPPED_RULES);
    checkRule(values.rule, rules);
    const { history, asItWent, options, close } = await openAskedHistory(values, io);
    try {
      if (values.check === true && asItWent === undefined) {
        throw new UsageError(
          '--check: compares with what was stored as it went; leave --csv, --time event and --handled-after out',
        );
      }
      const replayed = await replay(history, rules, { ...options, onProgress: progressOn(io) });
      const report = replayReport(replayed, rules, history.from, {
        ...(options.from === undefined ? {} : { from: options.from }),
        shadow: values.shadow === true,
        stage,
        rule: values.rule,
      });
      for (const trouble of replayed.troubles.slice(0, 5)) io.err(`${trouble}\n`);
      if (values.html !== undefined) writeFileSync(values.html, replayPage(report));
      const words = values.markdown === true ? replayMarkdown : replayWords;
      const checked =
        values.check === true && asItWent !== undefined
          ? await asItWas(asItWent, replayed, options.from)
          : undefined;
      const json = { ...report, ...(checked === undefined ? {} : { asItWas: checked }) };
      io.out(values.json === true ? `${JSON.stringify(json)}\n` : words(report));
      if (checked === undefined) return EXIT.done;
      if (values.json !== true) io.out(asItWasWords(checked));
      return isTheSame(checked) ? EXIT.done : EXIT.foundWrong;
    } finally {
      close();
    }
  } catch (error) {
    if (!(error instanceof RulesBroken || error instanceof HistoryUnusable)) throw error;
    io.err(`${error.message}\n`);
    return EXIT.foundWrong;
  }
}

function checkRule(rule: string | undefined, { ruleSet }: RulesFolder): void {
  const ids = [...ruleSet.byId.keys()];
  if (rule !== undefined && !ids.includes(rule))
    throw new UsageError(
      `--rule: no rule "${rule}" is judged${didYouMean(rule, ids)}; one in draft or retired is in no replay`,
    );
}

/** Tells how far it is, where somebody sits in front of it. */
export const progressOn =
  (io: Io) =>
  (signals: number): void => {
    if (io.interactive) io.err(`\r\u001b[K${signals} signals`);
  };
