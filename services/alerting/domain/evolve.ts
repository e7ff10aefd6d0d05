import type { Actor, Alert, AlertOwner } from '../../contracts/alert.ts';
import type { AlertRequest } from '../../contracts/alert-request.ts';
import { SEVERITIES, type Severity } from '../../contracts/alert-request.ts';
import type { AlertState } from './alert-state.ts';
import type { Change } from './changes.ts';
import { type Deadlines, met } from './deadlines.ts';
import { addEvidence } from './evidence.ts';
import { labelOf } from './label.ts';

/** The state after a change. Decides nothing: whatever is handed in has happened. */
export function evolve(state: AlertState, change: Change): AlertState {
  const counted = { ...state, seq: state.seq + 1 };
  if (change.type === 'raised' || change.type === 'reopened') return opened(counted, change);
  const { alert } = state;
  // Every other change is decided on an alert; held_back and refused may also concern one that is not there.
  if (alert === undefined) return counted;
  switch (change.type) {
    case 'held_back':
    case 'refused':
      return counted;
    case 'evidence_added':
      return { ...counted, alert: withEvidence(alert, change.request, change.deadlines) };
    case 'acknowledged':
      return { ...counted, alert: acknowledged(alert, change.by, change.at) };
    case 'snoozed':
      return {
        ...counted,
        alert: {
          ...acknowledged(alert, change.by, change.at),
          status: 'snoozed',
          snooze: { until: change.until, reason: change.reason, by: change.by },
        },
        ...(change.pauses ? { pausedAt: state.pausedAt ?? change.at } : {}),
      };
    case 'woken':
      return {
        ...withoutPause(counted),
        alert: { ...withoutSnooze(alert), status: 'acknowledged', deadlines: change.deadlines },
      };
    case 'reassigned':
      return { ...counted, alert: { ...alert, owner: change.owner } };
    case 'contact_attempted':
      return {
        ...counted,
        alert: {
          ...acknowledged(alert, change.by, change.at),
          contactAttempts: alert.contactAttempts + 1,
        },
      };
    case 'contacted':
      return {
        ...counted,
        alert: {
          ...acknowledged(alert, change.by, change.at),
          contact: change.contact,
          deadlines: met(metAck(alert, change.at), 'contact_by', change.at),
        },
      };
    case 'escalated': {
      const isNew = state.fired[change.firingKey] === undefined && change.step.at !== 'opened';
      return {
        ...counted,
        alert: { ...alert, rung: alert.rung + (isNew ? 1 : 0) },
        fired: { ...state.fired, [change.firingKey]: change.firing },
      };
    }
    case 'breached': {
      const missed = alert.deadlines[change.milestone];
      if (missed === undefined) return counted;
      const deadlines = {
        ...alert.deadlines,
        [change.milestone]: { ...missed, breachedAt: change.recordedAt },
      };
      return { ...counted, alert: { ...alert, deadlines } };
    }
    case 'closed':
      return { ...withoutPause(counted), alert: closed(alert, change) };
  }
}

/** The alert with which a request begins a cycle. Also what an alert that was held back would have been. */
export function newAlert(
  request: AlertRequest,
  cycle: number,
  owner: AlertOwner,
  deadlines: Deadlines,
  openedAt: number,
): Alert {
  const alertId = `${request.alertKey}#${cycle}`;
  return {
    alertKey: request.alertKey,
    alertId,
    label: labelOf(alertId),
    cycle,
    status: 'open',
    stage: request.stage,
    severity: request.severity,
    ruleId: request.ruleId,
    ruleTitle: request.ruleTitle,
    ruleSetHash: request.ruleSetHash,
    ...(request.runbook === undefined ? {} : { runbook: request.runbook }),
    scope: request.scope,
    subject: request.subject,
    ...(request.customer === undefined ? {} : { customer: request.customer }),
    owner,
    openedAt,
    because: request.because,
    ...addEvidence({ evidence: [], evidenceCount: 0 }, request.evidence),
    answerOn: request.answerOn,
    ...(request.contactNotBefore === undefined ? {} : { contactNotBefore: request.contactNotBefore }),
    deadlines,
    rung: 0,
    contactAttempts: 0,
    plan: request.plan,
  };
}

/** The more urgent of two. */
export const worse = (a: Severity, b: Severity): Severity =>
  SEVERITIES.indexOf(a) <= SEVERITIES.indexOf(b) ? a : b;

function opened(state: AlertState, change: Change & { readonly type: 'raised' | 'reopened' }): AlertState {
  const { request, owner, deadlines, at } = change;
  const cycles = state.cycles + 1;
  return {
    ...withoutPause(state),
    cycles,
    ruleOwner: request.ruleOwner,
    alert: newAlert(request, cycles, owner, deadlines, at),
    fired: {},
  };
}

/** The plan and the rule version stay those with which the alert was raised; what is known of the customer moves on. */
const withEvidence = (alert: Alert, request: AlertRequest, deadlines: Deadlines): Alert => ({
  ...alert,
  severity: worse(alert.severity, request.severity),
  because: request.because,
  ...(request.customer === undefined ? {} : { customer: request.customer }),
  ...addEvidence(alert, request.evidence),
  answerOn: request.answerOn,
  deadlines,
});

/** Whoever works on an alert has seen it: contact, snooze and acknowledgement alike meet `ack_by`. The first counts. */
const acknowledged = (alert: Alert, by: Actor, at: number): Alert =>
  alert.acknowledgedAt === undefined
    ? {
        ...alert,
        status: alert.status === 'open' ? 'acknowledged' : alert.status,
        acknowledgedAt: at,
        acknowledgedBy: by,
        deadlines: metAck(alert, at),
      }
    : alert;

const metAck = (alert: Alert, at: number): Deadlines => met(alert.deadlines, 'ack_by', at);

function closed(alert: Alert, change: Change & { readonly type: 'closed' }): Alert {
  const { at, by, outcome, rootCause, note } = change;
  const seen = by.kind === 'system' ? alert : acknowledged(alert, by, at);
  return {
    ...withoutSnooze(seen),
    status: 'closed',
    closedAt: at,
    closedBy: by,
    outcome,
    rootCause,
    ...(note === undefined ? {} : { closeNote: note }),
    deadlines: met(seen.deadlines, 'close_by', at),
  };
}

function withoutSnooze({ snooze: _, ...alert }: Alert): Alert {
  return alert;
}

function withoutPause({ pausedAt: _, ...state }: AlertState): AlertState {
  return state;
}
