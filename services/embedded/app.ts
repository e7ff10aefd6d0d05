import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { ACTION_MANAGEMENT_API } from '../action-management/adapters/openapi.ts';
import { registerSilences } from '../action-management/adapters/silences.fastify.ts';
import type { RulesReload } from '../action-management/rules-reload.ts';
import { registerGateway } from '../ingestion/adapters/gateway.fastify.ts';
import { INGESTION_API } from '../ingestion/adapters/openapi.ts';
import { registerApi } from '../loop-closure/adapters/api.fastify.ts';
import { registerPages } from '../loop-closure/adapters/pages.fastify.ts';
import type { AlertDesk } from '../loop-closure/service.ts';
import type { ChosenChannels } from '../notification/adapters/choose-channels.ts';
import { registerMailLinks } from '../notification/adapters/mail-links.fastify.ts';
import { registerSandbox } from '../notification/adapters/sandbox-page.fastify.ts';
import { registerSlackActions } from '../notification/adapters/slack-actions.fastify.ts';
import type { NotificationConfig } from '../notification/config.ts';
import type { HandleAction } from '../notification/domain/slack-action.ts';
import type { SandboxStore } from '../notification/ports.ts';
import { OPERATIONS_API, registerOperations } from '../platform/http/operations.fastify.ts';
import { createServer } from '../platform/http/server.ts';
import type { Logger } from '../platform/logging/logger.ts';
import type { Clock } from '../platform/time/clock.ts';
import type { Tracing } from '../platform/tracing/tracing.ts';
import { namesOf } from '../settings/names.ts';
import type { EmbeddedSettings } from './config.ts';
import { ledgerReport } from './ledger-report.ts';
import { createOperationsRoom } from './operations-room.ts';
import { businessClock, type Pipeline } from './pipeline.ts';
import type { RulesFolder } from './rules-folder.ts';
import { TOCSIN_VERSION } from './version.ts';

export interface AppOptions {
  readonly pipeline: Pipeline;
  readonly rules: RulesFolder;
  readonly rulesReload: RulesReload;
  readonly settings: EmbeddedSettings & NotificationConfig;
  /** Where people reach the pages, without a slash at the end. */
  readonly publicUrl: string;
  readonly channels: ChosenChannels;
  readonly sandbox: SandboxStore;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly log: Logger;
  readonly notReady: () => string | undefined;
  readonly tracing: Tracing | undefined;
}

/** The one HTTP server of the embedded pipeline: gateway, API, pages, sandbox, metrics. */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const { pipeline, rules, settings, channels, clock, registry, log, tracing } = options;
  const names = namesOf(rules.teams);
  const hosts = isLoopback(settings.TOCSIN_HOST) ? { hosts: LOOPBACK_NAMES } : {};
  const app = createServer({ registry, log, notReady: options.notReady, tracing, ...hosts });
  await registerGateway(app, {
    gateway: pipeline.gateway,
    clock,
    metrics: pipeline.intake,
    access: {
      ingestKeys: settings.TOCSIN_INGEST_KEYS,
      opsKeys: settings.TOCSIN_OPS_KEYS,
      signingSecrets: settings.TOCSIN_INGEST_SECRETS,
    },
  });
  registerApi(app, {
    desk: pipeline.desk,
    clock,
    ledger: () => ledgerReport(pipeline.store, pipeline.runner),
    version: TOCSIN_VERSION,
    others: [INGESTION_API, ACTION_MANAGEMENT_API, OPERATIONS_API],
  });
  registerPages(app, {
    desk: pipeline.desk,
    clock,
    business: businessClock(rules),
    names,
    sandbox: '/sandbox',
    operations: createOperationsRoom({
      pipeline,
      rules: options.rulesReload,
      notReady: options.notReady,
      clock,
    }),
  });
  const { store } = pipeline;
  registerOperations(app, {
    deadLetters: store.deadLetters,
    timers: async (limit) => store.timers(limit),
    clock,
    opsKeys: settings.TOCSIN_OPS_KEYS,
  });
  registerSilences(app, {
    silences: pipeline.silences,
    clock,
    rules: pipeline.rules,
    opsKeys: settings.TOCSIN_OPS_KEYS,
  });
  const handle = takeClick(pipeline.clickDesk);
  await registerSandbox(app, {
    store: options.sandbox,
    click: handle,
    clock,
    nameOf: names.person,
  });
  if (settings.TOCSIN_SLACK_SIGNING_SECRET !== undefined && channels.modals !== undefined) {
    await registerSlackActions(app, {
      signingSecret: settings.TOCSIN_SLACK_SIGNING_SECRET,
      handle,
      modals: channels.modals,
      names,
      clock,
      log,
      metrics: pipeline.notificationMetrics,
    });
  }
  if (settings.TOCSIN_MAIL_LINK_SECRET !== undefined) {
    await registerMailLinks(app, {
      secret: settings.TOCSIN_MAIL_LINK_SECRET,
      handle,
      names,
      publicUrl: options.publicUrl,
      clock,
      log,
      metrics: pipeline.notificationMetrics,
    });
  }
  return app;
}

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '::1', '[::1]'];
export const isLoopback = (host: string): boolean => LOOPBACK_NAMES.includes(host) || host.startsWith('127.');

/** A click in Slack, in the sandbox or in a mail is an order like any other. */
const takeClick =
  (desk: AlertDesk): HandleAction =>
  async ({ alertId, type, fields, by, via, actionId }) => {
    const result = await desk.order({
      alert: alertId,
      verb: type,
      body: fields,
      by,
      via,
      clientId: actionId,
    });
    switch (result.type) {
      case 'done':
        return result.repeated === true ? { ok: true, repeated: true } : { ok: true };
      case 'pending':
        return { ok: true };
      case 'refused':
        return { ok: false, message: result.words };
      case 'invalid':
        return {
          ok: false,
          message: result.problems.map((one) => `${one.field}: ${one.message}`).join('; '),
        };
      case 'unknown':
      case 'ambiguous':
        return { ok: false, message: 'This alert is not known any more.' };
    }
  };
