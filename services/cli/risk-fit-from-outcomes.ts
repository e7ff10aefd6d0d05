import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Alert } from '../contracts/alert.ts';
import type { Signal } from '../contracts/signal.ts';
import { SHIPPED_RULES } from '../embedded/rules-folder.ts';
import { HistoryUnusable } from '../embedded/rules-replay/history.ts';
import { openStoredHistory, type StoredHistory } from '../embedded/rules-replay/stored-history.sqlite.ts';
import { formatProblem } from '../platform/config/yaml-file.ts';
import { readSignal } from '../scoring/domain/assess-signal.ts';
import { changedLines, customersByLine, editModel } from '../scoring/fit/outcomes/edit-model.ts';
import { type Learnt, learnFromOutcomes, type Verdict, verdictOf } from '../scoring/fit/outcomes/learn.ts';
import { snapshotsOf } from '../scoring/fit/outcomes/snapshots.ts';
import { createScorer } from '../scoring/service.ts';
import { loadScoringSettings } from '../scoring/settings.ts';
import { EXIT, globals, type Io, UsageError } from './command.ts';

/** As long as most notice periods. */
const HORIZON_DAYS = 90;

interface Values {
  readonly out?: string;
  readonly horizon?: string;
  readonly seed?: string;
  readonly data?: string;
  readonly label?: string;
  readonly json?: boolean;
}

/** `tocsin risk fit --from-outcomes`: moves the weights of the model in force towards what happened. */
export async function fitFromOutcomes(
  values: Values,
  positionals: readonly string[],
  io: Io,
): Promise<number> {
  if (positionals.length > 0 || values.label !== undefined)
    throw new UsageError('--from-outcomes takes no CSV and no --label: it learns from what Tocsin has seen');
  if (values.out === undefined) throw new UsageError('--out names the file for the proposed model');
  const horizon = wholeNumber('--horizon', values.horizon, HORIZON_DAYS);
  const seed = wholeNumber('--seed', values.seed, 1);
  const rules = io.env.TOCSIN_RULES_DIR ?? SHIPPED_RULES;
  const settings = loadScoringSettings(rules);
  if (!settings.ok) return refuse(io, settings.problems.map(formatProblem).join('\n'));
  const { data } = globals(values, io);
  try {
    const history = openStoredHistory(data, 'arrival');
    try {
      const scorer = createScorer(settings.value);
      const { signals, alerts } = await readHistory(history);
      io.err(`${signals.length} signals, ${alerts.size} customers with an alert\n`);
      const snapshots = snapshotsOf(signals, alerts, horizon, (signal) => readSignal(scorer, signal));
      const learnt = learnFromOutcomes(snapshots, settings.value.riskModel, seed);
      if (!learnt.ok) return refuse(io, `${data}: ${learnt.problem}`);
      const now = readFileSync(join(rules, 'risk-model.yaml'), 'utf8');
      const proposed = editModel(now, learnt.value);
      writeFileSync(values.out, proposed);
      const change = changedLines(now, proposed, customersByLine(now, learnt.value));
      io.out(
        values.json === true
          ? `${JSON.stringify({ ...figuresOf(learnt.value), change })}\n`
          : `${inWords(learnt.value, values.out)}\n${change}\n`,
      );
      return EXIT.done;
    } finally {
      history.close();
    }
  } catch (error) {
    if (!(error instanceof HistoryUnusable)) throw error;
    return refuse(io, error.message);
  }
}

function refuse(io: Io, message: string): number {
  io.err(`${message}\n`);
  return EXIT.foundWrong;
}

function wholeNumber(option: string, text: string | undefined, fallback: number): number {
  const value = Number(text ?? fallback);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new UsageError(`${option}: got "${text}", expected 1, 2, 3 …`);
}

/** All signals, and the first alert of each customer that somebody was told of, or else the first at all, as it ended. */
async function readHistory(history: StoredHistory) {
  const signals: Signal[] = [];
  for await (const { value } of history.read('signals')) signals.push(value);
  const alerts = new Map<string, Alert>();
  for await (const { value } of history.read('alerts')) {
    const { type, alert } = value;
    if (alert.scope !== 'customer') continue;
    const known = alerts.get(alert.subject);
    const isNews = known === undefined || (known.stage === 'shadow' && alert.stage !== 'shadow');
    if (isNews ? type === 'raised' : known.alertId === alert.alertId) alerts.set(alert.subject, alert);
  }
  return { signals, alerts };
}

const figuresOf = ({ customers, spokenTo, outcomes, oddsWhenSpokenTo, before, after }: Learnt) => ({
  verdict: verdictOf({ before, after }),
  customers,
  spokenTo,
  outcomes,
  oddsWhenSpokenTo: Math.round(oddsWhenSpokenTo * 100) / 100,
  before: { auc: before.auc, liftTop10: before.liftTop10, brier: before.brier },
  after: { auc: after.auc, liftTop10: after.liftTop10, brier: after.brier },
});

const ADVICE: Readonly<Record<Verdict, string>> = {
  better: 'Better. Read the change and decide:',
  ranks_worse:
    'NOT better: the chances come closer, but customers are put in a worse order. Wait until more is known. What it would have changed:',
  not_better: 'NOT better: keep the model as it is. What it would have changed:',
};

function inWords(learnt: Learnt, out: string): string {
  const { customers, spokenTo, outcomes, oddsWhenSpokenTo, before, after } = learnt;
  return [
    `proposed       ${out}`,
    `customers      ${customers}, ${outcomes} of whom left; ${spokenTo} were spoken to after an alert`,
    `speaking to a customer multiplies the odds of leaving by ${oddsWhenSpokenTo.toFixed(2)}; this is not in the model`,
    `of ${before.n} customers whom nobody spoke to, by models that had not seen them:`,
    `               before   after`,
    `  AUC          ${before.auc.toFixed(4)}   ${after.auc.toFixed(4)}`,
    `  lift, top 10 %  ${before.liftTop10.toFixed(2)}  ${after.liftTop10.toFixed(2)}`,
    `  Brier        ${before.brier.toFixed(4)}   ${after.brier.toFixed(4)}`,
    ADVICE[verdictOf(learnt)],
    '',
  ].join('\n');
}
