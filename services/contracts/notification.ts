/** Why a message did or did not reach a channel. One list for values, metrics and log fields. */
export const DELIVERY_REASONS = [
  'accepted',
  'rate_limited',
  'timeout',
  'connection_lost',
  'unavailable',
  'unauthorized',
  'target_unknown',
  'content_refused',
  'rejected',
  'expired',
  'superseded',
  'crashed_while_sending',
] as const;
export type DeliveryReason = (typeof DELIVERY_REASONS)[number];

/** Where a delivered message can be found again: to update it in place, or to answer in its thread. */
export interface MessageRef {
  readonly address: string;
  /** Slack `ts`, or the e-mail's Message-ID. */
  readonly id: string;
}

/** What became of one attempt to tell somebody. Written by notification, keyed by alert key. */
export interface NotificationOutcome {
  /** `<delivery id>/<attempt>/<outcome>`. */
  readonly id: string;
  readonly deliveryId: string;
  readonly alertKey: string;
  readonly alertId: string;
  readonly channel: 'slack' | 'email';
  readonly address: string;
  readonly template: string;
  /** `uncertain`: the answer was lost, so the message may or may not have arrived. */
  readonly outcome: 'delivered' | 'failed' | 'uncertain' | 'gave_up';
  readonly reason: DeliveryReason;
  readonly retriable: boolean;
  readonly retryAfterMs?: number;
  readonly attempt: number;
  readonly at: number;
  /** When the message was due, epoch ms: `at − dueAt` is its latency. */
  readonly dueAt: number;
  readonly ref?: MessageRef;
}
