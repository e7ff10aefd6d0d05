import { createHash } from 'node:crypto';
import type { FitFile } from '../../domain/risk-model.ts';
import type { Span } from '../../domain/risk-model-bins.ts';
import type { Reading } from '../../domain/risk-model-reading.ts';
import type { Axis } from './binning.ts';
import type { Feature } from './features.ts';
import { coarseSpans, type FileBin, fileBins, hundredths } from './model-bins.ts';
import type { PairAxis } from './pair-axis.ts';
import { purify } from './purify.ts';
import type { TrainedModel } from './train.ts';

/** A fitted model as text, and what is worth saying of it elsewhere. */
export interface ModelFile {
  readonly version: string;
  readonly yaml: string;
  /** Features by how much they move the score on average, strongest first; log-odds. */
  readonly drivers: readonly Driver[];
}

export interface Driver {
  readonly feature: string;
  /** Mean absolute weight over the rows, log-odds. */
  readonly strength: number;
  readonly bins: readonly (FileBin & { readonly words: string })[];
}

/** A feature or pair that never moves the log-odds by more than this on average says nothing. */
const SAYS_NOTHING = 0.005;
/** Below this, in log-odds, a bin is no reason to tell anybody. */
const NO_REASON = 0.05;

/**
 * Writes a trained model as `risk-model.yaml`: stable order, two decimals, one bin a line, so that two fits can be
 * compared with `diff`. The version is a digest of the content.
 */
export function modelFile(trained: TrainedModel, features: readonly Feature[], fit: FitFile): ModelFile {
  const { intercept, mains, pairs } = purify(trained);
  const strengths = mains.map((weights, index) => meanSize(weights, trained.bins[index]));
  const told = pairs.filter(({ weights }) => meanOf(weights) >= SAYS_NOTHING);
  const paired = new Set(told.flatMap(({ axis }) => [axis.first, axis.second]));
  const used = features
    .map((feature, index) => ({ feature, index, strength: strengths[index] ?? 0 }))
    .filter(({ index, strength }) => strength >= SAYS_NOTHING || paired.has(index))
    .toSorted((a, b) => b.strength - a.strength || a.index - b.index);
  const parts = used.map(({ feature, index, strength }) => {
    const axis = trained.axes[index] ?? NO_AXIS;
    const weights = mains[index] ?? new Float64Array(axis.size);
    const { bins, missing } = fileBins(axis, weights, rowsPerBin(trained.bins[index], axis.size));
    const worded = bins.map((bin, place) => ({ ...bin, words: wordsFor(feature, bin, bins[place - 1]) }));
    return {
      text: featureText(feature, worded, missing),
      driver: { feature: feature.name, strength, bins: worded },
    };
  });
  const body = [
    fitText(fit),
    `intercept: ${hundredths(intercept)}`,
    '',
    'features:',
    ...parts.map(({ text }) => text),
    ...(told.length === 0 ? [] : ['', 'interactions:']),
    ...told.map(({ axis, weights }) => pairText(axis, weights, trained.axes, features)),
    '',
  ].join('\n');
  const version = `fit-${createHash('sha256').update(body).digest('hex').slice(0, 8)}`;
  return { version, yaml: `${HEAD}version: ${version}\n${body}`, drivers: parts.map(({ driver }) => driver) };
}

const HEAD = `# How likely a customer is to leave, learnt from a table by \`tocsin risk fit\`.
#
# How to read it: each feature falls into one bin. Weights are log-odds against the average customer, which is the
# intercept: +0.7 doubles the odds, -0.7 halves them. \`below: 3\` takes values under 3 that no earlier bin took, \`is\`
# takes words, the last bin takes the rest, \`missing\` is the weight when the value is not known. \`read\` says which
# columns a feature is made of. \`interactions\` are what two features say together beyond what each says alone.
# \`words\` is what an agent reads. Edit it as you like: \`tocsin evaluate risk\` tells what the edit costs.
apiVersion: tocsin/v1
kind: RiskModel
`;

const NO_AXIS: Axis = { kind: 'number', cuts: [], size: 2 };

function fitText({
  label,
  rows,
  outcomes,
  seed,
  held_out: figures,
  left_out: left,
  score_bands: bands,
}: FitFile): string {
  return [
    '# Figures by cross-validation: each row was scored by a model that had not seen it, and ranked among what that model scored.',
    'fit:',
    `  label: ${quoted(label)}`,
    `  rows: ${rows}`,
    `  outcomes: ${outcomes}`,
    `  seed: ${seed}`,
    '  held_out:',
    `    folds: ${figures.folds}`,
    ...(figures.draws === undefined ? [] : [`    draws: ${figures.draws}`]),
    `    auc: ${figures.auc}`,
    `    auc_95: [${figures.auc_95.join(', ')}]`,
    `    lift_top10: ${figures.lift_top10}`,
    `    brier: ${figures.brier}`,
    `    brier_if_recalibrated: ${figures.brier_if_recalibrated}`,
    ...(left.length === 0 ? [] : ['  left_out:']),
    ...left.map(({ column, because }) => `    - {column: ${quoted(column)}, because: ${quoted(because)}}`),
    `  score_bands: [${bands.join(', ')}]`,
    '',
  ].join('\n');
}

function featureText(
  { name, reading }: Feature,
  bins: readonly (FileBin & { readonly words: string })[],
  missing: number,
): string {
  const lines = bins.map((bin) => {
    const words = Math.abs(bin.weight) < NO_REASON ? '' : `, words: ${quoted(bin.words)}`;
    return `      - {${spanText(bin)}weight: ${bin.weight}${words}}`;
  });
  return [
    `  - feature: ${quoted(name)}`,
    `    read: ${readingText(reading)}`,
    ...(missing === 0 ? [] : [`    missing: ${missing}`]),
    '    bins:',
    ...lines,
  ].join('\n');
}

function spanText({ below, is, missing }: Span): string {
  if (missing === true) return 'missing: true, ';
  if (below !== undefined) return `below: ${below}, `;
  return is === undefined ? '' : `is: [${is.map((word) => quoted(String(word))).join(', ')}], `;
}

const readingText = (reading: Reading): string =>
  `{${Object.entries(reading)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) =>
        `${key}: ${Array.isArray(value) ? `[${value.map(quoted).join(', ')}]` : quoted(String(value))}`,
    )
    .join(', ')}}`;

/** JSON strings are YAML strings. */
const quoted = (text: string): string =>
  /^[A-Za-z_]\w*$/.test(text) && !YAML_WORDS.test(text) ? text : JSON.stringify(text);
/** Plain words that YAML, or a reader of the older YAML, takes for something else. */
const YAML_WORDS = /^(true|false|null|yes|no|on|off|y|n)$/i;

function wordsFor({ name, kind }: Feature, { below, is }: Span, before: Span | undefined): string {
  if (kind === 'word') return is === undefined ? `${name}: {value} (rare)` : `${name}: {value}`;
  if (before?.below === undefined)
    return below === undefined ? `${name}: {value}` : `${name}: {value} (below ${below})`;
  return below === undefined
    ? `${name}: {value} (${before.below} or more)`
    : `${name}: {value} (${before.below} to ${below})`;
}

function pairText(
  { first, second, firstCoarse, secondCoarse }: PairAxis,
  weights: Float64Array,
  axes: readonly Axis[],
  features: readonly Feature[],
): string {
  const rows = coarseSpans(axes[first] ?? NO_AXIS, firstCoarse);
  const columns = coarseSpans(axes[second] ?? NO_AXIS, secondCoarse);
  const table = rows.map((row) => ({
    span: row.span,
    weights: columns.map((column) =>
      hundredths(weights[row.coarse * secondCoarse.size + column.coarse] ?? 0),
    ),
  }));
  const kept = mergeAlike(table);
  const across = mergeAlike(
    columns.map(({ span }, index) => ({ span, weights: kept.map((row) => row.weights[index] ?? 0) })),
  );
  const list = (spans: readonly Span[]): string =>
    `[${spans.map((span) => `{${spanText(span).replace(/, $/, '')}}`).join(', ')}]`;
  return [
    `  - features: [${quoted(features[first]?.name ?? '')}, ${quoted(features[second]?.name ?? '')}]`,
    `    rows: ${list(kept.map(({ span }) => span))}`,
    `    columns: ${list(across.map(({ span }) => span))}`,
    '    weights:',
    ...kept.map((_, row) => `      - [${across.map(({ weights: cells }) => cells[row] ?? 0).join(', ')}]`),
  ].join('\n');
}

interface Line {
  readonly span: Span;
  readonly weights: readonly number[];
}

/** Neighbouring number bins whose weights are the same to a reader become one. */
function mergeAlike(lines: readonly Line[]): readonly Line[] {
  const merged: Line[] = [];
  for (const line of lines) {
    const last = merged.at(-1);
    const joins =
      last !== undefined &&
      last.span.below !== undefined &&
      line.span.is === undefined &&
      last.weights.every((weight, index) => Math.abs(weight - (line.weights[index] ?? 0)) <= 0.02);
    if (joins) merged.pop();
    merged.push(joins ? { span: line.span, weights: last.weights } : line);
  }
  return merged;
}

function rowsPerBin(bins: Uint16Array | undefined, size: number): Float64Array {
  const rows = new Float64Array(size);
  for (const bin of bins ?? []) rows[bin] = (rows[bin] ?? 0) + 1;
  return rows;
}

function meanSize(weights: Float64Array, bins: Uint16Array | undefined): number {
  let sum = 0;
  for (const bin of bins ?? []) sum += Math.abs(weights[bin] ?? 0);
  return sum / (bins?.length ?? 1);
}

const meanOf = (weights: Float64Array): number =>
  weights.reduce((sum, weight) => sum + Math.abs(weight), 0) / weights.length;
