import { didYouMean } from '../../../platform/config/did-you-mean.ts';
import type { FeatureValue } from '../../domain/features.ts';
import type { FitFile } from '../../domain/risk-model.ts';
import { columnsOf } from '../../domain/risk-model-reading.ts';
import { isKnown } from '../../domain/risk-model-values.ts';
import { type CrossValidated, judgeDraws, type RiskFigures } from '../../quality/risk-figures.ts';
import type { CsvTable } from '../csv-table.ts';
import { type Column, describeColumns, namesACustomer } from './columns.ts';
import { customersOf } from './customers.ts';
import { type Fairness, forbiddenAttribute } from './fairness.ts';
import { type Feature, featuresOf, valuesOf } from './features.ts';
import { parseLabel } from './label.ts';
import { leakOf } from './leaks.ts';
import { type Driver, modelFile } from './model-file.ts';
import type { Direction } from './step-search.ts';
import { train } from './train.ts';

export interface FitOptions {
  /** For example `Churn=Yes` or `CSAT Score<=2`. */
  readonly label: string;
  readonly ids: readonly string[];
  readonly ignored: readonly string[];
  /** Columns to use although they look like a leak or an identifier. */
  readonly kept: readonly string[];
  /** Columns whose weights may only rise, or only fall. */
  readonly directions: ReadonlyMap<string, Direction>;
  /** Columns that the pipeline knows by another name: the profile feature that stands in for them. */
  readonly profile: ReadonlyMap<string, string>;
  readonly seed: number;
  /** How often the folds of the cross-validation are drawn; default: oftener where the table is small. */
  readonly draws?: number;
  /** When ages are taken, epoch ms; default: the newest date of the table. */
  readonly at?: number;
  readonly fairness: Fairness;
}

export interface LeftOut {
  readonly column: string;
  readonly because: string;
}

export interface FittedRisk {
  readonly version: string;
  readonly yaml: string;
  readonly figures: RiskFigures;
  /** How the figures came about: draws of folds, from where to where they went, and all rows ranked together. */
  readonly crossValidated: CrossValidated;
  /** Held-out probability (by the first draw) and label of each row used, for reports. */
  readonly probabilities: Float64Array;
  readonly labels: Uint8Array;
  readonly columns: readonly Column[];
  readonly features: readonly Feature[];
  readonly leftOut: readonly LeftOut[];
  /** Rows whose label says nothing. */
  readonly rowsLeft: number;
  readonly drivers: readonly Driver[];
}

export type FitResult =
  | { readonly ok: true; readonly value: FittedRisk }
  | { readonly ok: false; readonly problem: string };

/** Below this a model would learn the accidents of the sample. */
export const MIN_ROWS = 200;
/** Of each kind: with or without the outcome. */
export const MIN_OF_EACH = 30;

/** Progress for people: what has been found out, and how far the work is. */
export interface FitProgress {
  found(columns: readonly Column[], features: readonly Feature[], leftOut: readonly LeftOut[]): void;
  step(done: number, of: number): void;
}

/** Learns a churn model from any table. Same table, options and seed: the same file, byte for byte. */
export function fitRisk(whole: CsvTable, options: FitOptions, progress: FitProgress): FitResult {
  const named = [
    ...options.ids,
    ...options.ignored,
    ...options.kept,
    ...options.directions.keys(),
    ...options.profile.keys(),
  ];
  const unknown = named.find((column) => !whole.columns.includes(column));
  if (unknown !== undefined) return refuse(`no column "${unknown}"${didYouMean(unknown, whole.columns)}`);
  const labelled = labelRows(whole, options.label);
  if (!labelled.ok) return labelled;
  const { table, labels, labelColumn } = labelled;
  const columns = describeColumns(table).filter(({ name }) => name !== labelColumn);
  const leftOut: LeftOut[] = [];
  const usable = columns.filter((column) => {
    const because = reasonAgainst(column, table, options) ?? filledLeak(column, table, labels, options);
    if (because !== undefined) leftOut.push({ column: column.name, because });
    return because === undefined || because === TOLD_BY_BEING_FILLED;
  });
  const at = options.at ?? newestDate(columns);
  const offered = featuresOf(usable.map((column) => keep(column, options.kept)));
  const values = valuesOf(table, offered, at);
  const { features, kept } = withoutLeaks(offered, values, labels, labelColumn, options.kept, leftOut);
  if (features.length === 0) return refuse('no column is left to learn from');
  const named_ = features.map((feature) => withProfile(feature, options.profile));
  progress.found(columns, named_, leftOut);
  const directions = features.map(({ reading }) => options.directions.get(columnsOf(reading).join()));
  const groups = customersOf(table, columns, options.ids);
  const trained = train(
    {
      features,
      values: kept,
      labels,
      directions,
      ...(groups === undefined ? {} : { groups }),
      ...(options.draws === undefined ? {} : { draws: options.draws }),
    },
    options.seed,
    (done, of) => progress.step(done, of),
  );
  const draws = trained.draws.map(({ logOdds, foldOf }) => ({
    probabilities: logOdds.map((each) => 1 / (1 + Math.exp(-each))),
    foldOf,
  }));
  const { figures, crossValidated } = judgeDraws(draws, labels, groups);
  const probabilities = draws[0]?.probabilities ?? new Float64Array(0);
  const { folds } = trained;
  const fit = fitFacts(options, figures, probabilities, { folds, draws: draws.length }, leftOut);
  const { version, yaml, drivers } = modelFile(trained, named_, fit);
  if (drivers.length === 0)
    return refuse(`these columns do not tell who has ${options.label} (AUC ${figures.auc}, by lot 0.5)`);
  return {
    ok: true,
    value: {
      version,
      yaml,
      figures,
      crossValidated,
      probabilities,
      labels,
      columns,
      features: named_,
      leftOut,
      rowsLeft: whole.rows.length - table.rows.length,
      drivers,
    },
  };
}

const refuse = (problem: string) => ({ ok: false, problem }) as const;

export type LabelledRows =
  | { readonly ok: true; readonly table: CsvTable; readonly labels: Uint8Array; readonly labelColumn: string }
  | { readonly ok: false; readonly problem: string };

/** The rows whose label says something, with their labels; refused when they cannot be learnt or judged from. */
export function labelRows(
  whole: CsvTable,
  expression: string,
  least = { rows: MIN_ROWS, each: MIN_OF_EACH },
): LabelledRows {
  const label = parseLabel(expression, whole.columns);
  if (!label.ok) return refuse(`label: ${label.problem}`);
  const index = whole.columns.indexOf(label.value.column);
  const answers = whole.rows.map((row) => label.value.of(row[index] ?? ''));
  const rows = whole.rows.filter((_, row) => answers[row] !== undefined);
  const labels = Uint8Array.from(
    answers.filter((answer) => answer !== undefined),
    Number,
  );
  const outcomes = labels.reduce((sum, each) => sum + each, 0);
  if (rows.length > 0 && (outcomes === 0 || outcomes === rows.length)) {
    const seen = [...new Set(whole.rows.map((row) => row[index] ?? ''))].slice(0, 8);
    const which = outcomes === 0 ? 'no row' : 'every row';
    return refuse(
      `label: ${which} has ${expression}; the column holds ${seen.map((word) => JSON.stringify(word)).join(', ')}`,
    );
  }
  if (rows.length < least.rows)
    return refuse(`${rows.length} rows have a label; at least ${least.rows} are needed`);
  const fewer = Math.min(outcomes, rows.length - outcomes);
  if (fewer < least.each) {
    const kind = outcomes < rows.length - outcomes ? 'with' : 'without';
    return refuse(`only ${fewer} rows are ${kind} ${expression}; at least ${least.each} are needed`);
  }
  return { ok: true, table: { columns: whole.columns, rows }, labels, labelColumn: label.value.column };
}

const TOLD_BY_BEING_FILLED = 'names things one by one; only whether it is filled in is used';

function reasonAgainst(column: Column, table: CsvTable, options: FitOptions): string | undefined {
  const { name, kind } = column;
  if (options.ids.includes(name)) return 'identifier, as you said';
  if (options.ignored.includes(name)) return 'ignored, as you said';
  const index = table.columns.indexOf(name);
  const values =
    column.distinct <= 12
      ? new Set(table.rows.map((row) => row[index] ?? '').filter(isKnown))
      : new Set<string>();
  const attribute = forbiddenAttribute(options.fairness, name, values);
  if (attribute !== undefined) return `may not be used (${attribute})`;
  if (options.kept.includes(name)) return undefined;
  if (kind === 'empty') return 'empty';
  if (kind === 'constant') return 'constant: the same in every row';
  if (
    kind === 'identifier' &&
    namesACustomer(name) &&
    column.distinct < (1 - column.missing) * table.rows.length
  )
    return 'names the customer: no row is judged by a model that has seen another row of the same customer';
  if (kind === 'identifier' || kind === 'text') {
    const what = kind === 'text' ? 'free text' : 'identifier';
    return column.missing > 0.02 && column.missing < 0.98
      ? TOLD_BY_BEING_FILLED
      : `${what}: it names things one by one`;
  }
  return undefined;
}

/** Such as the day of leaving, which only those have who left. */
function filledLeak(
  { name, missing }: Column,
  table: CsvTable,
  labels: Uint8Array,
  { label, kept }: FitOptions,
): string | undefined {
  if (missing === 0 || missing === 1 || kept.includes(name)) return undefined;
  const index = table.columns.indexOf(name);
  const values = table.rows.map((row) => (isKnown(row[index] ?? '') ? 'yes' : 'no'));
  const because = leakOf({ name, kind: 'word', values }, labels, label);
  return because === undefined ? undefined : `whether it is filled in ${because}`;
}

/** A column that is used because somebody said so: numbers stay numbers, anything else is words. */
const keep = (column: Column, kept: readonly string[]): Column =>
  kept.includes(column.name) && (column.kind === 'identifier' || column.kind === 'text')
    ? { ...column, kind: 'word' }
    : column;

/** The newest date in a table, epoch ms; 0 where it has none. Ages are taken there. */
export const newestDate = (columns: readonly Column[]): number =>
  columns.reduce((newest, { dates }) => Math.max(newest, dates?.newest ?? 0), 0);

function withoutLeaks(
  offered: readonly Feature[],
  values: readonly (readonly FeatureValue[])[],
  labels: Uint8Array,
  labelColumn: string,
  kept: readonly string[],
  leftOut: LeftOut[],
): { features: readonly Feature[]; kept: readonly (readonly FeatureValue[])[] } {
  const features: Feature[] = [];
  const used: (readonly FeatureValue[])[] = [];
  for (const [index, feature] of offered.entries()) {
    const own = values[index] ?? [];
    const wanted = columnsOf(feature.reading).every((column) => kept.includes(column));
    const because = wanted ? undefined : leakOf({ ...feature, values: own }, labels, labelColumn);
    if (because === undefined) {
      features.push(feature);
      used.push(own);
    } else leftOut.push({ column: feature.name, because });
  }
  return { features, kept: used };
}

function withProfile(feature: Feature, profile: ReadonlyMap<string, string>): Feature {
  const { reading } = feature;
  if (!('number' in reading || 'word' in reading)) return feature;
  const known = profile.get('number' in reading ? reading.number : reading.word);
  return known === undefined ? feature : { ...feature, reading: { ...reading, profile: known } };
}

function fitFacts(
  { label, seed }: FitOptions,
  { n, outcomes, auc, interval95, liftTop10, brier, brierIfRecalibrated }: RiskFigures,
  probabilities: Float64Array,
  times: { readonly folds: number; readonly draws: number },
  leftOut: readonly LeftOut[],
): FitFile {
  return {
    label,
    rows: n,
    outcomes,
    seed,
    held_out: {
      ...times,
      auc,
      auc_95: [...interval95.auc],
      lift_top10: liftTop10,
      brier,
      brier_if_recalibrated: brierIfRecalibrated,
    },
    left_out: [...leftOut],
    score_bands: scoreBands(probabilities),
  };
}

function scoreBands(probabilities: Float64Array): number[] {
  const bands = new Array<number>(10).fill(0);
  for (const probability of probabilities) {
    const band = Math.min(9, Math.floor(probability * 10));
    bands[band] = (bands[band] ?? 0) + 1;
  }
  return bands.map((count) => Math.round((count / probabilities.length) * 1e4) / 1e4);
}
