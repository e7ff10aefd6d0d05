import type { Evidence } from '../../contracts/alert-request.ts';
import type { Assessment } from '../../contracts/assessment.ts';
import { isWarm, usual, windowsBack } from './baseline.ts';
import { evidenceOf } from './evidence.ts';
import { LIMITS } from './language/limits.ts';
import { TRUE } from './truth.ts';
import { happenedAt } from './window-state.ts';
import type { CompiledWindow } from './windows.ts';

/**
 * What action-management remembers of one segment: counts per bucket of time for each window, and no single signal.
 *
 * A window is kept in sixtieths of its length, a usual value in windows of its own length or step; empty buckets
 * take no room. So a segment's size is bounded by its windows, however much happens in it: 60 buckets of some ten
 * bytes for a window, 672 for a usual value, 256 different values for a `distinct`.
 */
export interface SegmentState {
  readonly series: Readonly<Record<string, Series>>;
  /** The latest signals as evidence, oldest first. */
  readonly quoted: readonly Evidence[];
  /** Ids of the last signals, newest last: a repeat is recognised among them. */
  readonly seen: readonly string[];
  readonly newestAt: number;
  /** The earliest instant of any signal. */
  readonly since?: number;
  /** Open alerts about the segment that people know of, by alert key. */
  readonly open?: Readonly<Record<string, OpenAlert>>;
  /** Of a rule's own key: alert keys that were let through lately, by hash, with when. */
  readonly admitted?: Readonly<Record<string, number>>;
}

export interface OpenAlert {
  readonly ruleId: string;
  readonly alertId: string;
  readonly label: string;
}

/** The counts of one window. Exactly one of the two is used, as its function needs. */
export interface Series {
  /** By bucket: how many signals, and the sum of the field. */
  readonly buckets?: Readonly<Record<string, readonly [count: number, sum: number]>>;
  /** By hash of the value: the bucket in which it was seen last. */
  readonly values?: Readonly<Record<string, number>>;
}

export const NO_SEGMENT: SegmentState = { series: {}, quoted: [], seen: [], newestAt: 0 };

/** Parts of a window: its end is exact to one in sixty. */
const PARTS = 60;
/** Pieces of evidence from different people: enough to see what it is about. */
const MAX_QUOTED = 5;
/** Repeats come from retries within seconds; a segment has many customers. */
const MAX_SEEN = 64;

/** Milliseconds of one bucket. */
export function bucketMs({ window }: CompiledWindow): number {
  const { overMs, baseline } = window;
  return baseline === undefined ? Math.max(1, Math.ceil(overMs / PARTS)) : Math.min(overMs, baseline.stepMs);
}

/** How far back a window's counts are needed. */
const spanMs = ({ window: { overMs, baseline } }: CompiledWindow): number =>
  overMs + (baseline?.lookbackMs ?? 0);

export const isRepeatIn = (state: SegmentState, id: string): boolean => state.seen.includes(id);

/** The state with the signal counted in every window it belongs to. Windows that no rule has any more are dropped. */
export function countIn(
  state: SegmentState,
  assessment: Assessment,
  windows: readonly CompiledWindow[],
  latenessMs: number,
): SegmentState {
  const at = happenedAt(assessment);
  const newestAt = Math.max(state.newestAt, at);
  const series: Record<string, Series> = {};
  for (const window of windows) {
    const before = pruned(state.series[window.series], window, newestAt - spanMs(window) - latenessMs);
    const after = belongs(window, assessment) ? counted(before, window, assessment, at) : before;
    if (after !== undefined) series[window.series] = after;
  }
  return {
    ...state,
    series,
    quoted: [...state.quoted.slice(-(MAX_QUOTED - 1)), evidenceOf(assessment, 'remembered')],
    seen: [...state.seen.slice(-(MAX_SEEN - 1)), assessment.id],
    newestAt,
    since: Math.min(state.since ?? at, at),
  };
}

const belongs = ({ types, whereNow }: CompiledWindow, assessment: Assessment): boolean =>
  types.has(assessment.signal.type) && (whereNow === undefined || whereNow(assessment) === TRUE);

function counted(
  series: Series | undefined,
  compiled: CompiledWindow,
  assessment: Assessment,
  at: number,
): Series | undefined {
  const { fn, field } = compiled.window;
  const bucket = Math.floor(at / bucketMs(compiled));
  const value = field?.field.read(assessment);
  if (fn === 'distinct') {
    if (value === undefined) return series;
    const key = hashOf(String(value));
    const values = series?.values ?? {};
    return { values: atMost({ ...values, [key]: Math.max(values[key] ?? bucket, bucket) }) };
  }
  if (fn !== 'count' && typeof value !== 'number') return series;
  const [count, sum] = series?.buckets?.[bucket] ?? [0, 0];
  const added = typeof value === 'number' ? value : 0;
  return { buckets: { ...series?.buckets, [bucket]: [count + 1, sum + added] } };
}

/** With too many different values those that were not seen for longest make room. */
function atMost(values: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const entries = Object.entries(values);
  if (entries.length <= LIMITS.segmentDistinct) return values;
  return Object.fromEntries(entries.sort((a, b) => b[1] - a[1]).slice(0, LIMITS.segmentDistinct));
}

function pruned(series: Series | undefined, window: CompiledWindow, after: number): Series | undefined {
  if (series === undefined) return undefined;
  const first = Math.floor(after / bucketMs(window));
  const { buckets, values } = series;
  if (buckets !== undefined) {
    const kept = keptEntries(buckets, (bucket) => Number(bucket) > first);
    return kept === buckets ? series : { buckets: kept };
  }
  const kept = keptEntries(values ?? {}, (_, bucket) => bucket > first);
  return kept === values ? series : { values: kept };
}

/** The same object when nothing has to go, which is nearly always. */
function keptEntries<V>(
  all: Readonly<Record<string, V>>,
  keep: (key: string, value: V) => boolean,
): Readonly<Record<string, V>> {
  for (const key in all) {
    // `key` is one of `all`'s own, so there is a value.
    if (!keep(key, all[key] as V))
      return Object.fromEntries(Object.entries(all).filter((entry) => keep(...entry)));
  }
  return all;
}

/** The value of a window that ends at `until`, to the bucket. Nothing when it is unknown. */
export function segmentValue(
  compiled: CompiledWindow,
  state: SegmentState,
  until: number,
): number | undefined {
  const { baseline, overMs } = compiled.window;
  const series = state.series[compiled.series];
  const size = bucketMs(compiled);
  const last = Math.floor(until / size);
  const parts = Math.ceil(overMs / size);
  if (baseline === undefined) return valueWithin(compiled, series, last - parts, last);
  if (!isWarm(baseline, state.since, until)) return undefined;
  return usual(baseline, valuesOf(compiled, series, last, parts, Math.round(baseline.stepMs / size)));
}

/** The values of the windows of the past, in one walk over the buckets: window `k` ends `k` steps before the last. */
function valuesOf(
  { window: { fn, baseline, minSamples } }: CompiledWindow,
  series: Series | undefined,
  last: number,
  parts: number,
  step: number,
): number[] {
  const windows = baseline === undefined ? 0 : windowsBack(baseline);
  const counts = new Array<number>(windows + 1).fill(0);
  const sums = new Array<number>(windows + 1).fill(0);
  for (const [key, [count, sum]] of Object.entries(series?.buckets ?? {})) {
    const back = last - Number(key);
    const newest = Math.max(1, Math.ceil((back - parts + 1) / step));
    for (let k = newest; k <= Math.min(windows, Math.floor(back / step)); k++) {
      counts[k] = (counts[k] ?? 0) + count;
      sums[k] = (sums[k] ?? 0) + sum;
    }
  }
  if (fn === 'count') return counts.slice(1);
  return counts.flatMap((count, k) => {
    if (k === 0 || count < minSamples) return [];
    return [fn === 'sum' ? (sums[k] ?? 0) : (sums[k] ?? 0) / count];
  });
}

/** Over the buckets in `(after, last]`. */
function valueWithin(
  { window: { fn, minSamples } }: CompiledWindow,
  series: Series | undefined,
  after: number,
  last: number,
): number | undefined {
  if (fn === 'distinct') {
    const seen = Object.values(series?.values ?? {});
    return seen.filter((bucket) => bucket > after && bucket <= last).length;
  }
  let count = 0;
  let sum = 0;
  const buckets = series?.buckets ?? {};
  for (const key in buckets) {
    const bucket = Number(key);
    if (bucket <= after || bucket > last) continue;
    const [n = 0, total = 0] = buckets[key] ?? [];
    count += n;
    sum += total;
  }
  if (fn === 'count') return count;
  if (count < minSamples) return undefined;
  return fn === 'sum' ? sum : sum / count;
}

/** FNV-1a over UTF-16, in base 36: short, the same everywhere, and no secret is meant to be kept by it. */
export function hashOf(text: string): string {
  return fnv(text).toString(36);
}

export function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
