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
 * take no room. So a segment's size is bounded by its windows, however much happens in it: 60 buckets of some fifteen
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

/**
 * The counts of one window as a flat list, oldest first, because it is copied with every signal: of a `distinct`
 * window a hash and the bucket in which it was seen last, of a `count` the bucket and how many, of the others the
 * bucket, how many, and the sum of the field.
 */
export type Series = readonly number[];

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
): SegmentState {
  const at = happenedAt(assessment);
  const newestAt = Math.max(state.newestAt, at);
  const series: Record<string, Series> = {};
  for (const window of windows) {
    const before = pruned(state.series[window.series], window, newestAt - spanMs(window));
    const isInside = at > newestAt - spanMs(window) && belongs(window, assessment);
    const after = isInside ? counted(before, window, assessment, at) : before;
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
  if (fn === 'count') return increased(series ?? [], COUNT, bucket);
  const value = field?.field.read(assessment);
  if (fn === 'distinct') return value === undefined ? series : seen(series ?? [], fnv(String(value)), bucket);
  return typeof value === 'number' ? increased(series ?? [], SUM, bucket, value) : series;
}

/** Numbers per entry of the list. */
const COUNT = 2;
const SUM = 3;
const DISTINCT = 2;

/** One more in a bucket. Nearly always it is the last of the list. */
function increased(series: Series, width: typeof COUNT | typeof SUM, bucket: number, value = 0): Series {
  let place = series.length - width;
  while (place >= 0 && (series[place] ?? 0) > bucket) place -= width;
  const next = series.slice();
  if (place >= 0 && next[place] === bucket) {
    next[place + 1] = (next[place + 1] ?? 0) + 1;
    if (width === SUM) next[place + 2] = (next[place + 2] ?? 0) + value;
  } else {
    next.splice(place + width, 0, ...(width === SUM ? [bucket, 1, value] : [bucket, 1]));
  }
  return next;
}

/** A value was seen; with too many different ones those that were not seen for longest make room. */
function seen(series: Series, hash: number, bucket: number): Series {
  let at = -1;
  for (let place = series.length - DISTINCT; place >= 0 && at < 0; place -= DISTINCT) {
    if (series[place] === hash) at = place;
  }
  if (at >= 0 && (series[at + 1] ?? 0) >= bucket) return series;
  const next = series.slice();
  if (at >= 0) next.splice(at, DISTINCT);
  let place = next.length;
  while (place > 0 && (next[place - 1] ?? 0) > bucket) place -= DISTINCT;
  next.splice(place, 0, hash, bucket);
  const surplus = next.length - LIMITS.segmentDistinct * DISTINCT;
  return surplus > 0 ? next.slice(surplus) : next;
}

/** What is too old lies at the beginning. */
function pruned(series: Series | undefined, compiled: CompiledWindow, after: number): Series | undefined {
  if (series === undefined) return undefined;
  const { fn } = compiled.window;
  const first = Math.floor(after / bucketMs(compiled));
  const [width, offset] = fn === 'distinct' ? [DISTINCT, 1] : [fn === 'count' ? COUNT : SUM, 0];
  let end = 0;
  while (end < series.length && (series[end + offset] ?? 0) <= first) end += width;
  return end === 0 ? series : series.slice(end);
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
  const width = fn === 'count' ? COUNT : SUM;
  for (let place = 0; series !== undefined && place < series.length; place += width) {
    const back = last - (series[place] ?? 0);
    const newest = Math.max(1, Math.ceil((back - parts + 1) / step));
    for (let k = newest; k <= Math.min(windows, Math.floor(back / step)); k++) {
      counts[k] = (counts[k] ?? 0) + (series[place + 1] ?? 0);
      if (width === SUM) sums[k] = (sums[k] ?? 0) + (series[place + 2] ?? 0);
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
  let count = 0;
  let sum = 0;
  if (fn === 'distinct') {
    for (let place = 1; series !== undefined && place < series.length; place += DISTINCT) {
      const bucket = series[place] ?? 0;
      if (bucket > after && bucket <= last) count += 1;
    }
    return count;
  }
  const width = fn === 'count' ? COUNT : SUM;
  for (let place = 0; series !== undefined && place < series.length; place += width) {
    const bucket = series[place] ?? 0;
    if (bucket <= after || bucket > last) continue;
    count += series[place + 1] ?? 0;
    if (width === SUM) sum += series[place + 2] ?? 0;
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
