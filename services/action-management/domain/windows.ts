import type { Assessment } from '../../contracts/assessment.ts';
import type { SignalType } from '../../contracts/signal.ts';
import { isWarm, usual, windowsBack } from './baseline.ts';
import type { Window } from './language/ast.ts';
import type { Value } from './language/fields.ts';
import { TRUE, type Truth } from './truth.ts';
import type { RememberedSignal } from './window-state.ts';

/** A window ready to be computed over what is remembered of a customer. */
export interface CompiledWindow {
  readonly window: Window;
  /** Position among the windows of the set; equal windows of several rules share one. */
  readonly index: number;
  /** The same for equal windows of any rule set; under it a segment keeps its counts. */
  readonly series: string;
  readonly types: ReadonlySet<SignalType>;
  /** Of a segment's window: how finely it is counted. */
  readonly buckets?: Buckets;
  readonly where?: (signal: RememberedSignal) => Truth;
  /** The same for a signal that is just being judged. */
  readonly whereNow?: (assessment: Assessment) => Truth;
}

export interface Buckets {
  /** Milliseconds of one bucket of the window. */
  readonly sizeMs: number;
  /** Of the steps in which its rule is judged: as long as a bucket, or a part of it. */
  readonly beatMs: number;
}

/**
 * The value of a window that ends at `until`: of the signals in `(until − over, until]` by event time.
 * Nothing when it is unknown: too few values. A signal whose `where` is unknown is not counted.
 */
export function computeWindow(
  compiled: CompiledWindow,
  signals: readonly RememberedSignal[],
  until: number,
  since: number | undefined,
): Value | undefined {
  const { baseline } = compiled.window;
  if (baseline === undefined) return valueUntil(compiled, signals, until);
  if (!isWarm(baseline, since, until)) return undefined;
  const values: number[] = [];
  for (let back = 1; back <= windowsBack(baseline); back++) {
    const value = valueUntil(compiled, signals, until - back * baseline.stepMs);
    // A baseline is made of numbers only, checked with the rule.
    if (value !== undefined) values.push(value as number);
  }
  return usual(baseline, values);
}

function valueUntil(
  compiled: CompiledWindow,
  signals: readonly RememberedSignal[],
  until: number,
): Value | undefined {
  const { fn, field, minSamples, perMs } = compiled.window;
  if (fn === 'count') return countSignals(compiled, signals, until);
  const name = field?.name ?? '';
  const values: Value[] = [];
  const times: number[] = [];
  eachCounted(compiled, signals, until, (signal) => {
    const value = signal.fields?.[name];
    if (value === undefined) return;
    values.push(value);
    times.push(signal.at);
  });
  if (fn === 'distinct') return new Set(values).size;
  if (values.length < minSamples) return undefined;
  if (fn === 'last') return values.at(-1);
  // Checked with the rule: these functions take number fields only.
  const numbers = values as number[];
  switch (fn) {
    case 'sum':
      return sum(numbers);
    case 'avg':
      return sum(numbers) / numbers.length;
    case 'min':
      return Math.min(...numbers);
    case 'max':
      return Math.max(...numbers);
    case 'trend':
      return slope(times, numbers, perMs);
  }
}

/** Ids of the signals that a window counts, oldest first: the evidence of a match. */
export function countedIds(
  compiled: CompiledWindow,
  signals: readonly RememberedSignal[],
  until: number,
): string[] {
  const ids: string[] = [];
  eachCounted(compiled, signals, until, (signal) => ids.push(signal.id));
  return ids;
}

function countSignals(compiled: CompiledWindow, signals: readonly RememberedSignal[], until: number): number {
  let count = 0;
  eachCounted(compiled, signals, until, () => {
    count += 1;
  });
  return count;
}

function eachCounted(
  { window, types, where }: CompiledWindow,
  signals: readonly RememberedSignal[],
  until: number,
  visit: (signal: RememberedSignal) => void,
): void {
  const after = until - window.overMs;
  for (const signal of signals) {
    if (signal.at > until) return;
    if (signal.at <= after || !types.has(signal.type)) continue;
    if (where === undefined || where(signal) === TRUE) visit(signal);
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, value) => total + value, 0);

/** Slope of the least-squares line through the values, per `perMs`. Unknown when all are of one instant. */
function slope(times: readonly number[], values: readonly number[], perMs: number): number | undefined {
  const meanTime = sum(times) / times.length;
  const meanValue = sum(values) / values.length;
  let covariance = 0;
  let variance = 0;
  for (const [index, time] of times.entries()) {
    const distance = time - meanTime;
    covariance += distance * ((values[index] ?? 0) - meanValue);
    variance += distance * distance;
  }
  return variance === 0 ? undefined : (covariance / variance) * perMs;
}
