import type { TestProject } from 'vitest/node';
import { startBench } from '../../bench-servers/bench.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly kafkaBrokers: string;
    readonly registryUrl: string;
    readonly postgresUrl: string;
  }
}

/** One set of servers for all files; each test takes names of its own on them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const bench = await startBench();
  project.provide('kafkaBrokers', bench.kafka.brokers);
  project.provide('registryUrl', bench.registry.url);
  project.provide('postgresUrl', bench.postgres.url);
  return () => bench.stop();
}
