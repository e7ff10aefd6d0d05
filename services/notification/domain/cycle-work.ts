import type { Alert, NotifyOrder, ResolvedTarget } from '../../contracts/alert.ts';
import type { DeliveryReason, NotificationOutcome } from '../../contracts/notification.ts';
import {
  type EffectChange,
  type Emit,
  HANDLED,
  type Step,
} from '../../platform/keyed-process/keyed-process.ts';
import { DAY, MINUTE } from '../../platform/time/clock.ts';
import type { BriefingSettings } from './briefing.ts';
import { emailAlert, mailLinksOf } from './email-content.ts';
import { type DeliveryOrder, NOTIFICATION_QUEUES } from './message.ts';
import { nextAttemptAt } from './retry.ts';
import { slackAlert, slackReply } from './slack-content.ts';
import type { Cycle, Delivery, NotificationState, SlackMessage } from './state.ts';
import { isSuperseded } from './superseded.ts';

export interface NotificationSettings extends BriefingSettings {
  /** Signs the links in mails by which people act. Without one there are none. */
  readonly mailLinkSecret?: string | undefined;
  /** The other way to the same person or team: mail for Slack, Slack for mail. Nothing when there is none. */
  fallbackFor(target: ResolvedTarget, alert: Alert): ResolvedTarget | undefined;
}

/** A delivery younger than this is not given up, however close the next deadline is. */
const SHORTEST_LIFE_MS = 10 * MINUTE;
const LONGEST_LIFE_MS = DAY;
/** When the other way to the same person is taken. */
const halfTime = ({ queuedAt, expiresAt }: Delivery): number => queuedAt + (expiresAt - queuedAt) / 2;

/** Stands where a delivery's id has its escalation step: an update belongs to none. */
const UPDATE_STEP = 'update';

/**
 * The deliveries of one cycle while one input is worked in. It changes only its own copies, and ends in a
 * `Step`.
 */
export class CycleWork {
  readonly #settings: NotificationSettings;
  readonly #alert: Alert;
  readonly #seq: number;
  readonly #now: number;
  readonly #messages: Record<string, SlackMessage>;
  readonly #deliveries: Record<string, Delivery>;
  readonly #effects: EffectChange[] = [];
  readonly #facts: Emit[] = [];

  constructor(
    settings: NotificationSettings,
    alert: Alert,
    seq: number,
    now: number,
    cycle: Cycle | undefined,
  ) {
    this.#settings = settings;
    this.#alert = alert;
    this.#seq = seq;
    this.#now = now;
    this.#messages = { ...cycle?.messages };
    this.#deliveries = { ...cycle?.deliveries };
  }

  /** Ends what nobody needs to hear any more. */
  dropSuperseded(): void {
    for (const [id, delivery] of Object.entries(this.#deliveries)) {
      if (delivery.kind === 'update' || !isSuperseded(this.#alert, delivery.step)) continue;
      // A standby goes with the delivery that it stands by.
      const goesWithFirst = delivery.insteadOf !== undefined && delivery.insteadOf in this.#deliveries;
      if (!goesWithFirst && id in this.#deliveries) this.#giveUp(id, delivery, 'superseded');
    }
  }

  /** Lets every standing message say what is true now. */
  refreshMessages(): void {
    for (const [address, message] of Object.entries(this.#messages)) {
      this.#messages[address] = { ...message, stale: true };
      this.#flush(address);
    }
  }

  tell(order: NotifyOrder, dueAt: number): void {
    const told = new Set<string>();
    for (const target of order.targets) {
      const place = `${target.channel}:${target.address}`;
      if (told.has(place)) continue;
      told.add(place);
      const fallback = this.#settings.fallbackFor(target, this.#alert);
      // Somebody whom this very step tells on the other channel as well needs no second way.
      const needed =
        fallback !== undefined &&
        !order.targets.some(
          ({ channel, address }) => channel === fallback.channel && address === fallback.address,
        );
      this.#start(`${this.#alert.alertId}/${order.step}/${target.target}`, {
        kind: 'post',
        channel: target.channel,
        address: target.address,
        target: target.target,
        step: order.step,
        template: order.template,
        attempt: 0,
        dueAt,
        queuedAt: this.#now,
        expiresAt: this.#expiry(),
        ...(needed ? { fallback } : {}),
      });
    }
  }

  delivered({ deliveryId: id, address, attempt, ref }: NotificationOutcome): void {
    const delivery = this.#deliveries[id];
    if (delivery !== undefined) {
      delete this.#deliveries[id];
      if (delivery.attempt !== attempt) this.#cancel(id, delivery);
      this.#standDown(delivery);
      this.#endStoodInFor(delivery);
      if (delivery.channel === 'email' || delivery.kind === 'reply') return;
    }
    if (ref !== undefined && this.#nowStands(id, delivery, address)) {
      const { sending: _, ...message } = this.#messages[address] ?? this.#writtenAt(delivery?.asOf);
      this.#messages[address] = { ...message, ref: message.ref ?? ref };
      this.#flush(address);
      this.#answerThreads(address);
    }
  }

  /** A message that was written from the event `asOf` and is stale if there have been others since. */
  #writtenAt(asOf: number | undefined): SlackMessage {
    return asOf === this.#seq ? {} : { stale: true };
  }

  /** Whether what was delivered is the alert's message at the address. */
  #nowStands(id: string, delivery: Delivery | undefined, address: string): boolean {
    const message = this.#messages[address];
    // A standby's post is the alert's message where there is none.
    if (message === undefined) return delivery?.kind === 'post';
    // A post that was given up while it was on the wire: it stands now, and must tell the truth.
    if (delivery === undefined) return message.ref === undefined && message.sending === undefined;
    return message.sending === id;
  }

  failed(id: string, delivery: Delivery, outcome: NotificationOutcome): void {
    const tried: Delivery = { ...delivery, ...(outcome.outcome === 'uncertain' ? { uncertain: true } : {}) };
    const again = nextAttemptAt(id, delivery.attempt, this.#now, outcome.retryAfterMs);
    if (!outcome.retriable || again > delivery.expiresAt) {
      this.#giveUp(id, tried, outcome.retriable ? 'expired' : outcome.reason);
      return;
    }
    // A refused token is retried, as somebody may mend it, but nobody should wait for that.
    const hopeless = outcome.reason === 'unauthorized';
    const armed = this.#arm(id, tried, hopeless ? this.#now : Math.max(this.#now, halfTime(delivery)));
    this.#queue(id, { ...armed, attempt: delivery.attempt + 1 }, again);
  }

  step(state: NotificationState | undefined): Step<NotificationState> {
    const { alertId } = this.#alert;
    const cycles = { ...state?.cycles, [alertId]: this.#cycle() };
    for (const [id, { alert }] of Object.entries(cycles)) {
      if (id !== alertId && alert === undefined) delete cycles[id];
    }
    return { outcome: HANDLED, state: { seq: this.#seq, cycles }, effects: this.#effects, emit: this.#facts };
  }

  #cycle(): Cycle {
    const busy =
      Object.keys(this.#deliveries).length > 0 ||
      Object.values(this.#messages).some(({ ref, stale }) => ref === undefined || stale);
    return {
      ...(busy ? { alert: this.#alert } : {}),
      messages: this.#messages,
      deliveries: this.#deliveries,
    };
  }

  /** Begins a delivery: as the alert's message there, as an answer to it, or, while it is being posted, later. */
  #start(id: string, delivery: Delivery): void {
    if (id in this.#deliveries) return;
    const message = delivery.channel === 'slack' ? this.#messages[delivery.address] : undefined;
    if (message === undefined || (message.ref === undefined && message.sending === undefined)) {
      if (delivery.channel === 'slack') this.#messages[delivery.address] = { sending: id };
      this.#queue(id, { ...delivery, kind: 'post', attempt: Math.max(1, delivery.attempt) }, this.#now);
    } else if (message.ref !== undefined) {
      this.#queue(id, { ...delivery, kind: 'reply', attempt: Math.max(1, delivery.attempt) }, this.#now);
    } else {
      this.#deliveries[id] = { ...delivery, kind: 'reply' };
    }
  }

  #answerThreads(address: string): void {
    for (const [id, delivery] of this.#waitingAt(address)) {
      this.#queue(id, { ...delivery, attempt: 1 }, this.#now);
    }
  }

  #waitingAt(address: string): readonly (readonly [string, Delivery])[] {
    return Object.entries(this.#deliveries).filter(
      ([, delivery]) => delivery.kind === 'reply' && delivery.attempt === 0 && delivery.address === address,
    );
  }

  /** Sends the newest content of a message, unless a call for it is under way. */
  #flush(address: string): void {
    const message = this.#messages[address];
    if (message?.stale === undefined || message.ref === undefined || message.sending !== undefined) return;
    const id = `${this.#alert.alertId}/${UPDATE_STEP}.${this.#seq}/slack:${address}`;
    this.#messages[address] = { ref: message.ref, sending: id };
    this.#queue(
      id,
      {
        kind: 'update',
        channel: 'slack',
        address,
        target: `slack:${address}`,
        step: UPDATE_STEP,
        template: UPDATE_STEP,
        attempt: 1,
        dueAt: this.#now,
        queuedAt: this.#now,
        expiresAt: this.#now + LONGEST_LIFE_MS,
      },
      this.#now,
    );
  }

  /** Queues the delivery's attempt, written from the alert as it is now. */
  #queue(id: string, delivery: Delivery, dueAt: number): void {
    const payload = this.#order(id, delivery);
    if (payload === undefined) {
      delete this.#deliveries[id];
      // The message that it was to answer is gone, so it has to speak for itself.
      if (delivery.kind === 'reply') this.#start(id, delivery);
      return;
    }
    this.#deliveries[id] = { ...delivery, asOf: this.#seq };
    if (delivery.kind === 'update') this.#messages[delivery.address] = this.#fresh(delivery.address);
    this.#effects.push({
      id: `${id}/${delivery.attempt}`,
      queue: NOTIFICATION_QUEUES[delivery.channel],
      dueAt,
      // What is put off on purpose, as the other way is, is not late before its time.
      since: delivery.attempt > 1 ? Math.min(dueAt, delivery.dueAt) : dueAt,
      payload,
    });
  }

  /** An attempt of an update carries the newest content, so nothing is stale for the moment. */
  #fresh(address: string): SlackMessage {
    const { stale: _, ...message } = this.#messages[address] ?? {};
    return message;
  }

  #order(id: string, delivery: Delivery): DeliveryOrder | undefined {
    const form = this.#form(delivery);
    if (form === undefined) return undefined;
    const envelope = {
      deliveryId: id,
      attempt: delivery.attempt,
      alertKey: this.#alert.alertKey,
      alertId: this.#alert.alertId,
      address: delivery.address,
      template: delivery.template,
      dueAt: delivery.dueAt,
      expiresAt: delivery.expiresAt,
      mayBeRepeat: delivery.uncertain === true,
      form,
    };
    if (delivery.channel === 'email') {
      return {
        ...envelope,
        channel: 'email',
        content: emailAlert(
          this.#alert,
          delivery.template,
          this.#settings,
          mailLinksOf(this.#alert, delivery.address, this.#settings, this.#now),
        ),
      };
    }
    const write = delivery.kind === 'reply' ? slackReply : slackAlert;
    const content = write(this.#alert, delivery.template, this.#settings);
    return { ...envelope, channel: 'slack', content: { text: content.text, blocks: [...content.blocks] } };
  }

  /** Nothing when the message that it answers or changes is gone. */
  #form(delivery: Delivery): DeliveryOrder['form'] | undefined {
    if (delivery.kind === 'post') return { type: 'post' };
    const ref = this.#messages[delivery.address]?.ref;
    if (ref === undefined) return undefined;
    return delivery.kind === 'reply' ? { type: 'reply', to: ref } : { type: 'update', ref };
  }

  #giveUp(id: string, delivery: Delivery, reason: DeliveryReason): void {
    this.#forget(id, delivery);
    this.#facts.push({
      topic: 'notification-outcomes',
      key: this.#alert.alertKey,
      value: {
        id: `${id}/${delivery.attempt}/gave_up`,
        deliveryId: id,
        alertKey: this.#alert.alertKey,
        alertId: this.#alert.alertId,
        channel: delivery.channel,
        address: delivery.address,
        template: delivery.template,
        outcome: 'gave_up',
        reason,
        retriable: false,
        attempt: delivery.attempt,
        at: this.#now,
        dueAt: delivery.dueAt,
      },
    });
    if (reason === 'superseded') this.#standDown(delivery);
    else this.#arm(id, delivery, this.#now);
    if (delivery.channel === 'slack') this.#afterGivingUp(id, delivery, reason);
  }

  /** The message that was being posted does not stand, or the one that was being updated keeps its old content. */
  #afterGivingUp(id: string, delivery: Delivery, reason: DeliveryReason): void {
    const { address } = delivery;
    const message = this.#messages[address];
    if (message?.sending !== id) return;
    const { sending: _, ...rest } = message;
    if (delivery.kind === 'update' && reason !== 'target_unknown') {
      this.#messages[address] = rest;
      this.#flush(address);
      return;
    }
    // A superseded post may be on the wire: the entry stays, so that it is set right should it arrive.
    if (reason === 'superseded') this.#messages[address] = { ...rest, stale: true };
    else delete this.#messages[address];
    for (const [waiting, reply] of this.#waitingAt(address)) {
      delete this.#deliveries[waiting];
      this.#start(waiting, reply);
    }
  }

  #forget(id: string, delivery: Delivery): void {
    delete this.#deliveries[id];
    if (delivery.attempt > 0) this.#cancel(id, delivery);
  }

  #cancel(id: string, delivery: Delivery): void {
    this.#effects.push({
      id: `${id}/${delivery.attempt}`,
      queue: NOTIFICATION_QUEUES[delivery.channel],
      dueAt: this.#now,
      payload: null,
    });
  }

  /** Queues the other way for `at`, or pulls it forward. Gives the delivery as it is then. */
  #arm(id: string, delivery: Delivery, at: number): Delivery {
    if (delivery.standby !== undefined) {
      if (at === this.#now && this.#now < halfTime(delivery)) this.#pullForward(delivery.standby);
      return delivery;
    }
    const { fallback } = delivery;
    if (fallback === undefined) return delivery;
    const standby = `${id}+${fallback.target}`;
    const { fallback: _, uncertain: __, ...plain } = delivery;
    const other: Delivery = {
      ...plain,
      kind: 'post',
      channel: fallback.channel,
      address: fallback.address,
      target: fallback.target,
      attempt: 1,
      expiresAt: Math.max(delivery.expiresAt, at + SHORTEST_LIFE_MS),
      insteadOf: id,
    };
    const standing = fallback.channel === 'slack' && this.#messages[fallback.address]?.ref !== undefined;
    this.#queue(standby, standing ? { ...other, kind: 'reply' } : other, at);
    return { ...delivery, standby };
  }

  /** Nobody can have claimed it yet: it was queued for half of the first way's time, which is not over. */
  #pullForward(id: string): void {
    const standby = this.#deliveries[id];
    if (standby === undefined) return;
    this.#cancel(id, standby);
    this.#queue(id, { ...standby, attempt: standby.attempt + 1 }, this.#now);
  }

  /** The way that was asked for worked: the other one is not needed. */
  #standDown(delivery: Delivery): void {
    const standby = delivery.standby === undefined ? undefined : this.#deliveries[delivery.standby];
    if (delivery.standby !== undefined && standby !== undefined) this.#forget(delivery.standby, standby);
  }

  /**
   * The other way worked: the person knows, so the first way need not be tried on. Except for the alert's own
   * Slack message: that is where its buttons and its thread are.
   */
  #endStoodInFor(delivery: Delivery): void {
    if (delivery.insteadOf === undefined) return;
    const first = this.#deliveries[delivery.insteadOf];
    if (first === undefined || (first.channel === 'slack' && first.kind === 'post')) return;
    const { standby: _, ...alone } = first;
    this.#giveUp(delivery.insteadOf, alone, 'superseded');
  }

  #expiry(): number {
    const ahead = Object.values(this.#alert.deadlines)
      .filter(({ metAt, dueAt }) => metAt === undefined && dueAt > this.#now)
      .map(({ dueAt }) => dueAt);
    const next = Math.min(...ahead, this.#now + LONGEST_LIFE_MS);
    return Math.max(next, this.#now + SHORTEST_LIFE_MS);
  }
}
