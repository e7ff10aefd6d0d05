import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { NO_OWN_VOICES } from '../../ingestion/domain/ignore.ts';
import type { Channel, Channels } from '../../notification/ports.ts';
import { silentLogger } from '../../platform/logging/logger.ts';
import { createRegistry } from '../../platform/metrics/registry.ts';
import { CLOSE_WITHIN_MS, Lifecycle } from '../../platform/process/lifecycle.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Tracing } from '../../platform/tracing/tracing.ts';
import { openPipeline, type Pipeline } from '../pipeline.ts';
import type { RulesFolder } from '../rules-folder.ts';

interface QuietOptions {
  readonly dir: string;
  /** Folder under `dir`, created. */
  readonly name: string;
  readonly rules: RulesFolder;
  readonly clock: Clock;
  readonly onDelivery: (alertKey: string) => void;
  readonly tracing?: Tracing | undefined;
}

/** The real pipeline, but for its channels: they take everything at once, and tell when. */
export function openQuietPipeline({ dir, name, rules, clock, onDelivery, tracing }: QuietOptions): {
  readonly pipeline: Pipeline;
  close(): Promise<void>;
} {
  const lifecycle = new Lifecycle();
  const pipeline = openPipeline({
    folder: emptyFolder(dir, name),
    rules,
    clock,
    log: silentLogger,
    registry: createRegistry(),
    lifecycle,
    own: NO_OWN_VOICES,
    publicUrl: 'http://127.0.0.1:8080',
    channels: () => instantChannels(onDelivery),
    tracing,
  });
  return { pipeline, close: async () => void (await lifecycle.close(CLOSE_WITHIN_MS)) };
}

function instantChannels(onDelivery: (alertKey: string) => void): Channels {
  let count = 0;
  const channel: Channel = {
    pacing: 'none',
    deliver: async (order) => {
      onDelivery(order.alertKey);
      return { type: 'accepted', ref: { address: order.address, id: `m${count++}` } };
    },
    find: async () => undefined,
  };
  return { slack: channel, email: channel };
}

export function emptyFolder(dir: string, name: string): string {
  const path = join(dir, name);
  mkdirSync(path, { recursive: true });
  return path;
}
