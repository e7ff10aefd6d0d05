import type { Rule } from './language/ast.ts';
import type { RememberedSignal } from './window-state.ts';

/**
 * Until when the customer is to be left alone, epoch ms; nothing when they may be contacted now.
 *
 * With `max` contacts within the span, the next is allowed once the earliest of the last `max` is that long ago.
 * An attempt that did not reach the customer does not tire them.
 */
export function contactNotBefore(
  { fatigue }: Rule,
  signals: readonly RememberedSignal[],
  now: number,
): number | undefined {
  if (fatigue === undefined) return undefined;
  const contacts = signals.filter(
    ({ type, at, fields }) =>
      type === fatigue.count && at > now - fatigue.overMs && at <= now && fields?.reached !== false,
  );
  const earliest = contacts.at(-fatigue.max);
  return earliest === undefined ? undefined : earliest.at + fatigue.overMs;
}
