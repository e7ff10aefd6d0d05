import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  inTrace,
  type Span,
  TRACE_HEADERS,
  type Tracing,
  traceContext,
  untraced,
} from '../tracing/tracing.ts';

/** Asked every few seconds by machines; nobody wants to see that. */
const NOT_TRACED = ['/metrics', '/healthz', '/readyz'];

/** A span for each request; what is published while it is answered belongs to its trace, or to that of the sender. */
export function traceRequests(app: FastifyInstance, tracing: Tracing = untraced): void {
  const spans = new WeakMap<FastifyRequest, Span>();
  app.addHook('onRequest', (request, _, done) => {
    const { url: route = 'no route' } = request.routeOptions;
    if (!NOT_TRACED.includes(route)) {
      const { headers } = request;
      const parent = traceContext(headers[TRACE_HEADERS.parent], headers[TRACE_HEADERS.state]);
      spans.set(request, tracing.begin(`${request.method} ${route}`, parent, { kind: 'server' }));
    }
    done();
  });
  // Only here: reading the body begins a new chain of callbacks.
  app.addHook('preValidation', (request, _, done) => {
    const context = spans.get(request)?.context;
    if (context === undefined) done();
    else inTrace(context, done);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { statusCode } = reply;
    spans.get(request)?.end(
      {
        'http.request.method': request.method,
        'http.route': request.routeOptions.url ?? '',
        'http.response.status_code': statusCode,
      },
      { failed: statusCode >= 500 ? String(statusCode) : undefined },
    );
    done();
  });
}
