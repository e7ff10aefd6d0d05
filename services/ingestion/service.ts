import type { Registry } from 'prom-client';
import type { EventLog } from '../platform/event-log/event-log.ts';
import type { KeyedProcess } from '../platform/keyed-process/keyed-process.ts';
import type { Clock } from '../platform/time/clock.ts';
import { accessOf, type IngestionConfig, ownVoicesOf } from './config.ts';
import { identityProcess } from './domain/identity-process.ts';
import { ingestionProcess } from './domain/ingestion-process.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { createIngestionMetrics, type IngestionMetrics } from './metrics.ts';
import type { Access } from './ports.ts';

export interface IngestionDeps {
  readonly log: Pick<EventLog, 'publish'>;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly config: IngestionConfig;
}

export interface Ingestion {
  /** `ingestion` (records to signals), then `identity` (whose words an identity's words are). */
  readonly processes: readonly KeyedProcess<unknown>[];
  readonly metrics: IngestionMetrics;
  readonly gateway: Gateway;
  /** All that the HTTP routes need: pass it to `registerGateway`. */
  readonly routes: {
    readonly gateway: Gateway;
    readonly clock: Clock;
    readonly metrics: IngestionMetrics;
    readonly access: Access;
  };
}

/** Puts ingestion together; whoever calls runs the processes and serves the routes. */
export function createIngestion({ log, clock, registry, config }: IngestionDeps): Ingestion {
  const own = ownVoicesOf(config);
  const metrics = createIngestionMetrics(registry);
  const gateway = createGateway({ log, clock, metrics, own });
  return {
    processes: [ingestionProcess(own), identityProcess],
    metrics,
    gateway,
    routes: { gateway, clock, metrics, access: accessOf(config) },
  };
}
