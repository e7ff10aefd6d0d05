import type { Registry } from 'prom-client';
import type { Logger } from '../logging/logger.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import { exportHeaders, sampledRatio, type TracingSettings, tracesUrl } from './settings.ts';
import type { Tracing } from './tracing.ts';

export interface TracingParts {
  /** Whose spans they are, for example `tocsin-scoring`. */
  readonly service: string;
  readonly settings: TracingSettings;
  readonly registry: Registry;
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
}

/** Tracing as the settings say. Where they name no collector, nothing of OpenTelemetry is even loaded. */
export async function openTracing({ settings, ...parts }: TracingParts): Promise<Tracing | undefined> {
  const url = tracesUrl(settings);
  if (url === undefined) return undefined;
  const { openOtlpTracing } = await import('./tracing.otlp.ts');
  return openOtlpTracing({ ...parts, url, ratio: sampledRatio(settings), headers: exportHeaders(settings) });
}
