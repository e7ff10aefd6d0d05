import type { Alert, AlertEvent, AlertEventType, Refusal } from '../../contracts/alert.ts';
import type { Deadline, HeldReason, Severity, Stage } from '../../contracts/alert-request.ts';
import { CHANNEL_WORDS, instantInWords, plain } from './words.ts';

/** One thing that happened to an alert. Written once per event, never changed, kept for as long as the retention says. */
export interface AuditRow {
  /** The event's id. */
  readonly id: string;
  readonly alertKey: string;
  readonly alertId: string;
  readonly label: string;
  readonly seq: number;
  readonly action: AlertEventType;
  /** When it took effect. */
  readonly at: number;
  /** When it was written down; later than `at` for a deadline that passed while nobody looked. */
  readonly recordedAt: number;
  readonly actorKind: 'person' | 'system' | 'record';
  readonly actorId: string;
  readonly via?: string;
  readonly ruleId: string;
  readonly stage: Stage;
  readonly subject: string;
  /** What changed, each as `field: value`. Empty when the event changed nothing that is shown here. */
  readonly before: string;
  readonly after: string;
  /** Deadline, step, reason or note that belongs to the action. */
  readonly milestone?: Deadline;
  readonly step?: string;
  readonly held?: HeldReason;
  readonly heldBy?: string;
  readonly refusal?: Refusal;
  readonly commandId?: string;
  readonly note?: string;
  /** Particulars of what happened, in words: the rule's title, the outcome, the new owner. */
  readonly detail?: string;
  /** Who was to be told: `slack #retention, email lead@example.com`. */
  readonly told?: string;
}

/** The few facts of an alert whose changes the audit shows. */
export interface Shown {
  readonly alertId: string;
  readonly status: string;
  readonly severity: Severity;
  readonly owner: string;
  readonly evidence: number;
  readonly rung: number;
  readonly contact: string;
  readonly outcome: string;
}

export const shownOf = (alert: Alert): Shown => ({
  alertId: alert.alertId,
  status: alert.status,
  severity: alert.severity,
  owner: alert.owner.person ?? `team ${alert.owner.team}`,
  evidence: alert.evidenceCount,
  rung: alert.rung,
  contact: contactOf(alert),
  outcome: alert.outcome ?? 'none',
});

/** The audit's row for an event, given what was shown before it. */
export const auditRowOf = (event: AlertEvent, before: Shown | undefined): AuditRow => {
  const changes = changesOf(event, before);
  return {
    id: event.id,
    alertKey: event.alertKey,
    alertId: event.alertId,
    label: event.alert.label,
    seq: event.seq,
    action: event.type,
    at: event.at,
    recordedAt: event.recordedAt,
    actorKind: event.by.kind,
    actorId: event.by.id,
    ...(event.via === undefined ? {} : { via: event.via }),
    ruleId: event.alert.ruleId,
    stage: event.alert.stage,
    subject: event.alert.subject,
    before: changes.before,
    after: changes.after,
    ...reasonParts(event),
    ...detailPart(event),
  };
};

const detailPart = (event: AlertEvent): Pick<AuditRow, 'detail'> => {
  const detail = detailOf(event);
  return detail === undefined ? {} : { detail };
};

const detailOf = ({ type, alert }: AlertEvent): string | undefined => {
  switch (type) {
    case 'raised':
    case 'reopened':
      return alert.ruleTitle;
    case 'reassigned':
      return `to ${shownOf(alert).owner}`;
    case 'contacted':
      return alert.contact === undefined
        ? undefined
        : `${CHANNEL_WORDS[alert.contact.channel]}, ${alert.contact.proven ? 'proven by a record' : 'as reported'}`;
    case 'snoozed':
      return alert.snooze === undefined ? undefined : `until ${instantInWords(alert.snooze.until)}`;
    case 'closed':
      return `${plain(alert.outcome ?? 'no outcome')}, ${alert.rootCause ?? 'no root cause'}`;
    default:
      return undefined;
  }
};

const FIELDS = ['status', 'severity', 'owner', 'evidence', 'rung', 'contact', 'outcome'] as const;

const changesOf = (event: AlertEvent, before: Shown | undefined): { before: string; after: string } => {
  if (event.type === 'held_back' || event.type === 'refused') return { before: '', after: '' };
  const after = shownOf(event.alert);
  const was = before?.alertId === event.alertId ? before : undefined;
  const changed = FIELDS.filter((field) => was === undefined || was[field] !== after[field]);
  return {
    before: was === undefined ? '' : changed.map((field) => `${field}: ${was[field]}`).join(', '),
    after: changed.map((field) => `${field}: ${after[field]}`).join(', '),
  };
};

const contactOf = (alert: Alert): string => {
  if (alert.contact?.reached === true) return alert.contact.proven ? 'proven' : 'reported';
  return alert.contactAttempts === 0 ? 'none' : `${alert.contactAttempts} tried`;
};

type ReasonParts = Pick<
  AuditRow,
  'milestone' | 'step' | 'held' | 'heldBy' | 'refusal' | 'commandId' | 'note' | 'detail' | 'told'
>;

const reasonParts = (event: AlertEvent): ReasonParts => ({
  ...(event.milestone === undefined ? {} : { milestone: event.milestone }),
  ...(event.step === undefined ? {} : { step: event.step }),
  ...(event.held === undefined ? {} : { held: event.held }),
  ...(event.heldBy === undefined ? {} : { heldBy: event.heldBy }),
  ...(event.refusal === undefined ? {} : { refusal: event.refusal }),
  ...(event.commandId === undefined ? {} : { commandId: event.commandId }),
  ...(event.note === undefined ? {} : { note: event.note }),
  ...(event.notify === undefined || event.notify.targets.length === 0
    ? {}
    : { told: event.notify.targets.map(({ channel, address }) => `${channel} ${address}`).join(', ') }),
});
