import type { Alert } from '../../contracts/alert.ts';

/**
 * Whether what has happened since makes a queued message pointless: a reminder to acknowledge once somebody
 * has, a reminder to call once somebody called, anything once the loop is closed.
 *
 * A step without `unless` (the opening message, a breach told to a manager) is outdated only by the close.
 */
export function isSuperseded(alert: Alert, step: string): boolean {
  if (alert.status === 'closed') return true;
  const planned = alert.plan.escalation.find(({ id }) => isFiringOf(id, step));
  switch (planned?.unless) {
    case 'acked':
      return alert.acknowledgedAt !== undefined || alert.contact !== undefined;
    case 'contacted':
      return alert.contact !== undefined;
    case 'closed':
    case undefined:
      return false;
  }
}

/** A firing is named after its step; what tells it from the step's other firings follows behind a sign. */
const isFiringOf = (id: string, step: string): boolean =>
  step === id || (step.startsWith(id) && '@+/'.includes(step[id.length] ?? ' '));
