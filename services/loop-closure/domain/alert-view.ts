import type { AlertEvent } from '../../contracts/alert.ts';
import type { HeldReason, Severity, Stage } from '../../contracts/alert-request.ts';
import type { NotificationOutcome } from '../../contracts/notification.ts';
import {
  HANDLED,
  type Input,
  type KeyedProcess,
  type Step,
  skipped,
  type TopicRecord,
  type ViewChange,
} from '../../platform/keyed-process/keyed-process.ts';
import { alertRowOf } from './alert-row.ts';
import { auditRowOf, type Shown, shownOf } from './audit.ts';

/** What the next event of the alert is compared with, and how far the events have been taken. */
export interface AlertViewState {
  readonly seq: number;
  readonly shown?: Shown;
}

/** A match that told nobody, and why. */
export interface HeldRow {
  readonly id: string;
  readonly at: number;
  readonly alertKey: string;
  readonly ruleId: string;
  readonly ruleTitle: string;
  readonly stage: Stage;
  readonly severity: Severity;
  readonly subject: string;
  readonly customerName?: string;
  readonly team: string;
  readonly reason: HeldReason;
  readonly heldBy?: string;
}

/** One attempt to tell somebody. */
export type DeliveryRow = Pick<
  NotificationOutcome,
  | 'id'
  | 'deliveryId'
  | 'alertKey'
  | 'alertId'
  | 'channel'
  | 'address'
  | 'template'
  | 'outcome'
  | 'reason'
  | 'attempt'
  | 'at'
  | 'dueAt'
>;

/**
 * Keeps the read models of alerts: `alerts` (a row per cycle), `audit` (a row per event), `held` (a row per
 * match that told nobody) and `deliveries` (a row per attempt to tell somebody).
 *
 * An event that was taken before is skipped, so a log that is read again changes nothing.
 */
export const alertView: KeyedProcess<AlertViewState> = {
  name: 'alert-view',
  keySpace: 'alert',
  inputs: ['alerts', 'notification-outcomes'],
  onInput(state, input): Step<AlertViewState> {
    return takeInput(state, input);
  },
};

const takeInput = (state: AlertViewState | undefined, input: Input): Step<AlertViewState> => {
  if (input.topic === 'alerts') return takeEvent(state, input);
  if (input.topic === 'notification-outcomes') {
    return { outcome: HANDLED, views: [deliveryChange(input.value)] };
  }
  return skipped('other_topic');
};

const takeEvent = (
  state: AlertViewState | undefined,
  record: TopicRecord<'alerts'>,
): Step<AlertViewState> => {
  const event = record.value;
  if (state !== undefined && event.seq <= state.seq) return skipped('repeated');
  const audit: ViewChange = { view: 'audit', id: event.id, row: auditRowOf(event, state?.shown) };
  if (event.type === 'held_back') {
    return { outcome: HANDLED, state: { ...state, seq: event.seq }, views: [audit, heldChange(event)] };
  }
  if (event.type === 'refused') {
    return { outcome: HANDLED, state: { ...state, seq: event.seq }, views: [audit] };
  }
  const row: ViewChange = { view: 'alerts', id: event.alertId, row: alertRowOf(event, record) };
  return {
    outcome: HANDLED,
    state: { seq: event.seq, shown: shownOf(event.alert) },
    views: [row, audit],
  };
};

const heldChange = (event: AlertEvent): ViewChange => {
  const { alert } = event;
  const row: HeldRow = {
    id: event.id,
    at: event.at,
    alertKey: event.alertKey,
    ruleId: alert.ruleId,
    ruleTitle: alert.ruleTitle,
    stage: alert.stage,
    severity: alert.severity,
    subject: alert.subject,
    ...(alert.customer?.name === undefined ? {} : { customerName: alert.customer.name }),
    team: alert.owner.team,
    // Alerting names a reason on every event that holds back; an unnamed one would be a cooldown, its own.
    reason: event.held ?? 'cooldown',
    ...(event.heldBy === undefined ? {} : { heldBy: event.heldBy }),
  };
  return { view: 'held', id: event.id, row };
};

const deliveryChange = (outcome: NotificationOutcome): ViewChange => {
  const row: DeliveryRow = {
    id: outcome.id,
    deliveryId: outcome.deliveryId,
    alertKey: outcome.alertKey,
    alertId: outcome.alertId,
    channel: outcome.channel,
    address: outcome.address,
    template: outcome.template,
    outcome: outcome.outcome,
    reason: outcome.reason,
    attempt: outcome.attempt,
    at: outcome.at,
    dueAt: outcome.dueAt,
  };
  return { view: 'deliveries', id: outcome.id, row };
};
