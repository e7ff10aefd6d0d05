import type {
  Alert,
  AlertEvent,
  AlertEventType,
  NotifyOrder,
  ResolvedTarget,
} from '../../contracts/alert.ts';
import type { NotificationOutcome } from '../../contracts/notification.ts';
import type { Input, Step } from '../../platform/keyed-process/keyed-process.ts';
import { HOUR, MINUTE } from '../../platform/time/clock.ts';
import { NO_NAMES } from '../../settings/names.ts';
import type { NotificationSettings } from '../domain/cycle-work.ts';
import { createNotificationProcess } from '../domain/deliveries.ts';
import { type DeliveryOrder, deliveryOrder } from '../domain/message.ts';
import type { NotificationState } from '../domain/state.ts';

/** Monday, 10:00 in Berlin. */
export const T0 = Date.parse('2026-11-23T09:00:00Z');

export const CHANNEL: ResolvedTarget = {
  target: 'slack:#retention',
  channel: 'slack',
  address: '#retention',
};
export const LEAD_MAIL: ResolvedTarget = {
  target: 'email:team-lead',
  channel: 'email',
  address: 'lea@example.com',
};
export const LEAD_SLACK: ResolvedTarget = { target: 'slack:team-lead', channel: 'slack', address: 'U0LEA' };

export const SETTINGS: NotificationSettings = {
  publicUrl: 'https://tocsin.example.com',
  zoneOf: () => 'Europe/Berlin',
  names: NO_NAMES,
  fallbackFor: ({ channel }) => (channel === 'slack' ? LEAD_MAIL : LEAD_SLACK),
};

export function anAlert(changes: Partial<Alert> = {}): Alert {
  return {
    alertKey: 'repeat-complaint:c-7',
    alertId: 'repeat-complaint:c-7#1',
    label: 'T-7Q4MX',
    cycle: 1,
    status: 'open',
    stage: 'live',
    severity: 'P1',
    ruleId: 'repeat-complaint',
    ruleTitle: 'A high-value customer complains again',
    ruleSetHash: 'h1',
    scope: 'customer',
    subject: 'c-7',
    customer: {
      customerId: 'c-7',
      name: 'Ada Lopez',
      valueTier: 'gold',
      valuePerYear: 12_400,
      tenureMonths: 40,
      timezone: 'America/New_York',
      riskScore: 81.6,
      riskContributions: [{ feature: 'complaints', points: 21.4, words: '2 complaints in the last 30 days' }],
    },
    owner: { team: 'retention', person: 'ana' },
    openedAt: T0,
    because: ['complaints in 14 days: 2 (at least 2)'],
    evidence: [
      {
        signalId: 'complaints/9',
        type: 'complaint.received',
        occurredAt: T0 - HOUR,
        source: 'complaints',
        channel: 'email',
        quote: 'Useless <again> & nobody calls back',
        sentiment: -0.7,
        words: [{ word: 'useless', effect: -0.4 }],
        intents: [],
      },
    ],
    evidenceCount: 1,
    answerOn: 'email',
    deadlines: {
      ack_by: { dueAt: T0 + 30 * MINUTE, version: 1, text: '30m', clock: 'business', calendar: 'office' },
      contact_by: { dueAt: T0 + 4 * HOUR, version: 1, text: '4h', clock: 'business', calendar: 'office' },
    },
    rung: 0,
    contactAttempts: 0,
    plan: {
      calendar: 'office',
      deadlines: {},
      escalation: [
        { id: '1:opened', at: 'opened', offsetMs: 0, notify: ['slack:#retention'], template: 'open' },
        {
          id: '2:ack_by',
          at: 'ack_by',
          offsetMs: 0,
          unless: 'acked',
          notify: ['slack:#retention', 'email:team-lead'],
          template: 'late-ack',
        },
      ],
      owner: 'team/retention',
      mergeOpen: true,
      cooldownMs: 0,
      playbook: ['Read the last two complaints', 'Offer from the {profile.value_tier} catalogue'],
      closeRequires: [],
      outcomes: ['saved', 'churned'],
      pauseOn: [],
    },
    ...changes,
  };
}

export const acknowledged = (alert: Alert): Alert => ({
  ...alert,
  status: 'acknowledged',
  acknowledgedAt: T0 + 5 * MINUTE,
  acknowledgedBy: { kind: 'person', id: 'ana' },
});

export const closed = (alert: Alert): Alert => ({
  ...acknowledged(alert),
  status: 'closed',
  closedAt: T0 + HOUR,
  closedBy: { kind: 'person', id: 'ana' },
  outcome: 'saved',
  rootCause: 'billing_error',
});

/** The notification process of one alert key, with what it has queued so far. */
export class Story {
  readonly #process;
  readonly #key: string;
  /** Effects that nobody has settled yet, by id. */
  readonly queued = new Map<string, { readonly dueAt: number; readonly order: DeliveryOrder }>();
  readonly facts: NotificationOutcome[] = [];
  state: NotificationState | undefined;
  now = T0;
  #seq = 0;

  constructor(settings: NotificationSettings = SETTINGS, key = 'repeat-complaint:c-7') {
    this.#process = createNotificationProcess(settings);
    this.#key = key;
  }

  /** Something happens to the alert. */
  event(
    type: AlertEventType,
    alert: Alert,
    notify?: NotifyOrder,
    seq = this.#seq + 1,
  ): Step<NotificationState> {
    this.#seq = seq;
    return this.#fold({
      topic: 'alerts',
      ...this.#place(),
      value: anEvent(type, alert, seq, this.now, notify),
    });
  }

  /** What became of a queued effect. */
  outcome(effectId: string, what: Partial<NotificationOutcome>): Step<NotificationState> {
    const order = this.queued.get(effectId)?.order;
    if (order === undefined)
      throw new Error(`${effectId} is not queued; there are ${[...this.queued.keys()].join(', ')}`);
    this.queued.delete(effectId);
    return this.settle(order, what);
  }

  settle(order: DeliveryOrder, what: Partial<NotificationOutcome>): Step<NotificationState> {
    const { deliveryId, alertKey, alertId, channel, address, template, attempt, dueAt } = order;
    return this.#fold({
      topic: 'notification-outcomes',
      ...this.#place(),
      value: {
        id: `${deliveryId}/${attempt}`,
        ...{ deliveryId, alertKey, alertId, channel, address, template, attempt, dueAt },
        outcome: 'delivered',
        reason: 'accepted',
        retriable: false,
        at: this.now,
        ...what,
      },
    });
  }

  delivered(effectId: string, ts = '1.0'): Step<NotificationState> {
    return this.outcome(effectId, { ref: { address: 'C1', id: ts } });
  }

  failed(effectId: string, what: Partial<NotificationOutcome> = {}): Step<NotificationState> {
    return this.outcome(effectId, { outcome: 'failed', reason: 'unavailable', retriable: true, ...what });
  }

  get waiting(): readonly string[] {
    return [...this.queued.keys()];
  }

  #place() {
    return { key: this.#key, partition: 0, offset: 0, appendedAt: this.now };
  }

  #fold(input: Input): Step<NotificationState> {
    const before = JSON.stringify(this.state);
    const step = this.#process.onInput(this.state, input, this.now);
    if (JSON.stringify(this.state) !== before)
      throw new Error('the state that was given in has been changed');
    if (step.state !== undefined && step.state !== null) this.state = step.state;
    for (const effect of step.effects ?? []) {
      if (effect.payload === null) this.queued.delete(effect.id);
      else this.queued.set(effect.id, { dueAt: effect.dueAt, order: deliveryOrder.parse(effect.payload) });
    }
    for (const fact of step.emit ?? [])
      if (fact.topic === 'notification-outcomes') this.facts.push(fact.value);
    return step;
  }
}

export const anEvent = (
  type: AlertEventType,
  alert: Alert,
  seq: number,
  at: number,
  notify?: NotifyOrder,
): AlertEvent => ({
  id: `${alert.alertId}/${seq}`,
  alertKey: alert.alertKey,
  alertId: alert.alertId,
  seq,
  type,
  at,
  recordedAt: at,
  by: { kind: 'system', id: 'alerting' },
  alert,
  ...(notify === undefined ? {} : { notify }),
});

export const OPEN: NotifyOrder = { step: '1:opened', template: 'open', targets: [CHANNEL] };
export const LATE: NotifyOrder = { step: '2:ack_by', template: 'late-ack', targets: [CHANNEL, LEAD_MAIL] };
