#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import manifest from '../../package.json' with { type: 'json' };
import { commaList } from '../platform/config/env.ts';
import type { IntakeLedger } from '../platform/database/intake-ledger.postgres.ts';
import type { DistributedService } from '../platform/distributed/distributed-service.ts';
import { type ServiceDefinition, startService } from '../platform/distributed/start-service.ts';
import { serveOpenApi } from '../platform/http/openapi.ts';
import type { Logger } from '../platform/logging/logger.ts';
import { SECOND } from '../platform/time/clock.ts';
import { registerGateway } from './adapters/gateway.fastify.ts';
import { INGESTION_API } from './adapters/openapi.ts';
import { identityProcess } from './domain/identity-process.ts';
import { NO_OWN_VOICES, type OwnVoices, ownVoices } from './domain/ignore.ts';
import { ingestionProcess } from './domain/ingestion-process.ts';
import { createGateway } from './gateway.ts';
import { createIngestionMetrics } from './metrics.ts';
import type { IntakeMetrics } from './ports.ts';
import { createSourceTopics, openSourceTopics } from './source-topics.ts';
import { SyntheticCheck, syntheticSettings } from './synthetic-check.ts';

/** What only ingestion reads; the same names as in the embedded mode. */
const ingestionSettings = z.object({
  TOCSIN_INGEST_KEYS: commaList.default([]),
  TOCSIN_OPS_KEYS: commaList.default([]),
  TOCSIN_INGEST_SECRETS: commaList.default([]),
  TOCSIN_OWN_EMAILS: commaList.default([]),
  TOCSIN_OWN_HANDLES: commaList.default([]),
  /** Topics that the company already has, each `topic=mapping.yaml`, separated by commas. */
  TOCSIN_SOURCE_TOPICS: commaList.default([]),
  ...syntheticSettings.shape,
});
type IngestionSettings = z.output<typeof ingestionSettings>;

/** Ingestion by itself: gateway, normalising and identities on Kafka and PostgreSQL. */
export const ingestion: ServiceDefinition<IngestionSettings> = {
  name: 'ingestion',
  settings: ingestionSettings,
  create: ({ settings, registry, clock, log }) => {
    const guarded = settings.TOCSIN_INGEST_KEYS.length + settings.TOCSIN_INGEST_SECRETS.length > 0;
    if (!guarded && !settings.TOCSIN_HOST.startsWith('127.') && settings.TOCSIN_HOST !== 'localhost') {
      const host = settings.TOCSIN_HOST;
      throw new Error(
        `TOCSIN_HOST: got "${host}", which others can reach; set TOCSIN_INGEST_KEYS too, or listen on 127.0.0.1`,
      );
    }
    const own = voices(settings, log);
    const metrics = createIngestionMetrics(registry);
    const topics = openSourceTopics(settings.TOCSIN_SOURCE_TOPICS);
    return {
      processes: [ingestionProcess(own), identityProcess],
      observers: [{ onFact: (fact) => metrics.onFact(fact) }],
      attach: async ({ service, app }) => {
        const counted = alsoInLedger(metrics, service.intake);
        const gateway = createGateway({ log: service.eventLog, clock, metrics: counted, own });
        const info = { title: 'Tocsin: ingestion', version: manifest.version, description: 'Takes records.' };
        serveOpenApi(app, info, [INGESTION_API]);
        await registerGateway(app, {
          gateway,
          clock,
          metrics: counted,
          access: {
            ingestKeys: settings.TOCSIN_INGEST_KEYS,
            opsKeys: settings.TOCSIN_OPS_KEYS,
            signingSecrets: settings.TOCSIN_INGEST_SECRETS,
          },
        });
        const synthetic = new SyntheticCheck({
          gateway,
          hasRule: (id) => existsSync(join(settings.TOCSIN_RULES_DIR ?? SHIPPED_RULES, `${id}.rule.yaml`)),
          clock,
          registry,
          log,
          deadManUrl: settings.TOCSIN_DEADMAN_URL,
        });
        const checking = await follow(synthetic, service, settings.TOCSIN_SYNTHETIC_SECONDS * SECOND);
        if (topics.length === 0) return { run: checking };
        const take = createSourceTopics({
          topics,
          gateway,
          metrics: counted,
          clock,
          partitions: settings.TOCSIN_PARTITIONS,
          park: (letter) => service.park(letter),
        });
        const named = topics.map(({ topic }) => topic);
        return {
          run: async (stop) => {
            await Promise.all([checking(stop), service.readForeign(named, take, stop)]);
          },
        };
      },
    };
  },
};

/** The end of the pipeline is in other processes: what comes out there is heard in the log. Answers the checking. */
async function follow(
  synthetic: SyntheticCheck,
  service: Pick<DistributedService, 'follow'>,
  everyMs: number,
): Promise<(stop: AbortSignal) => Promise<void>> {
  if (everyMs > 0) {
    await service.follow(synthetic.endsWith, {
      from: 'end',
      wants: () => synthetic.waits,
      learn: (fact) => synthetic.onFact(fact),
    });
  }
  return (stop) => synthetic.run(everyMs, stop);
}

/** The rules that come with Tocsin. */
const SHIPPED_RULES = fileURLToPath(new URL('../../rules', import.meta.url));

function voices(settings: IngestionSettings, log: Logger): OwnVoices {
  if (settings.TOCSIN_OWN_HANDLES.length + settings.TOCSIN_OWN_EMAILS.length === 0) return NO_OWN_VOICES;
  const { unknown, ...own } = ownVoices(settings.TOCSIN_OWN_HANDLES, settings.TOCSIN_OWN_EMAILS);
  for (const entry of unknown)
    log.warn({ entry }, 'own handle or address is not understood and has no effect');
  return own;
}

/** What the gateway does not let into the log must still be accounted for after a restart. */
const alsoInLedger = (metrics: IntakeMetrics, ledger: IntakeLedger): IntakeMetrics => ({
  repeated: (source) => metrics.repeated(source),
  ignored: (source, reason) => {
    metrics.ignored(source, reason);
    ledger.add('gateway', source, 'ignored', reason, 1);
  },
  rejected: (source, reason) => {
    metrics.rejected(source, reason);
    ledger.add('gateway', source, 'rejected', reason, 1);
  },
});

if (import.meta.main) process.exit(await startService(ingestion, process.env));
