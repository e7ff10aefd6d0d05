/** How much of each part goes into the model: log-odds = offset + Σ share × part. Shares are never negative. */
export interface Blend {
  readonly offset: number;
  readonly shares: readonly number[];
}

const ROUNDS = 50;
/** Pull towards the prior shares, in rows (or customers, where they have several): decides only where the data does not. */
const PULL = 20;

/**
 * Finds the blend of parts with the smallest logistic loss, by Newton's method. A part whose share would be
 * negative is left out. Since the shares are free, the blend is also the calibration (Platt's) of the parts. Several rows of
 * one customer are one witness: `rowsPerCustomer` says how many there are on average.
 */
export function blend(
  parts: readonly Float64Array[],
  labels: Uint8Array | Float64Array,
  rows: Int32Array,
  prior: readonly number[],
  rowsPerCustomer = 1,
): Blend {
  const pull = PULL * rowsPerCustomer;
  const used = parts.map(() => true);
  for (;;) {
    const found = newton(parts, labels, rows, prior, pull, used);
    const worst = found.shares.indexOf(Math.min(...found.shares));
    if ((found.shares[worst] ?? 0) >= 0) return found;
    used[worst] = false;
  }
}

function newton(
  parts: readonly Float64Array[],
  labels: Uint8Array | Float64Array,
  rows: Int32Array,
  prior: readonly number[],
  pull: number,
  used: readonly boolean[],
): Blend {
  const active = parts.flatMap((_, index) => (used[index] === true ? [index] : []));
  const size = active.length + 1;
  const weights = [0, ...active.map((index) => prior[index] ?? 0)];
  const input = new Float64Array(size);
  for (let round = 0; round < ROUNDS; round++) {
    const matrix = Array.from({ length: size }, () => new Array<number>(size).fill(0));
    const gradient = new Array<number>(size).fill(0);
    for (const row of rows) {
      input[0] = 1;
      for (const [place, index] of active.entries()) input[place + 1] = parts[index]?.[row] ?? 0;
      let sum = 0;
      for (let i = 0; i < size; i++) sum += (weights[i] ?? 0) * (input[i] ?? 0);
      const likely = 1 / (1 + Math.exp(-sum));
      const rest = (labels[row] ?? 0) - likely;
      const curve = Math.max(likely * (1 - likely), 1e-9);
      for (let i = 0; i < size; i++) {
        gradient[i] = (gradient[i] ?? 0) + rest * (input[i] ?? 0);
        const line = matrix[i];
        for (let j = 0; line !== undefined && j < size; j++)
          line[j] = (line[j] ?? 0) + curve * (input[i] ?? 0) * (input[j] ?? 0);
      }
    }
    for (const [place, index] of active.entries()) {
      const i = place + 1;
      gradient[i] = (gradient[i] ?? 0) - pull * ((weights[i] ?? 0) - (prior[index] ?? 0));
      const line = matrix[i];
      if (line !== undefined) line[i] = (line[i] ?? 0) + pull;
    }
    const step = solve(matrix, gradient);
    for (let i = 0; i < size; i++) weights[i] = (weights[i] ?? 0) + (step[i] ?? 0);
    if (Math.max(...step.map(Math.abs)) < 1e-9) break;
  }
  const shares = parts.map((_, index) => {
    const place = active.indexOf(index);
    return place < 0 ? 0 : (weights[place + 1] ?? 0);
  });
  return { offset: weights[0] ?? 0, shares };
}

/** Gauss with pivots; for a handful of unknowns. */
export function solve(matrix: readonly number[][], right: readonly number[]): number[] {
  const lines = matrix.map((line, index) => [...line, right[index] ?? 0]);
  const n = lines.length;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++) {
      if (Math.abs(lines[row]?.[column] ?? 0) > Math.abs(lines[pivot]?.[column] ?? 0)) pivot = row;
    }
    const top = lines[pivot] ?? [];
    lines[pivot] = lines[column] ?? [];
    lines[column] = top;
    for (let row = 0; row < n; row++) {
      const line = lines[row];
      if (row === column || line === undefined) continue;
      const factor = (line[column] ?? 0) / (top[column] ?? 1);
      for (let k = column; k <= n; k++) line[k] = (line[k] ?? 0) - factor * (top[k] ?? 0);
    }
  }
  return lines.map((line, index) => (line[n] ?? 0) / (line[index] ?? 1));
}

/** The blended log-odds of one row. */
export function blended(parts: readonly Float64Array[], { offset, shares }: Blend, row: number): number {
  let sum = offset;
  for (const [index, share] of shares.entries()) sum += share * (parts[index]?.[row] ?? 0);
  return sum;
}
