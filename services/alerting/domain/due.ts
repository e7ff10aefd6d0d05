import type { Alert } from '../../contracts/alert.ts';
import type { Deadline, EscalationStep } from '../../contracts/alert-request.ts';
import { type AlertState, openAlert } from './alert-state.ts';
import { DEADLINES, isRunning } from './deadlines.ts';

/** The next thing that time alone makes happen to an alert. */
export type Due =
  | { readonly type: 'wake'; readonly at: number }
  | { readonly type: 'breach'; readonly at: number; readonly milestone: Deadline }
  | {
      readonly type: 'step';
      readonly at: number;
      readonly step: EscalationStep;
      readonly firingKey: string;
    };

/**
 * The earliest thing due, whenever that is. At the same instant: first the end of a snooze, then breaches, then
 * steps in the order of the rule.
 *
 * Snooze: it silences reminders (steps before a deadline, and repeats) until it ends. It does not move
 * deadlines, so a breach is recorded and its steps fire all the same: nobody can snooze a missed promise away.
 * Only where the rule's `pause_on` says so do the deadlines themselves stand still.
 */
export function earliestDue(state: AlertState): Due | undefined {
  const alert = openAlert(state);
  if (alert === undefined) return undefined;
  let first: Due | undefined;
  const consider = (due: Due) => {
    if (first === undefined || due.at < first.at) first = due;
  };
  if (alert.snooze !== undefined) consider({ type: 'wake', at: alert.snooze.until });
  if (state.pausedAt === undefined) {
    for (const milestone of DEADLINES) {
      const deadline = alert.deadlines[milestone];
      if (deadline !== undefined && isRunning(deadline)) {
        consider({ type: 'breach', at: deadline.dueAt, milestone });
      }
    }
  }
  for (const step of alert.plan.escalation) {
    const due = stepDue(state, alert, step);
    if (due !== undefined) consider(due);
  }
  return first;
}

/** When a step fires next; `undefined` when it has, or when there is no longer a reason to. */
function stepDue(state: AlertState, alert: Alert, step: EscalationStep): Due | undefined {
  if (isSettled(alert, step.unless)) return undefined;
  const base = milestoneOf(state, alert, step);
  if (base === undefined) return undefined;
  const firingKey = `${step.id}@${base.version}`;
  const firing = state.fired[firingKey];
  const at = firing === undefined ? base.at + step.offsetMs : firing.nextAt;
  if (at === undefined) return undefined;
  const isReminder = step.offsetMs < 0 || firing !== undefined;
  if (isReminder && alert.status === 'snoozed') return undefined;
  return { type: 'step', at, step, firingKey };
}

/** The instant on which a step hangs. None when the milestone is met, stands still, or was never set. */
function milestoneOf(
  state: AlertState,
  alert: Alert,
  step: EscalationStep,
): { readonly at: number; readonly version: number } | undefined {
  if (step.at === 'opened') return { at: alert.openedAt, version: 1 };
  const deadline = alert.deadlines[step.at];
  if (deadline === undefined || deadline.metAt !== undefined || state.pausedAt !== undefined)
    return undefined;
  // "One hour left" is of no use once the breach is on record; that happens when the hour passed in a snooze.
  if (step.offsetMs < 0 && deadline.breachedAt !== undefined) return undefined;
  return { at: deadline.dueAt, version: deadline.version };
}

function isSettled(alert: Alert, unless: EscalationStep['unless']): boolean {
  switch (unless) {
    case 'acked':
      return alert.acknowledgedAt !== undefined;
    case 'contacted':
      return alert.contact !== undefined;
    case 'closed':
    case undefined:
      // A closed alert has nothing due at all.
      return false;
  }
}
