import type { WindowFunction } from './language/ast.ts';
import { LIMITS } from './language/limits.ts';

/**
 * The counts of one window as a flat list, oldest first, because it is copied with every signal: of a `count` the
 * bucket and how many, of a `sum` or `avg` the bucket, how many, and the sum of the field; of a `distinct` a hash, and the
 * first and the last bucket of a time in which it was seen without a pause as long as the window.
 *
 * So any window of the past can be computed as it would have been then, had all that has arrived been there: the order
 * of arrival changes nothing.
 */
export type Series = readonly number[];

/** Numbers per entry of the list. */
const COUNT = 2;
const SUM = 3;
const SEEN = 3;

const widthOf = (fn: WindowFunction): number => (fn === 'count' ? COUNT : SUM);

/** One more in a bucket, of `value` where the function asks for one. Nearly always it is the last of the list. */
export function increased(series: Series, fn: WindowFunction, bucket: number, value = 0): Series {
  const width = widthOf(fn);
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

/**
 * A value was seen; `parts` buckets make the window. With too many different ones those that were not seen for longest
 * make room.
 */
export function seen(series: Series, hash: number, bucket: number, parts: number): Series {
  let first = bucket;
  let last = bucket;
  let next: number[] | undefined;
  for (let place = series.length - SEEN; place >= 0; place -= SEEN) {
    if (series[place] !== hash) continue;
    const [began = 0, ended = 0] = [series[place + 1], series[place + 2]];
    if (began <= bucket && bucket <= ended) return series;
    if (bucket < began - parts || bucket > ended + parts) continue;
    first = Math.min(first, began);
    last = Math.max(last, ended);
    // From the end, so that the places before it stay what they are.
    next ??= series.slice();
    next.splice(place, SEEN);
  }
  next ??= series.slice();
  let place = next.length;
  while (place > 0 && (next[place - 1] ?? 0) > last) place -= SEEN;
  next.splice(place, 0, hash, first, last);
  const surplus = next.length - LIMITS.segmentDistinct * SEEN;
  return surplus > 0 ? next.slice(surplus) : next;
}

/** Without what lies in `first` and before; it is at the beginning. */
export function pruned(series: Series | undefined, fn: WindowFunction, first: number): Series | undefined {
  if (series === undefined) return undefined;
  const [width, offset] = fn === 'distinct' ? [SEEN, 2] : [widthOf(fn), 0];
  let end = 0;
  while (end < series.length && (series[end + offset] ?? 0) <= first) end += width;
  return end === 0 ? series : series.slice(end);
}

/** How many different values were seen in the `parts` buckets that end with `last`. */
export function differentIn(series: Series = [], last: number, parts: number): number {
  let count = 0;
  for (let place = 0; place < series.length; place += SEEN) {
    if ((series[place + 1] ?? 0) <= last && (series[place + 2] ?? 0) > last - parts) count += 1;
  }
  return count;
}

export interface Total {
  readonly count: number;
  readonly sum: number;
}

/** All that lies in the buckets in `(after, last]`. */
export function totalIn(series: Series = [], fn: WindowFunction, after: number, last: number): Total {
  const width = widthOf(fn);
  let count = 0;
  let sum = 0;
  for (let place = 0; place < series.length; place += width) {
    const bucket = series[place] ?? 0;
    if (bucket <= after || bucket > last) continue;
    count += series[place + 1] ?? 0;
    if (width === SUM) sum += series[place + 2] ?? 0;
  }
  return { count, sum };
}

/** What lay in each window of the past, in one walk over the buckets: window `k` ends `k` steps before `last`. */
export function totalsBack(
  series: Series = [],
  fn: WindowFunction,
  { last, parts, step, windows }: Readonly<Record<'last' | 'parts' | 'step' | 'windows', number>>,
): Total[] {
  const counts = new Array<number>(windows + 1).fill(0);
  const sums = new Array<number>(windows + 1).fill(0);
  const width = widthOf(fn);
  for (let place = 0; place < series.length; place += width) {
    const back = last - (series[place] ?? 0);
    const newest = Math.max(1, Math.ceil((back - parts + 1) / step));
    for (let k = newest; k <= Math.min(windows, Math.floor(back / step)); k++) {
      counts[k] = (counts[k] ?? 0) + (series[place + 1] ?? 0);
      if (width === SUM) sums[k] = (sums[k] ?? 0) + (series[place + 2] ?? 0);
    }
  }
  return counts.slice(1).map((count, index) => ({ count, sum: sums[index + 1] ?? 0 }));
}

/** The buckets in which anything lies, from `first` on, oldest first. Of a `count`. */
export function bucketsFrom(series: Series = [], first: number): number[] {
  const found: number[] = [];
  for (let place = 0; place < series.length; place += COUNT) {
    const bucket = series[place] ?? 0;
    if (bucket >= first) found.push(bucket);
  }
  return found;
}
