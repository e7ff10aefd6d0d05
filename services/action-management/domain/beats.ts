import { DAY, MINUTE } from '../../platform/time/clock.ts';
import type { Rule, Window } from './language/ast.ts';
import { readOfSignals } from './language/reads.ts';
import type { Buckets, CompiledWindow } from './windows.ts';

/** A segment rule is judged at the ends of its beats, of those in which something happened to which it listens. */
export interface Beats {
  /** A sixtieth of the shortest window. What happened within one beat happened at once. */
  readonly beatMs: number;
  /** For how many beats after its own a signal lies in some window of the rule. */
  readonly after: number;
  /** Counts what the rule listens to, by beats. */
  readonly marks: CompiledWindow;
  /** It asks for more of a signal than what makes the segment, and that is known only when the signal arrives. */
  readonly readsSignals: boolean;
}

/** A window of a segment is kept in sixtieths of its length; its end is exact to one of them. */
const PARTS = 60;

const usualSizeMs = ({ overMs, baseline }: Window): number =>
  baseline === undefined ? Math.max(1, Math.ceil(overMs / PARTS)) : Math.min(overMs, baseline.stepMs);

/** A usual value is made of what was over long before, so it need not know of beats. */
export function bucketsOf(window: Window, beatMs: number): Buckets {
  const sizeMs = usualSizeMs(window);
  if (window.baseline !== undefined) return { sizeMs, beatMs: sizeMs };
  if (window.fn === 'distinct') return { sizeMs: beatMs, beatMs };
  return { sizeMs: Math.ceil(sizeMs / beatMs) * beatMs, beatMs };
}

/** Whether a segment has kept the window like this for ever, so that its counts go on. */
export const isUsual = (window: Window, { sizeMs, beatMs }: Buckets): boolean =>
  window.fn !== 'distinct' && sizeMs === usualSizeMs(window) && beatMs === sizeMs;

/** The beat of a rule without windows, to which it does not matter. */
const ANY_BEAT_MS = MINUTE;

/** How long the beats of a rule are. Nothing for a rule about customers. */
export function beatMsOf({ scope, windows }: Rule): number | undefined {
  if (scope !== 'segment') return undefined;
  const present = windows.filter(({ baseline }) => baseline === undefined);
  const sizes = (present.length === 0 ? windows : present).map(usualSizeMs);
  return sizes.length === 0 ? ANY_BEAT_MS : Math.min(...sizes);
}

/** `compiled` makes a window of the rule's segments, counted in its beats. */
export function beatsOf(rule: Rule, beatMs: number, compiled: (window: Window) => CompiledWindow): Beats {
  const marks: Window = {
    name: 'marks',
    of: rule.listen,
    fn: 'count',
    overMs: beatMs * PARTS,
    minSamples: 1,
    perMs: DAY,
    at: rule.when.at,
  };
  const key = rule.key.map(({ name }) => name);
  const longestMs = Math.max(
    0,
    ...rule.windows.map(
      ({ overMs, baseline }) => overMs + (baseline?.lookbackMs ?? 0) + (baseline?.stepMs ?? 0),
    ),
  );
  return {
    beatMs,
    after: Math.ceil(longestMs / beatMs) + 1,
    marks: compiled(marks),
    readsSignals: readOfSignals(rule).some((name) => !key.includes(name)),
  };
}
