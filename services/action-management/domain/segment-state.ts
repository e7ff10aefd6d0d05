import type { Evidence } from '../../contracts/alert-request.ts';
import type { Assessment } from '../../contracts/assessment.ts';
import { isWarm, usual, windowsBack } from './baseline.ts';
import { evidenceOf } from './evidence.ts';
import { LIMITS } from './language/limits.ts';
import {
  differentIn,
  increased,
  pruned,
  type Series,
  seen,
  type Total,
  totalIn,
  totalsBack,
} from './segment-series.ts';
import { TRUE } from './truth.ts';
import { happenedAt } from './window-state.ts';
import type { Buckets, CompiledWindow } from './windows.ts';

/**
 * What action-management remembers of one segment: counts per bucket of time for each window, and no single signal.
 *
 * A window is kept in sixtieths of its length, a usual value in windows of its own length or step; empty buckets
 * take no room. What came before is kept for as long as a late signal may make it be judged again. So a segment's size
 * is bounded by its windows, however much happens in it: 60 buckets of some fifteen bytes for a window and 720 for what may
 * come late, 672 for a usual value, 256 different values for a `distinct`.
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
  /** What rules that settle wait with, by the name of its timer; absent while they wait with nothing. */
  readonly settling?: Readonly<Record<string, Settling>>;
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

export interface Settling {
  /** The first instant that is still to be judged, or to be judged again. */
  readonly from: number;
  readonly dueAt: number;
}

export const NO_SEGMENT: SegmentState = { series: {}, quoted: [], seen: [], newestAt: 0 };

/** Pieces of evidence from different people: enough to see what it is about. */
const MAX_QUOTED = 5;
/** Repeats come from retries within seconds; a segment has many customers. */
const MAX_SEEN = 64;

/** How far back a window's counts are needed, judged at the newest instant. */
const spanMs = ({ window: { overMs, baseline } }: CompiledWindow): number =>
  overMs + (baseline?.lookbackMs ?? 0);

/** How far before the newest instant buckets of a length can be judged again, when up to `wantedMs` are wanted. */
export const reachMs = (bucketMs: number, wantedMs: number): number =>
  Math.min(wantedMs, LIMITS.segmentLateBuckets * bucketMs);

export const isRepeatIn = (state: SegmentState, id: string): boolean => state.seen.includes(id);

/**
 * The state with the signal counted in each of `windows` that it belongs to; counts of other windows are dropped. What a
 * window was at any instant of the last `lateMs` before the newest one can be computed from it.
 */
export function countIn(
  state: SegmentState,
  assessment: Assessment,
  windows: readonly CompiledWindow[],
  lateMs: number,
): SegmentState {
  const at = happenedAt(assessment);
  const newestAt = Math.max(state.newestAt, at);
  const series: Record<string, Series> = {};
  for (const window of windows) {
    const { sizeMs, beatMs } = bucketsOf(window);
    const add = (name: string, size: number, keptMs: number): void => {
      const after = newestAt - keptMs - reachMs(size, lateMs);
      const before = pruned(state.series[name], window.window.fn, Math.floor(after / size));
      const isInside = at > after && belongs(window, assessment);
      const counts = isInside ? counted(before, window, assessment, Math.floor(at / size)) : before;
      if (counts !== undefined) series[name] = counts;
    };
    add(window.series, sizeMs, spanMs(window));
    if (sizeMs > beatMs) add(fine(window), beatMs, sizeMs);
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

/** The beats of a window whose buckets are longer: they tell how much of its last bucket was there at a beat. */
const fine = ({ series }: CompiledWindow): string => `${series}+`;

function bucketsOf({ buckets }: CompiledWindow): Buckets {
  if (buckets === undefined) throw new Error('a window of a segment has buckets, as compiled');
  return buckets;
}

function counted(
  series: Series | undefined,
  compiled: CompiledWindow,
  assessment: Assessment,
  bucket: number,
): Series | undefined {
  const { fn, field, overMs } = compiled.window;
  if (fn === 'count') return increased(series ?? [], fn, bucket);
  const value = field?.field.read(assessment);
  if (fn !== 'distinct')
    return typeof value === 'number' ? increased(series ?? [], fn, bucket, value) : series;
  const parts = Math.ceil(overMs / bucketsOf(compiled).sizeMs);
  return value === undefined ? series : seen(series ?? [], fnv(String(value)), bucket, parts);
}

/** The value of a window that ends at `until`, to the bucket. Nothing when it is unknown. */
export function segmentValue(
  compiled: CompiledWindow,
  state: SegmentState,
  until: number,
): number | undefined {
  const { fn, baseline, overMs, minSamples } = compiled.window;
  const series = state.series[compiled.series];
  const { sizeMs, beatMs } = bucketsOf(compiled);
  const last = Math.floor(until / sizeMs);
  const parts = Math.ceil(overMs / sizeMs);
  if (fn === 'distinct') return differentIn(series, last, parts);
  const worth = (total: Total): number | undefined =>
    fn === 'count' ? total.count : total.count < minSamples ? undefined : shownOf(fn, total);
  if (baseline !== undefined) {
    if (!isWarm(baseline, state.since, until)) return undefined;
    const step = Math.round(baseline.stepMs / sizeMs);
    const back = totalsBack(series, fn, { last, parts, step, windows: windowsBack(baseline) });
    return usual(
      baseline,
      back.flatMap((total) => worth(total) ?? []),
    );
  }
  const lastBeat = Math.floor(until / beatMs);
  if (sizeMs === beatMs || lastBeat >= Math.floor(state.newestAt / beatMs)) {
    return worth(totalIn(series, fn, last - parts, last));
  }
  // What the last bucket had by then.
  const whole = totalIn(series, fn, last - parts, last - 1);
  const part = totalIn(state.series[fine(compiled)], fn, (last * sizeMs) / beatMs - 1, lastBeat);
  return worth({ count: whole.count + part.count, sum: whole.sum + part.sum });
}

const shownOf = (fn: string, { count, sum }: Total): number => (fn === 'sum' ? sum : sum / count);

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
