import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import type { z } from 'zod';
import { readEnv } from '../config/env.ts';
import { BrokerNotSupported, BrokerNotTrusted } from '../event-log/broker-versions.kafka.ts';
import { SchemasNotRegistered } from '../event-log/schemas.registry.ts';
import { createServer } from '../http/server.ts';
import { createLogger, type Logger } from '../logging/logger.ts';
import { createRegistry } from '../metrics/registry.ts';
import { Lifecycle } from '../process/lifecycle.ts';
import { listenForStop, runUntilStopped } from '../process/run-process.ts';
import { type Clock, systemClock } from '../time/clock.ts';
import { openTracing } from '../tracing/open-tracing.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { openWhenServersAnswer, StoppedWaiting } from './await-servers.ts';
import {
  type DistributedService,
  type DistributedServiceOptions,
  openDistributedService,
} from './distributed-service.ts';
import { WrongDatabase } from './replay.ts';
import { LoginRefused, namesOf } from './servers.ts';
import { contradictions, type ServiceSettings, serviceSettings } from './settings.ts';

/** What a service is made of when it runs by itself. `Own` are the settings that only it reads. */
export interface ServiceDefinition<Own> {
  /** As in `services/README.md`. */
  readonly name: string;
  readonly settings: z.ZodObject & z.ZodType<Own>;
  create(context: ServiceContext<Own>): ServiceParts | Promise<ServiceParts>;
}

export interface ServiceContext<Own> {
  readonly settings: ServiceSettings & Own;
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: Registry;
  readonly lifecycle: Lifecycle;
  readonly tracing?: Tracing | undefined;
}

type Reads = Pick<
  DistributedServiceOptions,
  'processes' | 'migrations' | 'forgetting' | 'quiet' | 'views' | 'reads' | 'observers' | 'states'
>;

export interface ServiceParts extends Reads {
  /** Adds what the service serves over HTTP and what it does beside its processes. */
  attach?(opened: {
    readonly service: DistributedService;
    readonly app: FastifyInstance;
  }): Promise<Attached | undefined> | Attached | undefined;
}

export interface Attached {
  /** Works until `stop`. */
  run(stop: AbortSignal): Promise<void>;
}

/** A service that is connected, with its HTTP server; nothing runs yet. */
export interface OpenService {
  readonly service: DistributedService;
  readonly app: FastifyInstance;
  run(stop: AbortSignal): Promise<void>;
}

/** Connects a service as its definition says. */
export async function openService<Own>(
  definition: ServiceDefinition<Own>,
  context: ServiceContext<Own>,
): Promise<OpenService> {
  const { settings, clock, log, registry, lifecycle } = context;
  const name = `tocsin-${definition.name}`;
  const tracing = await openTracing({ service: name, settings, registry, log, lifecycle });
  const parts = await definition.create({ ...context, tracing });
  const service = await openDistributedService({
    name: definition.name,
    settings,
    clock,
    log,
    registry,
    lifecycle,
    tracing,
    ...parts,
  });
  const app = createServer({ registry, log, notReady: () => service.notReady(), tracing });
  const attached = await parts.attach?.({ service, app });
  lifecycle.onClose('http server', () => app.close());
  return {
    service,
    app,
    run: async (stop) => {
      const ending = new AbortController();
      const until = AbortSignal.any([stop, ending.signal]);
      const running = [service.run(until), ...(attached === undefined ? [] : [attached.run(until)])];
      // One that fails ends the others, so that partitions are handed over before the process exits.
      for (const one of running) one.catch(() => ending.abort());
      await Promise.allSettled(running);
      await Promise.all(running);
    },
  };
}

/** Exit code for settings and servers that are not as they must be: starting again will not help. */
const USED_WRONGLY = 2;

/** Variables that other commands read. */
const KNOWN = ['TOCSIN_DATA_DIR', 'TOCSIN_BENCH_CACHE'];

/** Runs a service until a signal. Answers the exit code: 0 stopped, 1 failed, 2 cannot be started like this. */
export async function startService<Own>(
  definition: ServiceDefinition<Own>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const read = readEnv(serviceSettings.extend(definition.settings.shape), env, KNOWN);
  if (!read.ok) {
    process.stderr.write(`${read.problems.join('\n')}\n`);
    return USED_WRONGLY;
  }
  // The two schemas were put together above.
  const settings = read.value as ServiceSettings & Own;
  const problems = contradictions(settings);
  if (problems.length > 0) {
    process.stderr.write(`${problems.join('\n')}\n`);
    return USED_WRONGLY;
  }
  const log = createLogger(settings.TOCSIN_LOG_LEVEL);
  const stop = listenForStop(log);
  let opened: Attempt;
  try {
    opened = await openWhenServersAnswer({
      name: definition.name,
      group: namesOf(settings).group(definition.name),
      host: settings.TOCSIN_HOST,
      port: settings.TOCSIN_PORT,
      log,
      stop: stop.signal,
      open: () => attempt(definition, settings, log),
    });
  } catch (error) {
    stop.release();
    if (error instanceof StoppedWaiting) return 0;
    process.stderr.write(`${definition.name}: ${error instanceof Error ? error.message : String(error)}\n`);
    const wrong =
      error instanceof BrokerNotSupported ||
      error instanceof BrokerNotTrusted ||
      error instanceof LoginRefused ||
      error instanceof SchemasNotRegistered ||
      error instanceof WrongDatabase ||
      isBroken(error);
    return wrong ? USED_WRONGLY : 1;
  }
  const { service, lifecycle } = opened;
  const work = async (until: AbortSignal): Promise<void> => {
    const url = await service.app.listen({ host: settings.TOCSIN_HOST, port: settings.TOCSIN_PORT });
    log.info({ service: definition.name, url }, 'started');
    await service.run(until);
  };
  return runUntilStopped(lifecycle, log, work, stop);
}

interface Attempt {
  readonly service: OpenService;
  readonly lifecycle: Lifecycle;
}

/** One try to open the service. One that fails leaves nothing open. */
async function attempt<Own>(
  definition: ServiceDefinition<Own>,
  settings: ServiceSettings & Own,
  log: Logger,
): Promise<Attempt> {
  const lifecycle = new Lifecycle();
  const context = { settings, clock: systemClock, log, registry: createRegistry(), lifecycle };
  try {
    return { service: await openService(definition, context), lifecycle };
  } catch (error) {
    await lifecycle.close(CLOSE_ATTEMPT_WITHIN_MS);
    throw error;
  }
}

const CLOSE_ATTEMPT_WITHIN_MS = 1_000;

/** What ops people wrote cannot be used. */
export class RulesUnusable extends Error {
  override readonly name = 'RulesUnusable';
}

const isBroken = (error: unknown): boolean => error instanceof RulesUnusable;
