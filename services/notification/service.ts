import type { EffectQueue } from '../platform/database/effect-queue.ts';
import type { KeyedProcess } from '../platform/keyed-process/keyed-process.ts';
import type { Logger } from '../platform/logging/logger.ts';
import { crashPoint } from '../platform/process/crash-point.ts';
import type { Clock } from '../platform/time/clock.ts';
import type { Settings } from '../settings/load-settings.ts';
import { createNotificationProcess } from './domain/deliveries.ts';
import { fallbackFor } from './domain/fallback.ts';
import type { NotificationState } from './domain/state.ts';
import type { NotificationMetrics } from './metrics.ts';
import type { Channels } from './ports.ts';
import { createSender, type Sender } from './sender.ts';

export interface NotificationParts {
  readonly settings: Settings;
  /** Where people reach the pages, without a slash at the end. */
  readonly publicUrl: string;
  readonly effects: EffectQueue;
  readonly channels: Channels;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: NotificationMetrics;
}

/**
 * Notification: `process` decides who is told what and when, `sender` tells them. They meet in the effect
 * queue and in the topic `notification-outcomes`, and may run in different processes.
 */
export function createNotification(parts: NotificationParts): {
  readonly process: KeyedProcess<NotificationState>;
  readonly sender: Sender;
} {
  return {
    process: notificationProcess(parts.settings, parts.publicUrl),
    sender: createSender({ ...parts, crashPoint }),
  };
}

/** The deciding half alone: for replays, in which nobody must be told. */
export const notificationProcess = (
  { calendars, teams }: Settings,
  publicUrl: string,
): KeyedProcess<NotificationState> =>
  createNotificationProcess({
    publicUrl,
    // A calendar that has been removed since the alert was raised: UTC is named beside the time.
    zoneOf: (calendar) => calendars.get(calendar)?.zone ?? 'UTC',
    fallbackFor: (target, alert) => fallbackFor(teams, target, alert),
  });
