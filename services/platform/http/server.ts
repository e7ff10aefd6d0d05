import { type FastifyError, type FastifyInstance, fastify } from 'fastify';
import type { Registry } from 'prom-client';
import { StorageUnavailable } from '../event-log/event-log.ts';
import type { Logger } from '../logging/logger.ts';
import { describeError } from '../process/run-process.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { sendProblem } from './problem.ts';
import { traceRequests } from './trace-requests.ts';

export interface ServerOptions {
  readonly registry: Registry;
  readonly log: Logger;
  /** Why the process cannot do its work now; nothing when it can. Tied to progress, not to being up. */
  readonly notReady: () => string | undefined;
  /** Host names under which the server may be asked; others are refused. Nothing: any. */
  readonly hosts?: readonly string[];
  /** Default: requests are not traced. */
  readonly tracing?: Tracing | undefined;
}

/** Largest request body. A batch of 500 records of 16 KiB fits. */
const BODY_LIMIT_BYTES = 8 * 1024 * 1024;

/**
 * An HTTP server with what every process has: `/metrics`, `/healthz`, `/readyz`, and errors as problem
 * details (RFC 9457) that never show a stack trace.
 */
export function createServer(options: ServerOptions): FastifyInstance {
  const app = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 1000 },
    logger: false,
  });
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const status = statusOf(error);
    if (status >= 500) {
      options.log.error(
        { method: request.method, path: request.routeOptions.url, error: describeError(error) },
        'request failed',
      );
    }
    if (status === 503) void reply.header('retry-after', '5');
    const detail =
      status === 500 ? 'Something went wrong here; the log of the service says what.' : error.message;
    return sendProblem(reply, { status, detail });
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, {
      status: 404,
      detail: `There is nothing at ${request.method} ${request.url.split('?')[0]}.`,
    }),
  );
  traceRequests(app, options.tracing);
  refuseOtherHosts(app, options.hosts);
  app.get('/metrics', async (_, reply) => {
    const text = await options.registry.metrics();
    return reply.type(options.registry.contentType).send(text);
  });
  app.get('/healthz', async () => ({ status: 'up' }));
  app.get('/readyz', async (_, reply) => {
    const reason = options.notReady();
    return reason === undefined ? { status: 'ready' } : reply.code(503).send({ status: 'not_ready', reason });
  });
  return app;
}

/** A page of another site that makes its own name point here must not be able to use the API. */
function refuseOtherHosts(app: FastifyInstance, hosts: readonly string[] | undefined): void {
  if (hosts === undefined) return;
  app.addHook('onRequest', async (request, reply) => {
    if (hosts.includes(request.hostname.toLowerCase())) return;
    const detail = `Asked as "${request.hostname}"; this server answers as ${hosts.join(', ')}.`;
    await sendProblem(reply, { status: 421, detail });
  });
}

const statusOf = (error: FastifyError): number =>
  error instanceof StorageUnavailable
    ? 503
    : error.statusCode !== undefined && error.statusCode >= 400
      ? error.statusCode
      : 500;
