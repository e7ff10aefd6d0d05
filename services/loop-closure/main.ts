#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import manifest from '../../package.json' with { type: 'json' };
import { formatProblem } from '../platform/config/yaml-file.ts';
import { PostgresDeadLetters } from '../platform/database/dead-letters.postgres.ts';
import type { NamedSql, Postgres } from '../platform/database/postgres.ts';
import { storable } from '../platform/database/storable-text.ts';
import { earliestTimers } from '../platform/database/timers.postgres.ts';
import type { DistributedService } from '../platform/distributed/distributed-service.ts';
import { balanceLedger } from '../platform/distributed/ledger-sums.postgres.ts';
import {
  RulesUnusable,
  type ServiceDefinition,
  startService,
} from '../platform/distributed/start-service.ts';
import { partitionOf } from '../platform/event-log/partition-of.ts';
import { OPERATIONS_API, registerOperations } from '../platform/http/operations.fastify.ts';
import { operatorSettings } from '../platform/http/operators-only.ts';
import { businessTimeBetween } from '../platform/time/business-time.ts';
import type { Clock } from '../platform/time/clock.ts';
import { findCalendar } from '../settings/calendars.ts';
import { loadSettings, type Settings } from '../settings/load-settings.ts';
import { type Names, namesOf } from '../settings/names.ts';
import { registerApi } from './adapters/api.fastify.ts';
import { createCommandPoll } from './adapters/command-watch.postgres.ts';
import { createPostgresOperationsRoom } from './adapters/operations-room.postgres.ts';
import { registerPages } from './adapters/pages.fastify.ts';
import { ruleKeeperOverHttp } from './adapters/rule-keeper.http.ts';
import { LOOP_CLOSURE_FORGETS, LOOP_CLOSURE_POSTGRES_MIGRATIONS } from './adapters/view-tables.postgres.ts';
import { POSTGRES_VIEW_WRITERS } from './adapters/view-writers.postgres.ts';
import { createPostgresViews } from './adapters/views.postgres.ts';
import { customerView } from './domain/customer-view.ts';
import { createLoopClosureMetrics } from './metrics.ts';
import type { BusinessClock, CustomerHistory, RuleKeeper } from './ports.ts';
import { type AlertDesk, createAlertDesk, createLoopClosureProcesses } from './service.ts';

/** What only loop-closure by itself reads. */
const ownSettings = operatorSettings.extend({
  /** Where action-management listens: the page for operators asks it for rules and silences. */
  TOCSIN_ACTION_MANAGEMENT_URL: z
    .url({ protocol: /^https?$/, error: 'expected an http or https URL' })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  /** The page of notification's sandbox, as browsers reach it: the pages link to it. */
  TOCSIN_SANDBOX_URL: z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }).optional(),
});

/** Loop-closure by itself: views, API and pages on Kafka and PostgreSQL. */
export const loopClosure: ServiceDefinition<z.output<typeof ownSettings>> = {
  name: 'loop-closure',
  settings: ownSettings,
  create: ({ settings, registry, clock }) => {
    const loaded = loadSettings(settings.TOCSIN_RULES_DIR ?? SHIPPED_RULES);
    if (!loaded.ok) throw new RulesUnusable(loaded.problems.map(formatProblem).join('\n'));
    const metrics = createLoopClosureMetrics(registry);
    const business = businessClock(loaded.settings);
    const names = namesOf(loaded.settings.teams);
    return {
      processes: Object.values(createLoopClosureProcesses()),
      migrations: LOOP_CLOSURE_POSTGRES_MIGRATIONS,
      forgetting: LOOP_CLOSURE_FORGETS,
      quiet: ['customer'],
      views: () => POSTGRES_VIEW_WRITERS,
      reads: ['alerts', 'assessments'],
      observers: [{ onFact: (fact) => metrics.onFact(fact) }],
      attach: ({ service, app }) => {
        const desk = deskOf(service, {
          names,
          business,
          clock,
          partitions: settings.TOCSIN_PARTITIONS,
        });
        const ledger = () => balanceLedger(service.postgres);
        registerApi(app, { desk, clock, ledger, version: manifest.version, others: [OPERATIONS_API] });
        registerOperations(app, {
          deadLetters: new PostgresDeadLetters(service.postgres),
          timers: (limit) => earliestTimers(service.postgres, limit),
          clock,
          opsKeys: settings.TOCSIN_OPS_KEYS,
        });
        const operations = createPostgresOperationsRoom({
          postgres: service.postgres,
          notReady: () => service.notReady(),
          clock,
          version: manifest.version,
          ruleKeeper: ruleKeeperOf(settings),
        });
        const { TOCSIN_SANDBOX_URL: sandbox } = settings;
        const pages = { desk, clock, business, names, operations };
        registerPages(app, sandbox === undefined ? pages : { ...pages, sandbox });
        return undefined;
      },
    };
  },
};

/** All services of an installation have the same keys of operators. */
function ruleKeeperOf(settings: z.output<typeof ownSettings>): RuleKeeper | undefined {
  const { TOCSIN_ACTION_MANAGEMENT_URL: url, TOCSIN_OPS_KEYS: keys } = settings;
  if (url === undefined) return undefined;
  const [key] = keys;
  return ruleKeeperOverHttp(key === undefined ? { url } : { url, key });
}

/** The desk on the views of all instances. */
export function deskOf(
  service: Pick<DistributedService, 'postgres' | 'eventLog'>,
  settings: {
    readonly names: Names;
    readonly business: BusinessClock;
    readonly clock: Clock;
    readonly partitions: number;
  },
): AlertDesk {
  const queries = createPostgresViews(service.postgres);
  return createAlertDesk({
    log: service.eventLog,
    queries,
    history: historyOf(service.postgres, settings.partitions),
    watch: createCommandPoll(queries),
    business: settings.business,
    clock: settings.clock,
    names: settings.names,
  });
}

/** Where a customer's story lies is the state of `customer-view`; its partition follows from the customer. */
const historyOf = (postgres: Postgres, partitions: number): CustomerHistory => ({
  assessmentsOf: async (customerId) => {
    const [row] = await postgres.query<{ body: string }>(CUSTOMER_STATE, [storable(customerId)]);
    // The slot is written by the process of that name only, as a list of offsets.
    const body =
      row === undefined ? {} : (JSON.parse(row.body) as Readonly<Record<string, readonly number[]>>);
    const offsets = body[customerView.name];
    return offsets === undefined ? undefined : { partition: partitionOf(customerId, partitions), offsets };
  },
});

const CUSTOMER_STATE: NamedSql = {
  name: 'customer-state',
  text: "SELECT body FROM state WHERE consumer = 'loop-closure' AND key_space = 'customer' AND key = $1",
};

/** Business calendars as pages and KPIs need them. */
const businessClock = ({ calendars }: Settings): BusinessClock => ({
  msBetween: (calendar, from, to) => {
    const known = findCalendar(calendars, calendar);
    return known === undefined ? undefined : businessTimeBetween(known, from, to);
  },
});

/** The rules that come with Tocsin. */
const SHIPPED_RULES = fileURLToPath(new URL('../../rules', import.meta.url));

if (import.meta.main) process.exit(await startService(loopClosure, process.env));
