import type { Alert } from '../../../contracts/alert.ts';
import type { Signal } from '../../../contracts/signal.ts';
import { DAY } from '../../../platform/time/clock.ts';
import { type Behaviour, observe } from '../../domain/features.ts';
import { type CustomerState, isRepeat, remember } from '../../domain/profile.ts';
import type { TextReading } from '../../domain/read-text.ts';

/** A customer as they were known at one moment, and what became of them. */
export interface Snapshot {
  readonly seen: Behaviour;
  /** Whether we then spoke to the customer because of an alert: the outcome is no longer that of leaving them alone. */
  readonly treated: boolean;
  readonly left: boolean;
}

export interface Snapshots {
  readonly rows: readonly Snapshot[];
  /** Customers whose first alert was closed with an outcome. */
  readonly closedLoops: number;
  /** Customers of whom it is too early to know, or who had left before. */
  readonly leftOut: number;
}

type Reader = (signal: Signal) => TextReading | undefined;

/**
 * One snapshot per customer: right when their first alert was raised, or, without an alert, as long before the newest
 * signal as the horizon. A handle that no customer record claims is no customer. Who was set inactive within the horizon after it has left, and so has who was lost in the loop.
 */
export function snapshotsOf(
  signals: readonly Signal[],
  alerts: ReadonlyMap<string, Alert>,
  horizonDays: number,
  read: Reader,
): Snapshots {
  const newest = signals.reduce((at, { receivedAt }) => Math.max(at, receivedAt), 0);
  const horizon = horizonDays * DAY;
  const momentOf = (customer: string): number => alerts.get(customer)?.openedAt ?? newest - horizon;
  const states = new Map<string, CustomerState>();
  const gone = new Map<string, number>();
  for (const signal of signals) {
    if (signal.quarantined) continue;
    const { customerId, receivedAt, occurredAt } = signal;
    // An outcome counts from its own day, though it was imported months later; what is seen counts from when it was.
    if (signal.attributes?.active === false)
      gone.set(customerId, Math.min(gone.get(customerId) ?? occurredAt, occurredAt));
    const before = states.get(customerId);
    if (receivedAt > momentOf(customerId) || isRepeat(before, signal)) continue;
    states.set(customerId, remember(before, signal, read(signal)));
  }
  const rows: Snapshot[] = [];
  let leftOut = 0;
  let closedLoops = 0;
  for (const [customer, state] of states) {
    const alert = alerts.get(customer);
    if (alert?.outcome !== undefined) closedLoops++;
    const moment = momentOf(customer);
    const goneAt = gone.get(customer) ?? Number.POSITIVE_INFINITY;
    const left = alert?.outcome === 'churned' || goneAt <= moment + horizon;
    if (goneAt <= moment || (!left && moment + horizon > newest)) {
      leftOut++;
      continue;
    }
    rows.push({ seen: observe(state), treated: alert?.contact?.reached === true, left });
  }
  return { rows, closedLoops, leftOut };
}
