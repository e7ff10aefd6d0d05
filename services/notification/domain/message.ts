import { z } from 'zod';

/** The subset of Slack's Block Kit that Tocsin writes. The sandbox renders exactly this. */
export type Block =
  | { readonly type: 'header'; readonly text: PlainText }
  | { readonly type: 'section'; readonly text?: Mrkdwn; readonly fields?: readonly Mrkdwn[] }
  | { readonly type: 'context'; readonly elements: readonly Mrkdwn[] }
  | { readonly type: 'divider' }
  | { readonly type: 'actions'; readonly block_id: string; readonly elements: readonly Button[] };

export interface PlainText {
  readonly type: 'plain_text';
  readonly text: string;
  readonly emoji?: boolean;
}

export interface Mrkdwn {
  readonly type: 'mrkdwn';
  readonly text: string;
  /** True: Slack makes no links of what looks like one. Set wherever a customer's words stand. */
  readonly verbatim?: boolean;
}

export interface Button {
  readonly type: 'button';
  readonly action_id: string;
  readonly text: PlainText;
  readonly value?: string;
  readonly url?: string;
  readonly style?: 'primary' | 'danger';
}

export interface SlackContent {
  /** What notifications, screen readers and clients without blocks show. */
  readonly text: string;
  readonly blocks: readonly Block[];
}

export interface EmailContent {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const ref = z.object({ address: z.string(), id: z.string() });
const envelope = {
  deliveryId: z.string(),
  attempt: z.int().min(1),
  alertKey: z.string(),
  alertId: z.string(),
  /** Where it goes: a Slack channel or user, or an e-mail address. */
  address: z.string(),
  template: z.string(),
  /** Epoch ms at which somebody was to be told; the start of the delivery's latency. */
  dueAt: z.number(),
  /** Epoch ms after which it is no longer worth sending. */
  expiresAt: z.number(),
  /** An earlier attempt may have arrived: look for it first, and mark what is sent again. */
  mayBeRepeat: z.boolean(),
  form: z.discriminatedUnion('type', [
    z.object({ type: z.literal('post') }),
    z.object({ type: z.literal('reply'), to: ref }),
    z.object({ type: z.literal('update'), ref }),
  ]),
};

/**
 * One attempt to tell one address, as it lies in the effect queue: everything that sending needs, so that
 * the sender looks nothing up. The blocks are our own and are not checked again.
 */
export const deliveryOrder = z.discriminatedUnion('channel', [
  z.object({
    ...envelope,
    channel: z.literal('slack'),
    content: z.object({ text: z.string(), blocks: z.array(z.custom<Block>()) }),
  }),
  z.object({
    ...envelope,
    channel: z.literal('email'),
    content: z.object({ subject: z.string(), text: z.string(), html: z.string() }),
  }),
]);
export type DeliveryOrder = z.infer<typeof deliveryOrder>;
export type SlackOrder = Extract<DeliveryOrder, { readonly channel: 'slack' }>;
export type EmailOrder = Extract<DeliveryOrder, { readonly channel: 'email' }>;
export type ChannelKind = DeliveryOrder['channel'];

/** One queue per channel kind: a stuck mail server holds no Slack message back, and each has its own gauge. */
export const NOTIFICATION_QUEUES: { readonly [C in ChannelKind]: string } = {
  slack: 'notifications-slack',
  email: 'notifications-email',
};
export const CHANNEL_KINDS: readonly ChannelKind[] = ['slack', 'email'];
