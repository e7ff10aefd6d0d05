#!/usr/bin/env node
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { formatProblem } from '../platform/config/yaml-file.ts';
import {
  RulesUnusable,
  type ServiceDefinition,
  startService,
} from '../platform/distributed/start-service.ts';
import { crashPoint } from '../platform/process/crash-point.ts';
import { findCalendar } from '../settings/calendars.ts';
import { loadSettings } from '../settings/load-settings.ts';
import { chooseChannels } from './adapters/choose-channels.ts';
import { createSandboxStore } from './adapters/sandbox-store.sqlite.ts';
import { type NotificationConfig, notificationSettings } from './config.ts';
import { createNotificationProcess } from './domain/deliveries.ts';
import { fallbackFor } from './domain/fallback.ts';
import { NOTIFICATION_QUEUES } from './domain/message.ts';
import { createNotificationMetrics } from './metrics.ts';
import { createSender } from './sender.ts';

/**
 * Notification by itself: Kafka and PostgreSQL. What the sandbox takes, where no channel is configured, is kept in
 * the memory of the instance.
 */
export const notification: ServiceDefinition<NotificationConfig> = {
  name: 'notification',
  settings: notificationSettings,
  create: ({ settings, registry, clock, log }) => {
    const loaded = loadSettings(settings.TOCSIN_RULES_DIR ?? SHIPPED_RULES);
    if (!loaded.ok) throw new RulesUnusable(loaded.problems.map(formatProblem).join('\n'));
    const { calendars, teams } = loaded.settings;
    const process = createNotificationProcess({
      publicUrl: settings.TOCSIN_PUBLIC_URL ?? `http://${settings.TOCSIN_HOST}:${settings.TOCSIN_PORT}`,
      zoneOf: (calendar) => findCalendar(calendars, calendar)?.zone ?? 'UTC',
      fallbackFor: (target, alert) => fallbackFor(teams, target, alert),
    });
    return {
      processes: [process],
      attach: ({ service }) => {
        const { effects } = service;
        const metrics = createNotificationMetrics(registry, {
          pending: (channel) => effects.pending(NOTIFICATION_QUEUES[channel]),
          now: () => clock.now(),
        });
        const sandbox = createSandboxStore(new DatabaseSync(':memory:'));
        const { channels } = chooseChannels(settings, sandbox, clock);
        const sender = createSender({ effects, channels, clock, log, metrics, crashPoint });
        service.observe({ onPass: () => sender.wake(), onFact: (fact) => metrics.onFact(fact) });
        return { run: (stop) => sender.run(stop) };
      },
    };
  },
};

/** The rules that come with Tocsin. */
const SHIPPED_RULES = fileURLToPath(new URL('../../rules', import.meta.url));

if (import.meta.main) process.exit(await startService(notification, process.env));
