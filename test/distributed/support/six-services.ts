import { inject } from 'vitest';
import { actionManagement } from '../../../services/action-management/main.ts';
import { alerting } from '../../../services/alerting/main.ts';
import type { Stage } from '../../../services/embedded/demo/stage.ts';
import { ingestion } from '../../../services/ingestion/main.ts';
import { deskOf, loopClosure } from '../../../services/loop-closure/main.ts';
import type { AlertDesk } from '../../../services/loop-closure/service.ts';
import { notification } from '../../../services/notification/main.ts';
import type { NamedSql } from '../../../services/platform/database/postgres.ts';
import {
  balanceLedger,
  type DistributedLedger,
} from '../../../services/platform/distributed/ledger-sums.postgres.ts';
import { registerSchemas } from '../../../services/platform/distributed/schema-registration.ts';
import { ourSchemas } from '../../../services/platform/distributed/servers.ts';
import { serviceSettings } from '../../../services/platform/distributed/settings.ts';
import {
  type OpenService,
  openService,
  type ServiceDefinition,
} from '../../../services/platform/distributed/start-service.ts';
import { prefixed } from '../../../services/platform/event-log/topic-names.ts';
import { silentLogger } from '../../../services/platform/logging/logger.ts';
import { createRegistry } from '../../../services/platform/metrics/registry.ts';
import { Lifecycle } from '../../../services/platform/process/lifecycle.ts';
import type { ManualClock } from '../../../services/platform/time/clock.ts';
import { scoring } from '../../../services/scoring/main.ts';
import { loadSettings } from '../../../services/settings/load-settings.ts';
import { ownNames } from './distributed-fixture.ts';
import { whatWaits } from './what-waits.ts';

/** The six services in this process, on real servers, under a clock that the test moves. */
export interface SixServices {
  readonly stage: Stage;
  readonly desk: AlertDesk;
  ledger(): Promise<DistributedLedger>;
  stop(): Promise<void>;
}

export async function openSixServices(options: {
  readonly clock: ManualClock;
  readonly partitions: number;
  readonly rules: string;
}): Promise<SixServices> {
  const { clock, partitions, rules } = options;
  const { prefix, databaseUrl } = await ownNames(partitions);
  await registerSchemas({ url: inject('registryUrl'), names: prefixed(prefix) }, ourSchemas().all);
  const settings = serviceSettings.parse({
    TOCSIN_KAFKA_BROKERS: inject('kafkaBrokers'),
    TOCSIN_REGISTRY_URL: inject('registryUrl'),
    TOCSIN_DATABASE_URL: databaseUrl,
    TOCSIN_DATABASE_CONNECTIONS: '4',
    TOCSIN_TOPIC_PREFIX: prefix,
    TOCSIN_PARTITIONS: String(partitions),
    TOCSIN_RULES_DIR: rules,
  });
  const lifecycle = new Lifecycle();
  const open = <Own>(definition: ServiceDefinition<Own>): Promise<OpenService> => {
    const own = definition.settings.parse({}) as Own;
    const registry = createRegistry();
    return openService(definition, {
      settings: { ...settings, ...own },
      clock,
      log: silentLogger,
      registry,
      lifecycle,
    });
  };
  const intake = await open(ingestion);
  const views = await open(loopClosure);
  const all = [
    intake,
    await open(scoring),
    await open(actionManagement),
    await open(alerting),
    await open(notification),
    views,
  ];
  const stop = new AbortController();
  let failure: unknown;
  const running = all.map((one) =>
    one.run(stop.signal).catch((error: unknown) => {
      failure = error;
    }),
  );
  const loaded = loadSettings(rules);
  if (!loaded.ok) throw new Error('the rules folder cannot be read');
  const business = { msBetween: () => undefined, zoneOf: () => undefined };
  const desk = deskOf(views.service, { ...loaded.settings, business, clock, partitions });
  const { postgres } = views.service;
  const settle = async (): Promise<void> => {
    const until = performance.now() + SETTLES_WITHIN_MS;
    for (;;) {
      if (failure !== undefined) throw failure;
      for (const { service } of all) service.wake();
      const waits = await whatWaits(postgres, clock.now());
      if (waits.length === 0) return;
      if (performance.now() > until) throw new Error(`still waiting: ${waits.join('; ')}`);
      await new Promise((resume) => setTimeout(resume, 5));
    }
  };
  while (all.some(({ service }) => service.notReady() !== undefined)) {
    if (failure !== undefined) throw failure;
    await new Promise((resume) => setTimeout(resume, 50));
  }
  return {
    desk,
    ledger: () => balanceLedger(postgres),
    stop: async () => {
      stop.abort();
      await Promise.all(running);
      const failures = await lifecycle.close(30_000);
      if (failures.length > 0)
        throw new Error(`could not close: ${failures.map(({ name }) => name).join(', ')}`);
    },
    stage: {
      clock,
      accept: async (source, records) => {
        const answer = await intake.app.inject({
          method: 'POST',
          url: `/v1/${source}`,
          payload: [...records],
        });
        const { rejected } = answer.json<{ rejected?: number }>();
        if (answer.statusCode >= 300 || rejected !== 0)
          throw new Error(`not accepted: ${answer.payload.slice(0, 500)}`);
      },
      order: async (alert, verb, body, person) => {
        const by = { kind: 'person', id: person } as const;
        const result = await desk.order({ alert, verb, body, by, via: 'demo' });
        if (result.type === 'pending') await settle();
      },
      settle,
      nextDueAt: async () => {
        const [row] = await postgres.query<{ at: string | null }>(NEXT_DUE, []);
        return row?.at === null || row?.at === undefined ? undefined : Number(row.at);
      },
      onFact: (listener) => {
        for (const { service } of all) service.observe({ onFact: listener });
      },
    },
  };
}

const SETTLES_WITHIN_MS = 60_000;

const NEXT_DUE: NamedSql = {
  name: 'test-next-due',
  text: `SELECT min(at) AS at FROM (SELECT min(due_at) AS at FROM timer UNION ALL SELECT min(due_at) FROM effect) AS due`,
};
