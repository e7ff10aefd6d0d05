import type { DeliveryReason, MessageRef } from '../contracts/notification.ts';
import type { ChannelKind, DeliveryOrder, EmailContent, SlackContent } from './domain/message.ts';
import type { ModalView } from './domain/slack-modal.ts';

/**
 * A way to reach people: Slack, e-mail, or the sandbox that stands in for both.
 *
 * Promises: `deliver` makes at most one attempt, never throws for trouble of the other side, and ends soon
 * after `signal` aborts. `accepted` means that the other side has taken the message over.
 * Does not promise that `failed` with `uncertain` did not arrive: the answer was lost.
 */
export interface Channel {
  /** `per_address`: takes about one message a second for each address. `none`, or absent: as fast as they come. */
  readonly pacing?: 'per_address' | 'none';
  deliver(order: DeliveryOrder, signal: AbortSignal): Promise<DeliveryAnswer>;
  /**
   * Looks for a message that an earlier, uncertain attempt of this delivery may have left. Nothing when it is
   * not there, or when the channel cannot tell (e-mail never can).
   */
  find(order: DeliveryOrder, signal: AbortSignal): Promise<MessageRef | undefined>;
}

export type DeliveryAnswer =
  | { readonly type: 'accepted'; readonly ref: MessageRef }
  | {
      readonly type: 'failed';
      readonly reason: DeliveryReason;
      readonly retriable: boolean;
      /** The other side asked for this much patience. */
      readonly retryAfterMs?: number;
      /** The request may have been obeyed although we were not told. */
      readonly uncertain?: boolean;
      /** For the log: what the other side said. Never customer text. */
      readonly detail?: string;
    };

export type Channels = { readonly [C in ChannelKind]: Channel };

/** Where the sandbox keeps what would have been sent. Writes are durable when they return. */
export interface SandboxStore {
  /** Stores a new message and gives its ref. The same delivery stored again is the same message. */
  put(message: NewSandboxMessage): MessageRef;
  /** False when there is no such message. */
  update(id: string, content: SlackContent, at: number): boolean;
  findByDelivery(deliveryId: string): MessageRef | undefined;
  /** Newest last; at most `limit`, the newest ones. */
  list(limit: number): readonly SandboxMessage[];
}

export interface NewSandboxMessage {
  readonly channel: ChannelKind;
  readonly address: string;
  readonly deliveryId: string;
  readonly alertKey: string;
  readonly alertId: string;
  readonly template: string;
  /** Id of the message in whose thread it stands. */
  readonly thread?: string;
  readonly content: SlackContent | EmailContent;
  /** Epoch ms. */
  readonly at: number;
}

export interface SandboxMessage extends NewSandboxMessage {
  readonly id: string;
  /** Epoch ms of the last change in place. */
  readonly updatedAt?: number;
}

/** Opens a form in Slack as the answer to a click. Slack allows three seconds from the click. */
export interface ModalOpener {
  open(triggerId: string, view: ModalView): Promise<void>;
}
