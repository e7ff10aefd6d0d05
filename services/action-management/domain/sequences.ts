import type { TimeBoxDuration } from '../../contracts/alert-request.ts';
import type { SignalType } from '../../contracts/signal.ts';
import { DAY, HOUR } from '../../platform/time/clock.ts';
import type { Test } from './compile-condition.ts';
import type { Absence, Sequence, SequenceStep } from './language/ast.ts';
import { TRUE } from './truth.ts';
import type { RememberedSignal } from './window-state.ts';

/** A sequence ready to be looked for. */
export interface CompiledSequence {
  readonly sequence: Sequence;
  readonly steps: readonly CompiledTaking[];
  readonly absence?: CompiledTaking;
}

/** Which signals a step takes, before it is compared with the steps before it. */
export interface CompiledTaking {
  readonly types: ReadonlySet<SignalType>;
  readonly where?: Test<RememberedSignal>;
}

/** A sequence that was found among the remembered signals, complete but perhaps for its absence. */
export interface Found {
  /** The signal with which it begins; each signal begins at most one. */
  readonly first: RememberedSignal;
  readonly last: RememberedSignal;
  /** By the names of the steps. */
  readonly captured: Readonly<Record<string, RememberedSignal>>;
}

/**
 * All sequences among the remembered signals, each with the earliest signals that complete it.
 *
 * It looks at what is remembered and at nothing else, so the order in which signals arrived does not matter, and a
 * sequence that is never completed is forgotten together with its signals.
 */
export function findSequences(
  compiled: CompiledSequence,
  signals: readonly RememberedSignal[],
): readonly Found[] {
  const [begin, ...later] = compiled.sequence.steps;
  const found: Found[] = [];
  for (const [place, first] of signals.entries()) {
    if (!takes(compiled.steps[0], begin, first, {})) continue;
    const whole = complete(compiled, later, signals, place, { [begin.name]: first });
    if (whole !== undefined) found.push({ first, ...whole });
  }
  return found;
}

function complete(
  { steps }: CompiledSequence,
  later: readonly SequenceStep[],
  signals: readonly RememberedSignal[],
  place: number,
  begun: Readonly<Record<string, RememberedSignal>>,
): Pick<Found, 'last' | 'captured'> | undefined {
  let captured = begun;
  let before = place;
  for (const [index, step] of later.entries()) {
    const last = signals[before];
    if (last === undefined) return undefined;
    const until = last.at + (step.withinMs ?? 0);
    const next = signals.findIndex(
      (signal, at) => at > before && signal.at <= until && takes(steps[index + 1], step, signal, captured),
    );
    const taken = signals[next];
    if (taken === undefined) return undefined;
    captured = { ...captured, [step.name]: taken };
    before = next;
  }
  const last = signals[before];
  return last === undefined ? undefined : { last, captured };
}

/** Whether what must not come has come, after the sequence's last signal and by `until`. */
export function hasCome(
  { absence, sequence }: CompiledSequence,
  found: Found,
  signals: readonly RememberedSignal[],
  until: number,
): boolean {
  const step = sequence.absence;
  if (step === undefined) return false;
  return signals.some(
    (signal) =>
      signal.at <= until &&
      (signal.at > found.last.at ||
        (signal.at === found.last.at && signals.indexOf(signal) > signals.indexOf(found.last))) &&
      takes(absence, step, signal, found.captured),
  );
}

/** What is unknown is not taken: neither a field that must be the same, nor one that a condition asks for. */
function takes(
  compiled: CompiledTaking | undefined,
  { same }: SequenceStep | Absence,
  signal: RememberedSignal,
  captured: Readonly<Record<string, RememberedSignal>>,
): boolean {
  if (compiled === undefined || !compiled.types.has(signal.type)) return false;
  if (compiled.where !== undefined && compiled.where(signal) !== TRUE) return false;
  return same.every(({ name, as }) => {
    const value = rememberedValue(signal, name);
    const earlier = captured[as.step];
    return value !== undefined && earlier !== undefined && value === rememberedValue(earlier, as.remembered);
  });
}

/** A field of a past signal, by the name that rules use. */
export const rememberedValue = (signal: RememberedSignal, name: string) =>
  name === 'type' ? signal.type : signal.fields?.[name];

/**
 * How long an absence may last at the most in elapsed time, whatever its calendar: so long its signals must be
 * remembered. Business days may lie around two weeks of holidays; a business day has four hours or more.
 */
export function longestMs({ amount, unit, clock }: TimeBoxDuration): number {
  if (clock === 'wall') return unit === 'ms' ? amount : amount * DAY;
  const businessDays = unit === 'business_days' ? amount : Math.ceil(amount / SHORTEST_BUSINESS_DAY_MS);
  return (Math.ceil((businessDays * 7) / 5) + HOLIDAYS + 1) * DAY;
}

const SHORTEST_BUSINESS_DAY_MS = 4 * HOUR;
const HOLIDAYS = 14;
