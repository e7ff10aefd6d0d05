import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SHIPPED_RULES } from '../embedded/rules-folder.ts';
import { didYouMean } from '../platform/config/did-you-mean.ts';
import { formatProblem } from '../platform/config/yaml-file.ts';
import { FEATURES } from '../scoring/domain/features.ts';
import type { Column } from '../scoring/fit/risk/columns.ts';
import { type Fairness, parseFairness } from '../scoring/fit/risk/fairness.ts';
import type { Feature } from '../scoring/fit/risk/features.ts';
import { type FitProgress, type FittedRisk, fitRisk, type LeftOut } from '../scoring/fit/risk/fit.ts';
import { modelCard } from '../scoring/fit/risk/model-card.ts';
import type { Direction } from '../scoring/fit/risk/step-search.ts';
import { riskReport } from '../scoring/quality/risk-report.ts';
import { type Command, EXIT, type Io, readArgs, UsageError } from './command.ts';
import { readTable } from './read-table.ts';
import { fitFromOutcomes } from './risk-fit-from-outcomes.ts';

export const riskFitCommand: Command = {
  name: 'risk fit',
  summary: 'learn a churn model from a table of customers',
  help: `
Usage: tocsin risk fit CSV --label COLUMN=VALUE --out MODEL.yaml [options]
       tocsin risk fit --from-outcomes --out MODEL.yaml [--data DIR] [--horizon DAYS] [--seed N]

Learns which customers leave, from any CSV with one row per customer: points per bin of each feature, a few small
tables for pairs of features, calibrated. Types of columns, dates, identifiers and columns that give the answer away
are found and said. What may not be used (fairness.yaml of the rules) is left out by name. Beside the model goes a
model card, MODEL.md. The figures are of rows that the model had not seen: five-fold cross-validation, each model ranking the rows that
it alone has judged. Small tables are cross-validated up to three times, with other folds: means, and from where to where they go.

  --label EXPR       which rows left: COLUMN=VALUE, COLUMN=A|B, COLUMN!=VALUE, or COLUMN<=NUMBER (also < > >=)
  --out FILE         where the model goes
  --id COLUMN,…      columns that only name the customer; rows of one customer are never on both sides of a fold
  --ignore COLUMN,…  columns to leave out
  --keep COLUMN,…    columns to use although they look like an identifier or a leak
  --rising COLUMN,…  the risk may only rise with these numbers (--falling: only fall)
  --as COLUMN=FEATURE,…  what the pipeline calls a column, for example tenure=tenure_months; without it, the model
                     reads the column from the "extra" attributes of CRM records
  --as-of DATE       when ages are taken (default: the newest date of the table)
  --seed N           other folds, other draws (default 1); the same seed gives the same file
  --draws N          how often the folds are drawn (default: one to three times, oftener where the table is small)
  --report FILE      an HTML page with ROC, lift, calibration and what drives the risk
  --json             the figures as one JSON object

With --from-outcomes the table is what Tocsin has seen: customers as they were when their first alert was raised (or, without an
alert, one horizon ago), who was spoken to, how the loop was closed, and who was set inactive within the horizon. The
weights of the model in force move towards it; the change is shown line by line, each with the customers who stand behind
it, and written to --out for review.
Alerted customers were treated: those left alone are weighed up to stand for them, the effect of speaking to a
customer is kept apart, and without enough left alone nothing is proposed.

  --horizon DAYS     within which a customer must have left (default 90)

To put the model to work, copy it to risk-model.yaml of your rules folder.
A table of events (purchases, visits) becomes one of customers with "tocsin risk aggregate".

Example:
  tocsin risk fit customers.csv --label Churn=Yes --id customerID --out rules/risk-model.yaml --report risk.html

Exit codes: 0 learnt; 1 the table cannot be learnt from; 2 used wrongly.
`,
  run: fit,
};

async function fit(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(args, {
    label: { type: 'string' },
    out: { type: 'string' },
    id: { type: 'string', multiple: true },
    ignore: { type: 'string', multiple: true },
    keep: { type: 'string', multiple: true },
    rising: { type: 'string', multiple: true },
    falling: { type: 'string', multiple: true },
    as: { type: 'string', multiple: true },
    'as-of': { type: 'string' },
    seed: { type: 'string' },
    draws: { type: 'string' },
    report: { type: 'string' },
    'from-outcomes': { type: 'boolean' },
    horizon: { type: 'string' },
  });
  if (values['from-outcomes'] === true) return fitFromOutcomes(values, positionals, io);
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError('expected one CSV file');
  if (values.label === undefined)
    throw new UsageError('--label says which customers left, for example Churn=Yes');
  if (values.out === undefined) throw new UsageError('--out names the file for the model');
  const seed = integer('--seed', values.seed ?? '1');
  const draws = values.draws === undefined ? undefined : integer('--draws', values.draws);
  if (draws === 0) throw new UsageError('--draws: got "0", expected 1, 2 …');
  const at = values['as-of'] === undefined ? undefined : instant(values['as-of']);
  const nowhere = [values.out, values.report ?? values.out].find((path) => !existsSync(dirname(path)));
  if (nowhere !== undefined) return refuse(io, `${nowhere}: there is no folder ${dirname(nowhere)}`);
  const table = readTable(file, io);
  if (typeof table === 'string') return refuse(io, table);
  const fairness = readFairness(io.env.TOCSIN_RULES_DIR ?? SHIPPED_RULES);
  if (typeof fairness === 'string') return refuse(io, fairness);
  const columns = (lists: readonly string[] | undefined): string[] =>
    (lists ?? []).flatMap((list) => splitColumns(list, table.columns));
  const fitted = fitRisk(
    table,
    {
      label: values.label,
      ids: columns(values.id),
      ignored: columns(values.ignore),
      kept: columns(values.keep),
      directions: new Map<string, Direction>([
        ...columns(values.rising).map((column) => [column, 'rising'] as const),
        ...columns(values.falling).map((column) => [column, 'falling'] as const),
      ]),
      profile: profileNames(values.as ?? []),
      seed,
      ...(draws === undefined ? {} : { draws }),
      ...(at === undefined ? {} : { at }),
      fairness,
    },
    progressOn(io),
  );
  if (!fitted.ok) return refuse(io, `${file}: ${fitted.problem}`);
  const written = write(values.out, fitted.value, values.label, values.report);
  if (written !== undefined) return refuse(io, written);
  const figures = figuresOf(fitted.value);
  io.out(values.json === true ? `${JSON.stringify(figures)}\n` : inWords(fitted.value, values.out));
  return EXIT.done;
}

function refuse(io: Io, message: string): number {
  io.err(`${message}\n`);
  return EXIT.foundWrong;
}

/** The list of the rules folder; a folder without one gets the list that comes with Tocsin. */
function readFairness(rulesDir: string): Fairness | string {
  for (const folder of [rulesDir, SHIPPED_RULES]) {
    const file = join(folder, 'fairness.yaml');
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      // Not there: the next folder counts. The last one comes with Tocsin.
      continue;
    }
    const parsed = parseFairness(file, text);
    return parsed.ok ? parsed.value : parsed.problems.map(formatProblem).join('\n');
  }
  return `${rulesDir}: no fairness.yaml, and none came with Tocsin`;
}

/** `a,b` as two columns, unless there is one column of that very name. */
export const splitColumns = (list: string, columns: readonly string[]): readonly string[] =>
  columns.includes(list) ? [list] : list.split(',').map((name) => name.trim());

function profileNames(lists: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const part of lists.flatMap((list) => list.split(','))) {
    const cut = part.lastIndexOf('=');
    if (cut < 1) throw new UsageError(`--as: got "${part}", expected COLUMN=FEATURE`);
    const feature = part.slice(cut + 1).trim();
    if (!Object.hasOwn(FEATURES, feature)) {
      throw new UsageError(`--as: unknown feature "${feature}"${didYouMean(feature, Object.keys(FEATURES))}`);
    }
    names.set(part.slice(0, cut).trim(), feature);
  }
  return names;
}

function integer(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new UsageError(`${option}: got "${text}", expected 0, 1, 2 …`);
  return value;
}

/** A day or an instant as RFC 3339 has it, epoch ms. */
export function instant(text: string, option = '--as-of'): number {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new UsageError(`${option}: got "${text}", expected a date such as 2026-03-31`);
  return at;
}

function progressOn(io: Io): FitProgress {
  return {
    found: (columns, features, leftOut) => io.err(foundInWords(columns, features, leftOut)),
    step: (done, of) => {
      const share = Math.round((100 * done) / of);
      io.err(io.interactive ? `\rlearning ${share} %${done === of ? '\n' : ''}` : `learning ${share} %\n`);
    },
  };
}

function foundInWords(
  columns: readonly Column[],
  features: readonly Feature[],
  leftOut: readonly LeftOut[],
): string {
  const width = Math.max(...columns.map(({ name }) => name.length));
  const about = new Map(leftOut.map(({ column, because }) => [column, because]));
  const lines = columns.map(
    (column) => `  ${column.name.padEnd(width)}  ${kindInWords(column)}${note(about.get(column.name))}`,
  );
  const names = new Set(columns.map(({ name }) => name));
  const made = features.filter(({ name }) => !names.has(name)).map(({ name }) => `  ${name}`);
  const leaks = leftOut
    .filter(({ column }) => !names.has(column))
    .map(({ column, because }) => `  ${column}: ${because}`);
  return [
    'columns:',
    ...lines,
    ...(made.length === 0 ? [] : ['made of them:', ...made]),
    ...(leaks.length === 0 ? [] : ['not used:', ...leaks]),
    '',
  ].join('\n');
}

const note = (because: string | undefined): string =>
  because === undefined ? '' : ` – left out: ${because}`;

function kindInWords({ kind, missing, distinct, dates, points }: Column): string {
  const unknown = missing === 0 ? '' : `, ${(missing * 100).toFixed(missing < 0.1 ? 1 : 0)} % not known`;
  const guess =
    points === undefined ? '' : ', points taken for decimal points: 1.234 is a little more than 1';
  if (dates === undefined) return `${kind}, ${distinct} values${unknown}${guess}`;
  const order = dates.order === 'day_first' ? 'day first' : 'month first';
  const doubt = dates.mixed
    ? ', both orders occur: some dates are damaged'
    : dates.guessed
      ? ', order guessed'
      : '';
  return `date, ${order}${doubt}${unknown}`;
}

/** Writes model, card and report; says what went wrong. */
function write(
  out: string,
  fitted: FittedRisk,
  label: string,
  report: string | undefined,
): string | undefined {
  const card = `${out.replace(/\.ya?ml$/i, '')}.md`;
  try {
    writeFileSync(out, fitted.yaml);
    writeFileSync(card, modelCard(fitted, label));
    if (report !== undefined)
      writeFileSync(report, riskReport({ title: `Churn model ${fitted.version}`, label, ...fitted }));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const figuresOf = ({ version, figures, crossValidated, rowsLeft }: FittedRisk) => ({
  n: figures.n,
  auc: figures.auc,
  liftTop10: figures.liftTop10,
  brier: figures.brier,
  brierIfRecalibrated: figures.brierIfRecalibrated,
  interval95: figures.interval95,
  crossValidated,
  rowsWithoutLabel: rowsLeft,
  version,
});

function inWords({ figures, crossValidated, version, rowsLeft, drivers }: FittedRisk, out: string): string {
  const interval = ([low, high]: readonly [number, number]): string => `(95 %: ${low} to ${high})`;
  const { draws, auc, liftTop10, allTogether } = crossValidated;
  const spread = `AUC ${auc.join(' to ')}, lift ${liftTop10.join(' to ')}`;
  return [
    `model          ${out}, version ${version}`,
    `rows           ${figures.n}, ${figures.outcomes} with the outcome; ${rowsLeft} without a label left out`,
    'on rows that the model had not seen, ranked by one model each:',
    `  AUC          ${figures.auc} ${interval(figures.interval95.auc)}`,
    `  lift, top 10 %  ${figures.liftTop10} ${interval(figures.interval95.liftTop10)}`,
    ...(draws === 1 ? [] : [`  means of ${draws} draws of folds, which went from ${spread}`]),
    `  all ranked together, across models: AUC ${allTogether.auc}, lift ${allTogether.liftTop10}`,
    `  Brier        ${figures.brier}; recalibrated on the same rows it would be ${figures.brierIfRecalibrated}`,
    `drives most    ${drivers
      .slice(0, 5)
      .map(({ feature }) => feature)
      .join(', ')}`,
    '',
  ].join('\n');
}
