import type { Alert } from '../../contracts/alert.ts';

/**
 * Whether what has happened since makes a queued message pointless: a reminder to acknowledge once somebody
 * has, a reminder to call once somebody called, anything once the loop is closed.
 *
 * A step without `unless` (the opening message, a breach told to a manager) is outdated only by the close.
 */
export function isSuperseded(alert: Alert, step: string): boolean {
  if (alert.status === 'closed') return true;
  const planned = alert.plan.escalation.find(({ id }) => step === id || step.startsWith(`${id}/`));
  switch (planned?.unless) {
    case 'acked':
      return alert.acknowledgedAt !== undefined || alert.contact?.reached === true;
    case 'contacted':
      return alert.contact?.reached === true;
    case 'closed':
    case undefined:
      return false;
  }
}
