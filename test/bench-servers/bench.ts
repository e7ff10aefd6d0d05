import { chmodSync, rmSync } from 'node:fs';
import { makeBenchFolder } from '../../services/cli/bench-folder.ts';
import { type KafkaCluster, startKafka } from './kafka.ts';
import { type PostgresServer, startPostgres } from './postgres.ts';
import { type RegistryServer, startRegistry } from './registry.ts';

/** Real servers on free ports in a temporary folder. */
export interface Bench {
  readonly kafka: KafkaCluster;
  readonly registry: RegistryServer;
  readonly postgres: PostgresServer;
  /** Where they keep what they have. */
  readonly folder: string;
  /** Stops what was started and removes the folder. */
  stop(): Promise<void>;
}

/** Starts everything that the distributed mode stands on; throws `BenchIncomplete` when a part is missing. */
export async function startBench(options: { readonly brokers?: 1 | 3 } = {}): Promise<Bench> {
  const folder = makeBenchFolder();
  // The database runs as another user, who must reach his part of the folder.
  chmodSync(folder, 0o755);
  const started: { stop(): Promise<void> }[] = [];
  const keep = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const server = await starting;
    started.push(server);
    return server;
  };
  const stop = async (): Promise<void> => {
    await Promise.allSettled(started.map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
  const results = await Promise.allSettled([
    keep(startKafka(folder, options.brokers ?? 1)),
    keep(startRegistry(folder)),
    keep(startPostgres(folder)),
  ]);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  const [kafka, registry, postgres] = results;
  if (kafka.status !== 'fulfilled' || registry.status !== 'fulfilled' || postgres.status !== 'fulfilled') {
    throw new Error('unreachable: a failed start was thrown above');
  }
  return { kafka: kafka.value, registry: registry.value, postgres: postgres.value, folder, stop };
}
