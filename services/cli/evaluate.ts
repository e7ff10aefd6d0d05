import type { Assessment } from '../contracts/assessment.ts';
import { SHIPPED_RULES } from '../embedded/rules-folder.ts';
import { HistoryUnusable } from '../embedded/rules-replay/history.ts';
import { openStoredHistory, type StoredHistory } from '../embedded/rules-replay/stored-history.sqlite.ts';
import { didYouMean } from '../platform/config/did-you-mean.ts';
import { formatProblem } from '../platform/config/yaml-file.ts';
import { DAY } from '../platform/time/clock.ts';
import { SCORE_TENTHS } from '../scoring/domain/sentiment-model.ts';
import {
  DRIFTED,
  type Drift,
  type DriftVerdict,
  driftOf,
  judgeDrift,
  MIN_SCORES,
  sharesOf,
} from '../scoring/quality/drift.ts';
import { loadScoringSettings } from '../scoring/settings.ts';
import { type Command, EXIT, globals, type Io, readArgs, UsageError } from './command.ts';
import { instant } from './risk-fit.ts';

/** What scores are compared with where no fitted model says what to expect. */
const WEEKS_BEFORE = 4;

export const evaluateDriftCommand: Command = {
  name: 'evaluate',
  summary: 'whether the scores since a day are those that are expected',
  help: `
Usage: tocsin evaluate --since DATE [--data DIR] [--json]

Compares the spread of the scores that were given since a day with what the fitted model expects, or, where it was not
fitted, with the ${WEEKS_BEFORE} weeks before that day. The index is the population stability index over tenths: below 0.1 is
everyday, above ${DRIFTED} is another population. Fewer than ${MIN_SCORES} scores on either side drift by chance and are not judged. Reads
only; Tocsin may be running on the data meanwhile. Many machines: "tocsin history pull" first.

  --since DATE   the day from which on, for example 2026-11-01
  --json         by model: scores, index, now and expected by tenth, drifted

Example:
  tocsin evaluate --since 2026-11-01

Exit codes: 0 not drifted; 1 drifted, or the data cannot be used; 2 used wrongly.
`,
  run: evaluate,
};

type Model = 'sentiment' | 'risk';
type Judged = Drift & { readonly model: Model; readonly drifted: DriftVerdict };

async function evaluate(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, { since: { type: 'string' } });
  const [what] = positionals;
  if (what !== undefined) throw new UsageError(`unknown "${what}"${didYouMean(what, ['risk', 'sentiment'])}`);
  if (values.since === undefined)
    throw new UsageError('--since names the day from which on, for example 2026-11-01');
  const since = instant(values.since, '--since');
  const settings = loadScoringSettings(io.env.TOCSIN_RULES_DIR ?? SHIPPED_RULES);
  if (!settings.ok) return refuse(io, settings.problems.map(formatProblem).join('\n'));
  const { riskModel, sentimentModel } = settings.value;
  try {
    const history = openStoredHistory(globals(values, io).data, 'arrival');
    try {
      const counts = await countTenths(history, since);
      const judged = [
        judge('sentiment', counts.sentiment, sentimentModel?.scores),
        judge('risk', counts.risk, riskModel.fit?.score_bands),
      ];
      io.out(values.json === true ? `${JSON.stringify(judged)}\n` : `${judged.map(inWords).join('\n')}\n`);
      return judged.some(({ drifted }) => drifted === true) ? EXIT.foundWrong : EXIT.done;
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

interface Counts {
  readonly before: number[];
  readonly since: number[];
}

async function countTenths(history: StoredHistory, since: number): Promise<Record<Model, Counts>> {
  const none = (): Counts => ({
    before: new Array<number>(SCORE_TENTHS).fill(0),
    since: new Array<number>(SCORE_TENTHS).fill(0),
  });
  const counts = { sentiment: none(), risk: none() };
  for await (const { value } of history.read('assessments')) {
    if (value.assessedAt < since - WEEKS_BEFORE * 7 * DAY) continue;
    const side = value.assessedAt < since ? 'before' : 'since';
    for (const [model, share] of sharesIn(value)) {
      const tenth = Math.min(SCORE_TENTHS - 1, Math.floor(share * SCORE_TENTHS));
      const own = counts[model][side];
      own[tenth] = (own[tenth] ?? 0) + 1;
    }
  }
  return counts;
}

/** Where in its range each score of an assessment lies, 0–1. */
function sharesIn({ riskScore, sentiment }: Assessment): readonly (readonly [Model, number])[] {
  const mood = sentiment?.score;
  return [['risk', riskScore / 100], ...(mood === undefined ? [] : [['sentiment', (mood + 1) / 2] as const])];
}

function judge(model: Model, { before, since }: Counts, fitted: readonly number[] | undefined): Judged {
  const drift = driftOf(since, fitted ?? sharesOf(before));
  const verdict = judgeDrift(drift, fitted === undefined ? before : undefined);
  return { model, ...drift, drifted: verdict };
}

function inWords({ model, scores, index, now, expected, drifted }: Judged): string {
  const line = (shares: readonly number[]): string =>
    shares.map((share) => `${(share * 100).toFixed(1).padStart(5)} %`).join(' ');
  if (drifted === 'too_few_before') {
    return `${model}: ${scores} scores, and nothing to compare them with: the model was not fitted, and the ${WEEKS_BEFORE} weeks before have fewer than ${MIN_SCORES}
  now      ${line(now)}`;
  }
  const verdict = { true: 'another population', false: 'as expected', too_few: 'too few scores to judge' };
  return `${model}: ${scores} scores, index ${index}: ${verdict[`${drifted}`]}
  now      ${line(now)}
  expected ${line(expected)}`;
}
