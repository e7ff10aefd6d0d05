/** Percentiles in ms. */
export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/** Not a number where there is nothing: a bench that measured nothing must not look fast. */
export function percentiles(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN);
  return { p50: at(0.5), p99: at(0.99) };
}

export const rounded = (value: number): number => Math.round(value * 1000) / 1000;
