import type { AlertEvent } from '../../contracts/alert.ts';
import type { NotificationOutcome } from '../../contracts/notification.ts';
import {
  type Input,
  type KeyedProcess,
  type Step,
  skipped,
} from '../../platform/keyed-process/keyed-process.ts';
import { CycleWork, type NotificationSettings } from './cycle-work.ts';
import type { NotificationState } from './state.ts';

/**
 * Turns what happens to alerts into deliveries, and what became of deliveries into retries, fallbacks and
 * updates.
 *
 * - One Slack message per alert and address; later steps answer in its thread, and every later event updates it.
 * - A delivery is attempted until it is accepted, until it expires at the alert's next deadline (24 hours when
 *   there is none), or until something makes it pointless; the last two are facts (`gave_up`).
 * - At half of its time, or at once when its target will never work, the other way to the same person is used.
 * - Shadow and draft alerts tell nobody.
 */
export const createNotificationProcess = (
  settings: NotificationSettings,
): KeyedProcess<NotificationState> => ({
  name: 'notification',
  keySpace: 'alert',
  inputs: ['alerts', 'notification-outcomes'],
  onInput: (state, input, now) => onInput(settings, state, input, now),
});

function onInput(
  settings: NotificationSettings,
  state: NotificationState | undefined,
  input: Input,
  now: number,
): Step<NotificationState> {
  if (input.topic === 'alerts') return onAlertEvent(settings, state, input.value, now);
  if (input.topic === 'notification-outcomes') return onOutcome(settings, state, input.value, now);
  return skipped('other_topic');
}

function onAlertEvent(
  settings: NotificationSettings,
  state: NotificationState | undefined,
  event: AlertEvent,
  now: number,
): Step<NotificationState> {
  const { alert } = event;
  if (alert.stage !== 'live' && alert.stage !== 'canary') return skipped('not_live');
  if (event.type === 'held_back' || event.type === 'refused') return skipped('nothing_to_tell');
  if (state !== undefined && event.seq <= state.seq) return skipped('repeated');

  const work = new CycleWork(settings, alert, event.seq, now, state?.cycles[event.alertId]);
  work.dropSuperseded();
  work.refreshMessages();
  if (event.notify !== undefined) work.tell(event.notify, Math.min(event.at, now));
  return work.step(state);
}

function onOutcome(
  settings: NotificationSettings,
  state: NotificationState | undefined,
  outcome: NotificationOutcome,
  now: number,
): Step<NotificationState> {
  // Our own last word, and the sender's remark that a definite answer follows, change nothing here.
  if (outcome.outcome === 'gave_up' || outcome.reason === 'crashed_while_sending') return skipped('final');
  const cycle = state?.cycles[outcome.alertId];
  if (state === undefined || cycle === undefined) return skipped('unknown_delivery');
  const delivery = cycle.deliveries[outcome.deliveryId];
  const arrived = outcome.outcome === 'delivered';
  if (delivery !== undefined && outcome.attempt !== delivery.attempt && !arrived) return skipped('repeated');
  if (cycle.alert === undefined) return skipped('unknown_delivery');

  const work = new CycleWork(settings, cycle.alert, state.seq, now, cycle);
  if (arrived) work.delivered(outcome);
  else if (delivery === undefined) return skipped('unknown_delivery');
  else work.failed(outcome.deliveryId, delivery, outcome);
  return work.step(state);
}
