import type { FastifyInstance } from 'fastify';
import { inject } from 'vitest';
import { actionManagement } from '../../../services/action-management/main.ts';
import { alerting } from '../../../services/alerting/main.ts';
import type { Stage } from '../../../services/embedded/demo/stage.ts';
import { ingestion } from '../../../services/ingestion/main.ts';
import { deskOf, loopClosure } from '../../../services/loop-closure/main.ts';
import type { AlertDesk } from '../../../services/loop-closure/service.ts';
import { notification } from '../../../services/notification/main.ts';
import type { NamedSql, Postgres } from '../../../services/platform/database/postgres.ts';
import {
  balanceLedger,
  type DistributedLedger,
} from '../../../services/platform/distributed/ledger-sums.postgres.ts';
import { type ServiceSettings, serviceSettings } from '../../../services/platform/distributed/settings.ts';
import {
  type OpenService,
  openService,
  type ServiceDefinition,
} from '../../../services/platform/distributed/start-service.ts';
import { type Logger, silentLogger } from '../../../services/platform/logging/logger.ts';
import { createRegistry } from '../../../services/platform/metrics/registry.ts';
import { Lifecycle } from '../../../services/platform/process/lifecycle.ts';
import type { ManualClock } from '../../../services/platform/time/clock.ts';
import { scoring } from '../../../services/scoring/main.ts';
import { loadSettings } from '../../../services/settings/load-settings.ts';
import { namesOf } from '../../../services/settings/names.ts';
import { ownNames } from './distributed-fixture.ts';
import { registerAll } from './register-all.ts';
import { whatWaits } from './what-waits.ts';

/** The six services in this process, on real servers, under a clock that the test moves. */
export interface SixServices {
  readonly stage: Stage;
  readonly desk: AlertDesk;
  readonly postgres: Postgres;
  /** HTTP servers, by who answers there. */
  readonly apps: Readonly<Record<'ingestion' | 'notification' | 'loopClosure', FastifyInstance>>;
  /** Those of each instance of a service that may have several. */
  readonly each: Readonly<Record<Several, readonly FastifyInstance[]>>;
  ledger(): Promise<DistributedLedger>;
  /** Answers what could not be closed. */
  stop(): Promise<readonly string[]>;
}

/** Services of which a test may want several instances. */
export type Several = 'action-management' | 'alerting';

/** Where the six services keep what they have: it outlives them. */
export type Place = Awaited<ReturnType<typeof newPlace>>;

export async function newPlace(partitions: number) {
  const { names, prefix, databaseUrl } = await ownNames(partitions);
  await registerAll(inject('registryUrl'), prefix);
  const env = {
    TOCSIN_KAFKA_BROKERS: inject('kafkaBrokers'),
    TOCSIN_REGISTRY_URL: inject('registryUrl'),
    TOCSIN_DATABASE_URL: databaseUrl,
    TOCSIN_DATABASE_CONNECTIONS: '4',
    TOCSIN_TOPIC_PREFIX: prefix,
    TOCSIN_PARTITIONS: String(partitions),
    // A customer whom no test counts with.
    TOCSIN_SYNTHETIC_SECONDS: '0',
  };
  return { partitions, names, env };
}

export async function openSixServices(options: {
  readonly place: Place;
  readonly clock: ManualClock;
  readonly rules: string;
  readonly log?: Logger;
  /** How many instances there are, where that is not one. */
  readonly instances?: Readonly<Partial<Record<Several, number>>>;
  /** Further settings, for whichever service reads them. */
  readonly env?: Readonly<Record<string, string>>;
}): Promise<SixServices> {
  const { place, clock, rules, log = silentLogger, instances = {} } = options;
  const { partitions } = place;
  const env = { ...place.env, TOCSIN_RULES_DIR: rules, ...options.env };
  const lifecycle = new Lifecycle();
  const open = <Own>(definition: ServiceDefinition<Own>, more: object = {}): Promise<OpenService> => {
    const read = serviceSettings.extend(definition.settings.shape).parse({ ...env, ...more });
    return openService(definition, {
      // The two schemas were put together above.
      settings: read as ServiceSettings & Own,
      clock,
      log,
      registry: createRegistry(),
      lifecycle,
    });
  };
  // The first one brings the tables up to date.
  const views = await open(loopClosure);
  const loopClosureUrl = await views.app.listen({ host: '127.0.0.1', port: 0 });
  const several = <Own>(definition: ServiceDefinition<Own>, count = 1): Promise<OpenService[]> =>
    Promise.all(Array.from({ length: count }, () => open(definition)));
  const [intake, ...others] = await Promise.all([open(ingestion), open(scoring)]);
  const judges = await several(actionManagement, instances['action-management']);
  const alertings = await several(alerting, instances.alerting);
  const messages = await open(notification, { TOCSIN_LOOP_CLOSURE_URL: loopClosureUrl });
  const all = [intake, ...others, ...judges, ...alertings, messages, views];
  const stop = new AbortController();
  let failure: unknown;
  const running = all.map((one) =>
    one.run(stop.signal).catch((error: unknown) => {
      failure = error;
    }),
  );
  const loaded = loadSettings(rules);
  if (!loaded.ok) throw new Error('the rules folder cannot be read');
  const business = { msBetween: () => undefined };
  const desk = deskOf(views.service, { names: namesOf(loaded.settings.teams), business, clock, partitions });
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
  const readyUntil = performance.now() + READY_WITHIN_MS;
  for (;;) {
    if (failure !== undefined) throw failure;
    const not = all.flatMap(({ service }) => service.notReady() ?? []);
    if (not.length === 0) break;
    if (performance.now() > readyUntil) throw new Error(`not ready: ${not.join('; ')}`);
    await new Promise((resume) => setTimeout(resume, 50));
  }
  return {
    desk,
    postgres,
    apps: { ingestion: intake.app, notification: messages.app, loopClosure: views.app },
    each: { 'action-management': judges.map(({ app }) => app), alerting: alertings.map(({ app }) => app) },
    ledger: () => balanceLedger(postgres),
    stop: async () => {
      stop.abort();
      await Promise.all(running);
      const failures = await lifecycle.close(30_000);
      return failures.map(({ name, error }) => `${name}: ${String(error)}`);
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

const READY_WITHIN_MS = 120_000;
const SETTLES_WITHIN_MS = 120_000;

const NEXT_DUE: NamedSql = {
  name: 'test-next-due',
  text: `SELECT min(at) AS at FROM (SELECT min(due_at) AS at FROM timer UNION ALL SELECT min(due_at) FROM effect) AS due`,
};
