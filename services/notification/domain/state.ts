import type { Alert, ResolvedTarget } from '../../contracts/alert.ts';
import type { MessageRef } from '../../contracts/notification.ts';
import type { ChannelKind } from './message.ts';

/** Whom an alert key has told, and who is still to be told. */
export interface NotificationState {
  /** The last alert event that was taken in; an earlier one is a repeat. */
  readonly seq: number;
  /** By alert id. An earlier cycle stays only until its last message is out. */
  readonly cycles: Readonly<Record<string, Cycle>>;
}

/** One life of an alert, from raising to closing. */
export interface Cycle {
  /** The newest view of the alert; kept only while something is still to be written from it. */
  readonly alert?: Alert;
  /** The alert's one Slack message at each address. */
  readonly messages: Readonly<Record<string, SlackMessage>>;
  /** What has not reached its end, by delivery id. */
  readonly deliveries: Readonly<Record<string, Delivery>>;
}

/**
 * A Slack message, which lives through: being posted (`sending`, no `ref`) → standing (`ref`) ⇄ being updated
 * (`sending` and `ref`). At most one call for it is under way, so that an older content never overwrites a
 * newer one; what changed meanwhile is `stale` and is sent, once and newest, when that call has ended.
 */
export interface SlackMessage {
  readonly ref?: MessageRef;
  /** The delivery that posts or updates it. */
  readonly sending?: string;
  readonly stale?: true;
}

/** Somebody is to be told something. Its attempts are effects `<id>/<attempt>`. */
export interface Delivery {
  /** `post`: a new message. `reply`: in the thread of the alert's message there. `update`: that message changes. */
  readonly kind: 'post' | 'reply' | 'update';
  readonly channel: ChannelKind;
  readonly address: string;
  readonly target: string;
  readonly step: string;
  readonly template: string;
  /** The attempt that is queued or under way; 0 while a reply waits for the message that it answers. */
  readonly attempt: number;
  /** When somebody was to be told: where latency is counted from. */
  readonly dueAt: number;
  readonly queuedAt: number;
  readonly expiresAt: number;
  /** `seq` of the alert event from which the queued attempt was written. */
  readonly asOf?: number;
  /** An attempt's answer was lost. */
  readonly uncertain?: true;
  /** The other way to the same person, and its delivery once that is queued. */
  readonly fallback?: ResolvedTarget;
  readonly standby?: string;
  /** This is the other way: the delivery that it stands in for. */
  readonly insteadOf?: string;
}
