/** A stream of numbers in [0, 1) that is the same for the same seed, on every machine. */
export type Random = () => number;

/** Mulberry32: 32 bits of state, good enough to draw rows, and short enough to read. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The numbers 0 … n − 1 in an order drawn by `random` (Fisher and Yates). */
export function shuffled(n: number, random: Random): Int32Array {
  const order = Int32Array.from({ length: n }, (_, index) => index);
  for (let last = n - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const kept = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
}

/**
 * Which of `folds` parts each row belongs to, each part with the same share of either label, as far as it goes.
 */
export function stratifiedFolds(labels: Uint8Array, folds: number, random: Random): Uint8Array {
  const fold = new Uint8Array(labels.length);
  const dealt = [0, 0];
  for (const row of shuffled(labels.length, random)) {
    const label = labels[row] ?? 0;
    const count = dealt[label] ?? 0;
    // The two labels are dealt from opposite ends, so that the parts have the same size, too.
    fold[row] = label === 1 ? count % folds : folds - 1 - (count % folds);
    dealt[label] = count + 1;
  }
  return fold;
}

/**
 * The same where rows belong together, such as one customer at several moments: rows of one group are in one part. A
 * group counts by the label of its first row.
 */
export function groupedFolds(
  labels: Uint8Array,
  groups: Int32Array,
  folds: number,
  random: Random,
): Uint8Array {
  const first = new Map<number, number>();
  for (const [row, group] of groups.entries()) if (!first.has(group)) first.set(group, row);
  const place = new Map([...first.keys()].map((group, index) => [group, index]));
  const own = stratifiedFolds(
    Uint8Array.from(first.values(), (row) => labels[row] ?? 0),
    folds,
    random,
  );
  return Uint8Array.from(groups, (group) => own[place.get(group) ?? 0] ?? 0);
}
