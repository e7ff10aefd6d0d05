import { AsyncLocalStorage } from 'node:async_hooks';

/** Which trace something belongs to, and below which span: a W3C `traceparent`. */
export type TraceContext = string;

/** The name of the header that carries it, of HTTP requests and of records. */
export const TRACE_HEADER = 'traceparent';

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

/** A `traceparent` that somebody sent; nothing when it is none. Senders may write anything into their headers. */
export const traceContext = (header: unknown): TraceContext | undefined =>
  typeof header === 'string' && TRACEPARENT.test(header) ? header : undefined;

/** Version 0, trace, span, flags. A trace or a span of zeros means that there is none. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Callbacks have no argument for it, hence the one thing here that a whole process shares. */
const active = new AsyncLocalStorage<TraceContext>();

/** Does work, and whatever it waits for, as a part of a trace. */
export const inTrace = <T>(context: TraceContext, work: () => T): T => active.run(context, work);

/** The trace that the present work is a part of. */
export const activeTrace = (): TraceContext | undefined => active.getStore();
