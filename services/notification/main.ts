#!/usr/bin/env node
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { formatProblem } from '../platform/config/yaml-file.ts';
import {
  RulesUnusable,
  type ServiceDefinition,
  startService,
} from '../platform/distributed/start-service.ts';
import { crashPoint } from '../platform/process/crash-point.ts';
import { findCalendar } from '../settings/calendars.ts';
import { loadSettings } from '../settings/load-settings.ts';
import { namesOf } from '../settings/names.ts';
import { chooseChannels } from './adapters/choose-channels.ts';
import { registerMailLinks } from './adapters/mail-links.fastify.ts';
import { ordersOverHttp } from './adapters/orders.http.ts';
import { registerSandbox } from './adapters/sandbox-page.fastify.ts';
import { createSandboxStore } from './adapters/sandbox-store.sqlite.ts';
import { registerSlackActions } from './adapters/slack-actions.fastify.ts';
import { type NotificationConfig, notificationSettings } from './config.ts';
import { createNotificationProcess } from './domain/deliveries.ts';
import { fallbackFor } from './domain/fallback.ts';
import { NOTIFICATION_QUEUES } from './domain/message.ts';
import { audienceOf, createSilenceEndsProcess } from './domain/silence-ends.ts';
import type { HandleAction } from './domain/slack-action.ts';
import { createNotificationMetrics } from './metrics.ts';
import { createSender } from './sender.ts';

/** What only notification by itself reads. */
const ordersSettings = z.object({
  /** Where loop-closure listens: clicks in Slack and in mails are handed over to it. */
  TOCSIN_LOOP_CLOSURE_URL: z
    .url({ protocol: /^https?$/, error: 'expected an http or https URL' })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
});
type OrdersConfig = z.output<typeof ordersSettings>;

/**
 * Notification by itself: Kafka and PostgreSQL. What the sandbox takes, where no channel is configured, is kept in
 * the memory of the instance, the newest messages only; its page shows what went through this instance.
 */
export const notification: ServiceDefinition<NotificationConfig & OrdersConfig> = {
  name: 'notification',
  settings: notificationSettings.extend(ordersSettings.shape),
  create: ({ settings, registry, clock, log, tracing }) => {
    const {
      TOCSIN_SLACK_SIGNING_SECRET: signingSecret,
      TOCSIN_MAIL_LINK_SECRET: mailLinkSecret,
      TOCSIN_LOOP_CLOSURE_URL: loopClosure,
    } = settings;
    if ((signingSecret !== undefined || mailLinkSecret !== undefined) && loopClosure === undefined) {
      throw new Error(
        'TOCSIN_LOOP_CLOSURE_URL: missing; clicks in Slack and mails become orders there, for example http://loop-closure:8080',
      );
    }
    const publicUrl = settings.TOCSIN_PUBLIC_URL ?? `http://${settings.TOCSIN_HOST}:${settings.TOCSIN_PORT}`;
    const loaded = loadSettings(settings.TOCSIN_RULES_DIR ?? SHIPPED_RULES);
    if (!loaded.ok) throw new RulesUnusable(loaded.problems.map(formatProblem).join('\n'));
    const { calendars, teams } = loaded.settings;
    const names = namesOf(teams);
    const process = createNotificationProcess({
      publicUrl,
      names,
      mailLinkSecret,
      zoneOf: (calendar) => findCalendar(calendars, calendar)?.zone ?? 'UTC',
      fallbackFor: (target, alert) => fallbackFor(teams, target, alert),
    });
    return {
      processes: [process, createSilenceEndsProcess(({ team }) => audienceOf(teams, team), names)],
      attach: async ({ service, app }) => {
        const { effects } = service;
        const metrics = createNotificationMetrics(registry, {
          pending: (channel) => effects.pending(NOTIFICATION_QUEUES[channel]),
          now: () => clock.now(),
        });
        const sandbox = createSandboxStore(new DatabaseSync(':memory:'), KEPT_IN_MEMORY);
        const { channels, modals, sandboxed } = chooseChannels(settings, sandbox, clock);
        const handle = loopClosure === undefined ? undefined : ordersOverHttp(loopClosure);
        if (sandboxed.length > 0) {
          log.info({ sandboxed }, 'messages of these kinds stay here: /sandbox shows them');
          const click = handle ?? nobodyTakesOrders;
          await registerSandbox(app, { store: sandbox, click, clock, nameOf: names.person });
        }
        if (signingSecret !== undefined && handle !== undefined && modals !== undefined) {
          await registerSlackActions(app, { signingSecret, handle, modals, names, clock, log, metrics });
        }
        if (mailLinkSecret !== undefined && handle !== undefined) {
          await registerMailLinks(app, {
            secret: mailLinkSecret,
            handle,
            names,
            publicUrl,
            clock,
            log,
            metrics,
          });
        }
        const sender = createSender({ effects, channels, clock, log, metrics, crashPoint, tracing });
        service.observe({ onPass: () => sender.wake(), onFact: (fact) => metrics.onFact(fact) });
        return { run: (stop) => sender.run(stop) };
      },
    };
  },
};

/** About 10 MB. */
const KEPT_IN_MEMORY = 2_000;

const nobodyTakesOrders: HandleAction = async () => ({
  ok: false,
  message: 'TOCSIN_LOOP_CLOSURE_URL is not set: nobody is there to take orders.',
});

/** The rules that come with Tocsin. */
const SHIPPED_RULES = fileURLToPath(new URL('../../rules', import.meta.url));

if (import.meta.main) process.exit(await startService(notification, process.env));
