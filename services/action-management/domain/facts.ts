import type { Assessment } from '../../contracts/assessment.ts';
import type { Value } from './language/fields.ts';
import type { RememberedSignal } from './window-state.ts';
import { type CompiledWindow, computeWindow } from './windows.ts';

/** All that a rule may look at when it is judged: the assessment, what is remembered, and until when. */
export interface Facts {
  readonly assessment: Assessment;
  readonly signals: readonly RememberedSignal[];
  /** Where windows end. */
  readonly until: number;
  /** Window values that were needed so far; rules of one judgement share them. */
  readonly computed: Map<number, Value | undefined>;
}

export const factsOf = (
  assessment: Assessment,
  signals: readonly RememberedSignal[],
  until: number,
): Facts => ({ assessment, signals, until, computed: new Map() });

/** The value of a window, computed when first asked for. */
export function readWindow(facts: Facts, window: CompiledWindow): Value | undefined {
  const known = facts.computed.get(window.index);
  if (known !== undefined || facts.computed.has(window.index)) return known;
  const value = computeWindow(window, facts.signals, facts.until);
  facts.computed.set(window.index, value);
  return value;
}
