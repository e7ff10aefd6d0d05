import type { Baseline, BaselineTake } from './language/ast.ts';

/** How many windows of the past a usual value is made of. */
export const windowsBack = ({ lookbackMs, stepMs }: Baseline): number => Math.floor(lookbackMs / stepMs);

/** Whether the customer or segment has been known for long enough to have anything usual. */
export const isWarm = ({ warmupMs }: Baseline, since: number | undefined, until: number): boolean =>
  since !== undefined && until - since >= warmupMs;

/** The usual one of the values of the past, at least the floor. Windows without a value are left out. */
export function usual({ take, floor }: Baseline, values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  return Math.max(floor, taken(take, values));
}

function taken(take: BaselineTake, values: readonly number[]): number {
  switch (take) {
    case 'mean':
      return values.reduce((total, value) => total + value, 0) / values.length;
    case 'max':
      return Math.max(...values);
    case 'median':
      return quantile(values, 0.5);
    case 'p90':
      return quantile(values, 0.9);
  }
}

/** The smallest value that at least this share of the values does not exceed; of two in the middle, their mean. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * sorted.length;
  const above = sorted[Math.min(sorted.length - 1, Math.floor(place))] ?? 0;
  if (!Number.isInteger(place)) return above;
  const below = sorted[place - 1] ?? above;
  return share === 0.5 ? (below + above) / 2 : below;
}
