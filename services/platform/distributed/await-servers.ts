import type { FastifyInstance } from 'fastify';
import manifest from '../../../package.json' with { type: 'json' };
import { StorageUnavailable } from '../event-log/event-log.ts';
import { RegistryRefusesLogin } from '../event-log/schemas.registry.ts';
import { isOfKafka } from '../event-log/unavailable.kafka.ts';
import { createServer } from '../http/server.ts';
import type { Logger } from '../logging/logger.ts';
import { registerBuildInfo } from '../metrics/build-info.ts';
import { createKafkaMetrics } from '../metrics/kafka-metrics.ts';
import { createRegistry } from '../metrics/registry.ts';
import { pause } from '../time/rest.ts';

export interface WaitingService<T> {
  readonly name: string;
  /** The consumer group, as metrics name it. */
  readonly group: string;
  readonly host: string;
  readonly port: number;
  readonly log: Logger;
  /** Ends the wait. */
  readonly stop: AbortSignal;
  /** Connects to brokers, registry and database. What a try that fails has opened, it closes. */
  open(): Promise<T>;
  /** Default: `WAIT_AT_MOST_MS`. */
  readonly waitAtMostMs?: number;
}

/** A restart of all servers takes less. What does not answer for longer is no longer just about to: the orchestrator shall say so. */
export const WAIT_AT_MOST_MS = 10 * 60_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 10_000;

/**
 * Opens a service, and waits for servers that do not answer yet: a log line for each try, `/readyz` and
 * `tocsin_kafka_consumer_running` say so, and whoever asks for anything else hears 503 in words. Rejects at once for what
 * waiting does not mend, after `waitAtMostMs` with what the last try met, and with `StoppedWaiting` when it is to stop.
 */
export async function openWhenServersAnswer<T>(service: WaitingService<T>): Promise<T> {
  const { name, log, open, stop, waitAtMostMs = WAIT_AT_MOST_MS } = service;
  const until = performance.now() + waitAtMostMs;
  let reason = '';
  let room: FastifyInstance | undefined;
  try {
    for (let retryInMs = FIRST_RETRY_MS; ; retryInMs = Math.min(LAST_RETRY_MS, retryInMs * 2)) {
      try {
        return await open();
      } catch (error) {
        if (!mayPass(error) || performance.now() + retryInMs > until) throw error;
        reason = error.message;
        log.warn({ service: name, reason, retryInMs }, 'waiting for servers that do not answer');
        room ??= await openWaitingRoom(service, () => reason);
        await pause(retryInMs, stop);
        if (stop.aborted) throw new StoppedWaiting();
      }
    }
  } finally {
    await room?.close();
  }
}

/** The process was told to stop before its servers answered. */
export class StoppedWaiting extends Error {
  override readonly name = 'StoppedWaiting';
}

/** Trouble of servers, and not of settings. */
const mayPass = (error: unknown): error is Error =>
  isOfKafka(error) || (error instanceof StorageUnavailable && !(error instanceof RegistryRefusesLogin));

/** Stands where the service will: nothing is taken, and everybody is told why. */
async function openWaitingRoom(
  { name, group, host, port, log }: Omit<WaitingService<unknown>, 'open' | 'stop'>,
  reason: () => string,
): Promise<FastifyInstance> {
  const registry = createRegistry();
  registerBuildInfo(registry, manifest.version);
  createKafkaMetrics(registry, name, group);
  const room = createServer({ registry, log, notReady: () => `waiting for servers: ${reason()}` });
  room.addHook('onRequest', async ({ url }) => {
    if (OPEN_MEANWHILE.has(url.split('?')[0] ?? url)) return;
    throw new StorageUnavailable('closed', `${name} waits for its servers and takes nothing yet: try again.`);
  });
  await room.listen({ host, port });
  return room;
}

const OPEN_MEANWHILE = new Set(['/healthz', '/readyz', '/metrics']);
