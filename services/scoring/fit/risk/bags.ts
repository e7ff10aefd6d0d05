import { type Random, shuffled } from './random.ts';

/** Rows to learn from and rows to stop by. */
export interface Bag {
  readonly learn: Int32Array;
  readonly stop: Int32Array;
}

/**
 * Draws a share of the rows to stop by, with both labels in proportion; the rest is learnt from. Where rows belong together,
 * such as a customer at several moments, they stay together: what is learnt of a customer must not tell when to stop.
 */
export function drawBag(
  rows: Int32Array,
  labels: Uint8Array,
  share: number,
  random: Random,
  groups?: Int32Array,
): Bag {
  if (groups !== undefined) return drawGroups(rows, labels, share, random, groups);
  const learn: number[] = [];
  const stop: number[] = [];
  const quota = [0, 0];
  for (const row of rows) quota[labels[row] ?? 0] = (quota[labels[row] ?? 0] ?? 0) + 1;
  const wanted = quota.map((count) => Math.round(count * share));
  for (const position of shuffled(rows.length, random)) {
    const row = rows[position] ?? 0;
    const label = labels[row] ?? 0;
    const left = wanted[label] ?? 0;
    if (left > 0) {
      stop.push(row);
      wanted[label] = left - 1;
    } else learn.push(row);
  }
  return { learn: Int32Array.from(learn), stop: Int32Array.from(stop) };
}

/** Draws one row of each group, and takes the others with it. */
function drawGroups(
  rows: Int32Array,
  labels: Uint8Array,
  share: number,
  random: Random,
  groups: Int32Array,
): Bag {
  const first = new Map<number, number>();
  for (const row of rows) if (!first.has(groups[row] ?? 0)) first.set(groups[row] ?? 0, row);
  const drawn = drawBag(Int32Array.from(first.values()), labels, share, random);
  const stops = new Set(Array.from(drawn.stop, (row) => groups[row] ?? 0));
  return {
    learn: rows.filter((row) => !stops.has(groups[row] ?? 0)),
    stop: rows.filter((row) => stops.has(groups[row] ?? 0)),
  };
}
