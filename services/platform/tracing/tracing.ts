import { AsyncLocalStorage } from 'node:async_hooks';
import { createTraceState } from '@opentelemetry/api';

/**
 * Which trace something belongs to, and below which span: a W3C `traceparent`; behind a blank the `tracestate` that
 * came with it, in which the sender's tracing systems keep what is theirs.
 */
export type TraceContext = string;

/** The names of the headers that carry its two parts, of HTTP requests and of records. */
export const TRACE_HEADERS = { parent: 'traceparent', state: 'tracestate' } as const;

/**
 * Traces, as far as the pipeline knows of them.
 *
 * Promises: `begin` and `end` never throw and never wait; what becomes of spans is no business of whoever begins them.
 * Names and attributes hold what operators know (topics, processes, reasons of closed lists), never who a customer is
 * or what somebody said.
 */
export interface Tracing {
  /** Begins a span below `parent`. Without one it begins a trace, of which the sampler may want nothing. */
  begin(name: string, parent: TraceContext | undefined, options?: SpanOptions): Span;
}

export interface SpanOptions {
  /** Who waits for whom: an answer is asked for (`client`) or given (`server`), or a record is worked off. */
  readonly kind?: 'server' | 'client' | 'consumer';
  /** When it began, epoch ms. Default: now. */
  readonly at?: number;
}

export interface Span {
  /** What comes of this work carries it on. */
  readonly context: TraceContext | undefined;
  /** False: nobody will see it, so its attributes need not be found out. */
  readonly recorded: boolean;
  end(attributes?: SpanAttributes, options?: SpanEnd): void;
}

export type SpanAttributes = Readonly<Record<string, string | number>>;

export interface SpanEnd {
  /** Why the work failed: a word of a closed list. */
  readonly failed?: string | undefined;
  /** When it ended, epoch ms. Default: now. */
  readonly at?: number;
}

/** Traces nothing. A trace that others have begun is carried on. */
export const untraced: Tracing = {
  begin: (_, parent) => ({ context: parent, recorded: false, end: () => undefined }),
};

/**
 * What somebody sent in the two headers; nothing when the first is no `traceparent`. A `tracestate` that is none is
 * left out. Senders may write anything into their headers.
 */
export function traceContext(parent: unknown, state: unknown): TraceContext | undefined {
  if (typeof parent !== 'string' || !TRACEPARENT.test(parent)) return undefined;
  const kept = typeof state === 'string' ? createTraceState(state).serialize() : '';
  return kept === '' ? parent : `${parent} ${kept}`;
}

/** The two headers again; the second may be empty. */
export function traceHeaders(context: TraceContext): readonly [parent: string, state: string] {
  return [context.slice(0, PARENT_LENGTH), context.slice(PARENT_LENGTH + 1)];
}

const PARENT_LENGTH = 55;

/** Version 0, trace, span, flags. A trace or a span of zeros means that there is none. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Callbacks have no argument for it, hence the one thing here that a whole process shares. */
const active = new AsyncLocalStorage<TraceContext>();

/** Does work, and whatever it waits for, as a part of a trace. */
export const inTrace = <T>(context: TraceContext, work: () => T): T => active.run(context, work);

/** The trace that the present work is a part of. */
export const activeTrace = (): TraceContext | undefined => active.getStore();
