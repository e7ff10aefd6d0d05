import type { Assessment } from '../../contracts/assessment.ts';
import type { Value } from './language/fields.ts';
import { type SegmentState, segmentValue } from './segment-state.ts';
import type { RememberedSignal } from './window-state.ts';
import { type CompiledWindow, computeWindow } from './windows.ts';

/** All that a rule may look at when it is judged: the assessment, what is remembered, and until when. */
export interface Facts {
  readonly assessment: Assessment;
  readonly signals: readonly RememberedSignal[];
  /** Where windows end. */
  readonly until: number;
  /** Since when the customer has been known; what is younger than a warm-up has no usual value. */
  readonly since: number | undefined;
  /** Window values that were needed so far; rules of one judgement share them. */
  readonly computed: Map<number, Value | undefined>;
  /** Of a segment rule: what is counted of the segment, in place of `signals`. */
  readonly segment?: SegmentState;
  /** Of a rule with a sequence: the signals that its steps took, by the names of the steps. */
  readonly captured?: Readonly<Record<string, RememberedSignal>>;
  /** A past signal that `event.…` means: the last one of a sequence, or the one at whose time a late signal is judged. */
  readonly event?: RememberedSignal;
}

export const factsOf = (
  assessment: Assessment,
  signals: readonly RememberedSignal[],
  until: number,
  since?: number,
): Facts => ({ assessment, signals, until, since, computed: new Map() });

export const segmentFactsOf = (
  assessment: Assessment,
  segment: SegmentState,
  until: number,
  event?: RememberedSignal,
): Facts => ({
  ...(event === undefined ? {} : { event }),
  assessment,
  signals: [],
  until,
  since: segment.since,
  computed: new Map(),
  segment,
});

/** The value of a window, computed when first asked for. */
export function readWindow(facts: Facts, window: CompiledWindow): Value | undefined {
  const known = facts.computed.get(window.index);
  if (known !== undefined || facts.computed.has(window.index)) return known;
  const value =
    facts.segment === undefined
      ? computeWindow(window, facts.signals, facts.until, facts.since)
      : segmentValue(window, facts.segment, facts.until);
  facts.computed.set(window.index, value);
  return value;
}
