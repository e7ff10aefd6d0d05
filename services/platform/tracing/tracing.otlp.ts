import { hostname } from 'node:os';
import {
  type Attributes,
  createTraceState,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Registry } from 'prom-client';
import manifest from '../../../package.json' with { type: 'json' };
import type { Logger } from '../logging/logger.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import { type SpanFate, watchSpans } from './span-watch.ts';
import {
  type Span,
  type SpanEnd,
  type SpanOptions,
  type TraceContext,
  type Tracing,
  traceHeaders,
} from './tracing.ts';

export interface OtlpTracingOptions {
  readonly service: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The part of new traces that is kept, 0 to 1. */
  readonly ratio: number;
  readonly registry: Registry;
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
}

/** Spans that wait for the collector, about 1 KiB each; more are dropped. */
const WAITING_AT_MOST = 8_192;
const TOGETHER = 512;
const SEND_EVERY_MS = 1_000;
/** Whatever the collector does, nobody waits for it for longer. Repeats within this time are the exporter's. */
const ANSWER_WITHIN_MS = 5_000;
/** What waits at the end is sent if that goes quickly. */
const CLOSE_WITHIN_MS = 1_000;

/** Tracing by OpenTelemetry: spans are collected and sent in the background, as JSON, to an OTLP collector. */
export function openOtlpTracing(options: OtlpTracingOptions): Tracing {
  const { service, url, headers, ratio, registry, log, lifecycle } = options;
  const told = watchSpans(registry, log, url);
  const exporter = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: ANSWER_WITHIN_MS });
  const provider = new TracerProvider({
    // What the environment says of the resource goes before what we say.
    resource: defaultResource()
      .merge(
        resourceFromAttributes({
          'service.name': service,
          'service.version': manifest.version,
          'service.instance.id': `${hostname()}/${process.pid}`,
        }),
      )
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [counted(exporter, told)],
  });
  lifecycle.onClose('traces', () => closeInTime(provider));
  const tracer = provider.getTracer('tocsin', manifest.version);
  return {
    begin: (name, parent, { kind, at }: SpanOptions = {}) => {
      const span = tracer.startSpan(
        name,
        {
          kind: kind === undefined ? SpanKind.INTERNAL : KINDS[kind],
          ...(at === undefined ? {} : { startTime: at }),
        },
        parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContextOf(parent)),
      );
      return {
        context: contextOf(span.spanContext()),
        recorded: span.isRecording(),
        end: (attributes?: Attributes, { failed, at: endedAt }: SpanEnd = {}) => {
          if (attributes !== undefined) span.setAttributes(attributes);
          if (failed !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failed });
          span.end(endedAt);
        },
      } satisfies Span;
    },
  };
}

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT, consumer: SpanKind.CONSUMER } as const;

/** `00-<trace>-<span>-<flags>`, as `traceContext` lets through. */
function spanContextOf(context: TraceContext): SpanContext {
  const [parent, state] = traceHeaders(context);
  return {
    traceId: parent.slice(3, 35),
    spanId: parent.slice(36, 52),
    traceFlags: Number.parseInt(parent.slice(53), 16),
    isRemote: true,
    ...(state === '' ? {} : { traceState: createTraceState(state) }),
  };
}

function contextOf({ traceId, spanId, traceFlags, traceState }: SpanContext): TraceContext {
  const parent = `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED) === 0 ? '00' : '01'}`;
  return traceState === undefined ? parent : `${parent} ${traceState.serialize()}`;
}

/** Batches spans; says of each what became of it. The library itself drops without a word that could be counted. */
function counted(
  exporter: SpanExporter,
  told: (fate: SpanFate, count: number, error?: Error) => void,
): SpanProcessor {
  let waiting = 0;
  const batches = new BatchSpanProcessor({
    exporter: {
      export: (spans, done) => {
        waiting -= spans.length;
        exporter.export(spans, (result) => {
          told(result.code === SUCCESS ? 'delivered' : 'not_delivered', spans.length, result.error);
          done(result);
        });
      },
      shutdown: () => exporter.shutdown(),
    },
    maxQueueSize: WAITING_AT_MOST,
    maxExportBatchSize: TOGETHER,
    scheduledDelayMillis: SEND_EVERY_MS,
    // The exporter always answers before.
    exportTimeoutMillis: 2 * ANSWER_WITHIN_MS,
  });
  return {
    onStart: () => undefined,
    onEnd: (span) => {
      if (waiting >= WAITING_AT_MOST) return told('queue_full', 1);
      waiting += 1;
      batches.onEnd(span);
    },
    forceFlush: () => batches.forceFlush(),
    shutdown: () => batches.shutdown(),
  };
}

/** `ExportResultCode.SUCCESS` of a package that we have no other use for. */
const SUCCESS = 0;

/** A collector that does not answer must not make the end of the process a failed one. */
async function closeInTime(provider: TracerProvider): Promise<void> {
  let timeout: NodeJS.Timeout | undefined;
  const inTime = new Promise<void>((resolve) => {
    timeout = setTimeout(resolve, CLOSE_WITHIN_MS);
  });
  await Promise.race([provider.shutdown().catch(() => undefined), inTime]);
  clearTimeout(timeout);
}
