import type { Alert, AlertDeadline, AlertEvent, AlertStatus } from '../../contracts/alert.ts';
import type { Deadline, Severity, Stage } from '../../contracts/alert-request.ts';
import type { Channel } from '../../contracts/sources.ts';

/**
 * One cycle of an alert as the queue and the KPIs need it. The whole alert stays in the log: `partition` and
 * `offset` say where its latest event lies, so that a row stays small however much evidence there is.
 */
export interface AlertRow {
  readonly alertId: string;
  readonly alertKey: string;
  readonly label: string;
  readonly cycle: number;
  readonly status: AlertStatus;
  readonly stage: Stage;
  readonly severity: Severity;
  readonly ruleId: string;
  readonly ruleTitle: string;
  readonly subject: string;
  readonly customerName?: string;
  readonly valueTier?: string;
  /** 0–100 when the alert was last touched. */
  readonly riskScore?: number;
  readonly team: string;
  readonly person?: string;
  readonly openedAt: number;
  /** The first reason, in words. */
  readonly why: string;
  readonly evidenceCount: number;
  readonly answerOn: Channel;
  readonly calendar: string;
  readonly rung: number;
  readonly deadlines: { readonly [D in Deadline]?: RowDeadline };
  /** The earliest deadline that is neither met nor void; absent when none is left, and while they stand still. */
  readonly next?: { readonly deadline: Deadline; readonly dueAt: number };
  readonly acknowledgedAt?: number;
  readonly acknowledgedBy?: string;
  /** When the customer was spoken to. */
  readonly contactedAt?: number;
  readonly contactProven?: boolean;
  readonly contactAttempts: number;
  readonly snoozedUntil?: number;
  /** True while a snooze makes the deadlines stand still. */
  readonly paused?: boolean;
  readonly closedAt?: number;
  readonly closedBy?: string;
  readonly outcome?: string;
  readonly rootCause?: string;
  /** Number and time of the latest event. */
  readonly seq: number;
  readonly changedAt: number;
  readonly partition: number;
  readonly offset: number;
}

/** What became of one deadline. */
export interface RowDeadline {
  readonly dueAt: number;
  readonly metAt?: number;
  readonly breachedAt?: number;
}

export const DEADLINES = ['ack_by', 'contact_by', 'close_by'] as const satisfies readonly Deadline[];

/** The row of the alert right after the event, which lies at that place of the log. */
export const alertRowOf = (event: AlertEvent, place: { partition: number; offset: number }): AlertRow => {
  const { alert } = event;
  return {
    alertId: alert.alertId,
    alertKey: alert.alertKey,
    label: alert.label,
    cycle: alert.cycle,
    status: alert.status,
    stage: alert.stage,
    severity: alert.severity,
    ruleId: alert.ruleId,
    ruleTitle: alert.ruleTitle,
    subject: alert.subject,
    ...customerParts(alert),
    team: alert.owner.team,
    ...(alert.owner.person === undefined ? {} : { person: alert.owner.person }),
    openedAt: alert.openedAt,
    why: alert.because[0] ?? alert.ruleTitle,
    evidenceCount: alert.evidenceCount,
    answerOn: alert.answerOn,
    calendar: alert.plan.calendar,
    rung: alert.rung,
    deadlines: deadlineParts(alert),
    ...nextParts(alert),
    ...personParts(alert),
    contactAttempts: alert.contactAttempts,
    seq: event.seq,
    changedAt: event.at,
    partition: place.partition,
    offset: place.offset,
  };
};

/** Late is computed, never stored: an open alert whose next deadline has passed. */
export const isOverdue = (row: Pick<AlertRow, 'next' | 'status'>, now: number): boolean =>
  row.status !== 'closed' && row.next !== undefined && row.next.dueAt <= now;

/** The earliest deadline that still runs. */
export const nextDeadline = (alert: Alert): AlertRow['next'] => {
  if (alert.status === 'closed' || isPaused(alert)) return undefined;
  let next: AlertRow['next'];
  for (const deadline of DEADLINES) {
    const box = alert.deadlines[deadline];
    if (box === undefined || box.metAt !== undefined) continue;
    if (next === undefined || box.dueAt < next.dueAt) next = { deadline, dueAt: box.dueAt };
  }
  return next;
};

/** Whether the deadlines stand still: the rule may say so for every snooze, or for snoozes with a reason of its own. */
const isPaused = ({ status, snooze, plan }: Alert): boolean =>
  status === 'snoozed' &&
  snooze !== undefined &&
  (plan.pauseOn.includes('snoozed') || plan.pauseOn.includes(snooze.reason));

const customerParts = ({ customer }: Alert): Pick<AlertRow, 'customerName' | 'valueTier' | 'riskScore'> =>
  customer === undefined
    ? {}
    : {
        ...(customer.name === undefined ? {} : { customerName: customer.name }),
        ...(customer.valueTier === undefined ? {} : { valueTier: customer.valueTier }),
        riskScore: customer.riskScore,
      };

const deadlineParts = (alert: Alert): AlertRow['deadlines'] => {
  const { ack_by, contact_by, close_by } = alert.deadlines;
  return {
    ...(ack_by === undefined ? {} : { ack_by: rowDeadline(ack_by) }),
    ...(contact_by === undefined ? {} : { contact_by: rowDeadline(contact_by) }),
    ...(close_by === undefined ? {} : { close_by: rowDeadline(close_by) }),
  };
};

const rowDeadline = ({ dueAt, metAt, breachedAt }: AlertDeadline): RowDeadline => ({
  dueAt,
  ...(metAt === undefined ? {} : { metAt }),
  ...(breachedAt === undefined ? {} : { breachedAt }),
});

const nextParts = (alert: Alert): Pick<AlertRow, 'next'> => {
  const next = nextDeadline(alert);
  return next === undefined ? {} : { next };
};

type PersonParts = Pick<
  AlertRow,
  | 'acknowledgedAt'
  | 'acknowledgedBy'
  | 'contactedAt'
  | 'contactProven'
  | 'snoozedUntil'
  | 'paused'
  | 'closedAt'
  | 'closedBy'
  | 'outcome'
  | 'rootCause'
>;

const personParts = (alert: Alert): PersonParts => ({
  ...(alert.acknowledgedAt === undefined ? {} : { acknowledgedAt: alert.acknowledgedAt }),
  ...(alert.acknowledgedBy === undefined ? {} : { acknowledgedBy: alert.acknowledgedBy.id }),
  ...(alert.contact?.reached === true
    ? { contactedAt: alert.contact.at, contactProven: alert.contact.proven }
    : {}),
  ...(alert.status === 'snoozed' && alert.snooze !== undefined ? { snoozedUntil: alert.snooze.until } : {}),
  ...(isPaused(alert) ? { paused: true } : {}),
  ...(alert.closedAt === undefined ? {} : { closedAt: alert.closedAt }),
  ...(alert.closedBy === undefined ? {} : { closedBy: alert.closedBy.id }),
  ...(alert.outcome === undefined ? {} : { outcome: alert.outcome }),
  ...(alert.rootCause === undefined ? {} : { rootCause: alert.rootCause }),
});
