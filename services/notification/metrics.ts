import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { DELIVERY_REASONS, type NotificationOutcome } from '../contracts/notification.ts';
import type { Pending } from '../platform/database/effect-queue.ts';
import type { Emit } from '../platform/keyed-process/keyed-process.ts';
import { CHANNEL_KINDS, type ChannelKind } from './domain/message.ts';

/** What became of a call that a chat or mail system made to us. */
export const WEBHOOK_OUTCOMES = ['accepted', 'forged', 'expired', 'malformed', 'failed'] as const;
export type WebhookOutcome = (typeof WEBHOOK_OUTCOMES)[number];

/** What the queue of a channel holds; see `EffectQueue.pending`. */
export type PendingOf = (channel: ChannelKind) => Promise<Pending>;

export interface NotificationMetrics {
  /** Counts outcomes: the process's own and those that the sender settles. Each fact once. */
  onFact(emit: Emit): void;
  throttled(channel: ChannelKind): void;
  webhook(outcome: WebhookOutcome): void;
  /** A link of a mail was used. */
  mailLink(outcome: WebhookOutcome): void;
}

/**
 * The delivery metrics. `pending` is asked at each scrape, so that a sender that has stopped shows as an
 * outbox that grows old.
 */
export function createNotificationMetrics(
  registry: Registry,
  outbox?: { readonly pending: PendingOf; readonly now: () => number },
): NotificationMetrics {
  const registers = [registry];
  const attempts = new Counter({
    name: 'tocsin_notification_attempts_total',
    help: 'Attempts to tell somebody, and deliveries that were given up',
    labelNames: ['channel', 'outcome', 'reason'],
    registers,
  });
  const latency = new Histogram({
    name: 'tocsin_notification_latency_seconds',
    help: 'From the instant at which somebody was to be told to the acceptance by the channel',
    labelNames: ['channel'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200],
    registers,
  });
  const uncertain = new Counter({
    name: 'tocsin_notifications_uncertain_total',
    help: 'Attempts whose answer was lost: the message may have arrived, and may be sent again',
    labelNames: ['channel'],
    registers,
  });
  const throttled = new Counter({
    name: 'tocsin_notification_throttled_total',
    help: 'Times that a message waited for its channel’s rate limit',
    labelNames: ['channel'],
    registers,
  });
  const webhooks = new Counter({
    name: 'tocsin_webhooks_received_total',
    help: 'Calls that chat systems made to us, and uses of links in mails',
    labelNames: ['source', 'outcome'],
    registers,
  });
  if (outbox !== undefined) registerOutbox(registry, outbox);

  for (const channel of CHANNEL_KINDS) {
    attempts.inc({ channel, outcome: 'delivered', reason: 'accepted' }, 0);
    for (const reason of DELIVERY_REASONS) {
      if (reason === 'accepted') continue;
      attempts.inc({ channel, outcome: 'failed', reason }, 0);
      attempts.inc({ channel, outcome: 'gave_up', reason }, 0);
    }
    uncertain.inc({ channel }, 0);
    throttled.inc({ channel }, 0);
    latency.zero({ channel });
  }
  for (const outcome of WEBHOOK_OUTCOMES) {
    webhooks.inc({ source: 'slack', outcome }, 0);
    webhooks.inc({ source: 'mail', outcome }, 0);
  }

  const count = ({ channel, outcome, reason, at, dueAt }: NotificationOutcome): void => {
    attempts.inc({ channel, outcome, reason });
    if (outcome === 'uncertain') uncertain.inc({ channel });
    if (outcome === 'delivered') latency.observe({ channel }, Math.max(0, at - dueAt) / 1000);
  };
  return {
    onFact: (emit) => {
      if (emit.topic === 'notification-outcomes') count(emit.value);
    },
    throttled: (channel) => throttled.inc({ channel }),
    webhook: (outcome) => webhooks.inc({ source: 'slack', outcome }),
    mailLink: (outcome) => webhooks.inc({ source: 'mail', outcome }),
  };
}

function registerOutbox(
  registry: Registry,
  { pending, now }: { readonly pending: PendingOf; readonly now: () => number },
): void {
  // A store that does not answer must not take all other metrics with it; NaN shows as a gap.
  const ask = (channel: ChannelKind) => pending(channel).catch(() => undefined);
  new Gauge({
    name: 'tocsin_outbox_pending',
    help: 'Messages that wait to be sent, retries included',
    labelNames: ['channel'],
    registers: [registry],
    async collect() {
      for (const channel of CHANNEL_KINDS) this.set({ channel }, (await ask(channel))?.count ?? Number.NaN);
    },
  });
  new Gauge({
    name: 'tocsin_outbox_oldest_pending_seconds',
    help: 'How long the message that is overdue the longest has been due, between its attempts too',
    labelNames: ['channel'],
    registers: [registry],
    async collect() {
      for (const channel of CHANNEL_KINDS) {
        const waiting = await ask(channel);
        const due = waiting === undefined ? Number.NaN : (waiting.oldestSince ?? now());
        this.set({ channel }, Math.max(0, now() - due) / 1000);
      }
    },
  });
}
