import { didYouMean } from '../../../platform/config/yaml-file.ts';
import { DAY, HOUR } from '../../../platform/time/clock.ts';
import type { Baseline, Window } from './ast.ts';
import type { Check, Path } from './check.ts';
import { readCondition, windowScope } from './check-condition.ts';
import { durationWords, readElapsed } from './duration.ts';
import { EVENT_FIELDS, type Field, NOT_REMEMBERED } from './fields.ts';
import { LIMITS } from './limits.ts';
import type { WindowFile } from './rule-file.ts';

/** Names that conditions use otherwise. */
const RESERVED = ['all', 'any', 'not', 'ratio', 'event', 'profile', 'rule', 'customer_id'];

/** Reads the windows of a rule; those with a problem are reported and left out. */
export function readWindows(
  windows: Readonly<Record<string, WindowFile>>,
  path: Path,
  check: Check,
): Window[] {
  const entries = Object.entries(windows);
  if (entries.length > LIMITS.windows) {
    check.report(path, `${entries.length} windows; at most ${LIMITS.windows} are allowed`);
  }
  return entries.flatMap(([name, file]) => readWindow(name, file, [...path, name], check) ?? []);
}

function readWindow(name: string, file: WindowFile, path: Path, check: Check): Window | undefined {
  if (RESERVED.includes(name)) {
    return check.report(
      path,
      `a window cannot be called "${name}": conditions use the word otherwise`,
      'key',
    );
  }
  const overMs = readOver(file.over, [...path, 'over'], check);
  const field = readField(file, path, check);
  const where =
    file.where === undefined ? undefined : readCondition(file.where, [...path, 'where'], windowScope, check);
  if (file.unit !== undefined && file.fn !== 'trend') {
    check.report([...path, 'unit'], `unit belongs to fn: trend; fn is ${file.fn}`);
  }
  if (file.min_samples !== undefined && (file.fn === 'count' || file.fn === 'distinct')) {
    check.report(
      [...path, 'min_samples'],
      `min_samples has no meaning for fn: ${file.fn}; compare the number in when`,
    );
  }
  if (overMs === undefined || field === 'bad') return undefined;
  const baseline = file.baseline && readBaseline(file, overMs, [...path, 'baseline'], check);
  if (file.baseline !== undefined && baseline === undefined) return undefined;
  return {
    name,
    of: typeof file.of === 'string' ? [file.of] : file.of,
    fn: file.fn,
    ...(field === undefined ? {} : { field }),
    overMs,
    ...(where === undefined ? {} : { where }),
    minSamples: Math.max(file.min_samples ?? 1, file.fn === 'trend' ? MIN_TREND_SAMPLES : 1),
    perMs: { per_hour: HOUR, per_day: DAY, per_week: 7 * DAY }[file.unit ?? 'per_day'],
    ...(baseline === undefined ? {} : { baseline }),
    at: check.place(path),
  };
}

/** Functions of which the usual value means something. */
const BASELINE_FUNCTIONS = ['count', 'sum', 'avg'];

function readBaseline(
  { fn, baseline }: WindowFile,
  overMs: number,
  path: Path,
  check: Check,
): Baseline | undefined {
  if (baseline === undefined) return undefined;
  if (!BASELINE_FUNCTIONS.includes(fn)) {
    return check.report(
      path,
      `fn: ${fn} has no usual value; a baseline is for ${BASELINE_FUNCTIONS.join(', ')}`,
    );
  }
  const lookbackMs = readOver(baseline.lookback, [...path, 'lookback'], check);
  const stepMs = readOver(baseline.step, [...path, 'step'], check);
  const warmupMs =
    baseline.warmup === undefined ? lookbackMs : readOver(baseline.warmup, [...path, 'warmup'], check);
  if (lookbackMs === undefined || stepMs === undefined || warmupMs === undefined) return undefined;
  if (stepMs % overMs !== 0 && overMs % stepMs !== 0) {
    const message = `a step of ${durationWords(stepMs)} does not fit windows of ${durationWords(overMs)}; one must be a multiple of the other`;
    return check.report([...path, 'step'], message);
  }
  const windows = Math.floor(lookbackMs / stepMs);
  const buckets = lookbackMs / Math.min(stepMs, overMs);
  if (windows < 2 || buckets > LIMITS.baselineWindows) {
    const message = `looking back ${durationWords(lookbackMs)} in steps of ${durationWords(stepMs)} makes ${buckets} parts; 2 to ${LIMITS.baselineWindows} are possible`;
    return check.report([...path, 'lookback'], message);
  }
  return { lookbackMs, stepMs, take: baseline.take, floor: baseline.floor, warmupMs };
}

/** A line through fewer than two points has no slope. */
const MIN_TREND_SAMPLES = 2;

/** A span of the past: longer than nothing, no longer than is remembered. */
export function readOver(text: string, path: Path, check: Check): number | undefined {
  const read = readElapsed(text);
  if (!read.ok) return check.report(path, read.message);
  if (read.value === 0) return check.report(path, `got "${text}"; a window must be longer than nothing`);
  if (read.value > LIMITS.windowMs) {
    return check.report(
      path,
      `got "${text}"; a window reaches back ${durationWords(LIMITS.windowMs)} at most`,
    );
  }
  return read.value;
}

function readField(
  { fn, field }: WindowFile,
  path: Path,
  check: Check,
): { name: string; field: Field } | undefined | 'bad' {
  if (fn === 'count') {
    if (field !== undefined)
      check.report([...path, 'field'], 'fn: count takes no field; use distinct or where');
    return field === undefined ? undefined : 'bad';
  }
  const bad = (message: string, at: Path = [...path, 'field']) => {
    check.report(at, message);
    return 'bad' as const;
  };
  if (field === undefined) return bad(`fn: ${fn} needs a field, for example field: sentiment`, path);
  const numeric = fn !== 'distinct' && fn !== 'last';
  const usable = [...EVENT_FIELDS].filter(
    ([name, known]) => fits(known, numeric) && !NOT_REMEMBERED.has(name),
  );
  const bare = field.startsWith('event.') ? field.slice('event.'.length) : field;
  const known = usable.find(([name]) => name === field);
  if (known !== undefined) return { name: field, field: known[1] };
  if (bare !== field && EVENT_FIELDS.has(bare))
    return bad(`unknown field "${field}"; in a window write ${bare}`);
  const why = EVENT_FIELDS.has(field)
    ? `fn: ${fn} cannot use the field "${field}"; allowed: ${usable.map(([name]) => name).join(', ')}`
    : `unknown field "${field}"${didYouMean(
        field,
        usable.map(([name]) => name),
      )}`;
  return bad(why);
}

const fits = (field: Field, numeric: boolean): boolean =>
  numeric ? field.type === 'number' : field.type !== 'list' && field.type !== 'instant';
