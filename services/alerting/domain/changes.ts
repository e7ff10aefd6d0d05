import type { Actor, Alert, AlertOwner, Contact, Refusal } from '../../contracts/alert.ts';
import type { AlertRequest, Deadline, EscalationStep, HeldReason } from '../../contracts/alert-request.ts';
import type { Firing } from './alert-state.ts';
import type { Deadlines } from './deadlines.ts';

interface ChangeBase {
  /** When it took effect. */
  readonly at: number;
  readonly by: Actor;
  readonly via?: string;
  readonly commandId?: string;
  readonly note?: string;
}

/** Something that happened to an alert: what `decide` returns, `evolve` applies and the event tells. */
export type Change = ChangeBase &
  (
    | {
        readonly type: 'raised' | 'reopened';
        readonly request: AlertRequest;
        readonly owner: AlertOwner;
        readonly deadlines: Deadlines;
      }
    | {
        readonly type: 'evidence_added';
        readonly request: AlertRequest;
        readonly deadlines: Deadlines;
        readonly severityRose: boolean;
      }
    | {
        readonly type: 'held_back';
        readonly held: HeldReason;
        readonly heldBy?: string;
        /** The open alert, or what would have been. */
        readonly alert: Alert;
      }
    | { readonly type: 'acknowledged' }
    | { readonly type: 'snoozed'; readonly until: number; readonly reason: string; readonly pauses: boolean }
    | { readonly type: 'woken'; readonly deadlines: Deadlines }
    | { readonly type: 'reassigned'; readonly owner: AlertOwner }
    | { readonly type: 'contact_attempted' }
    | { readonly type: 'contacted'; readonly contact: Contact }
    | {
        readonly type: 'escalated';
        readonly step: EscalationStep;
        readonly firingKey: string;
        readonly firing: Firing;
      }
    | { readonly type: 'breached'; readonly milestone: Deadline; readonly recordedAt: number }
    | { readonly type: 'closed'; readonly outcome: string; readonly rootCause: string }
    | { readonly type: 'refused'; readonly refusal: Refusal }
  );

/** Why an input changed nothing. */
export type SkipReason =
  | 'repeated'
  | 'alert_unknown'
  | 'already_acknowledged'
  | 'already_proven'
  | 'loop_closed'
  | 'not_due';

export type Decision =
  | { readonly changes: readonly Change[] }
  | { readonly skip: Exclude<SkipReason, 'not_due'> };

/** Tocsin itself, when nobody else did it. */
export const ALERTING: Actor = { kind: 'system', id: 'alerting' };
