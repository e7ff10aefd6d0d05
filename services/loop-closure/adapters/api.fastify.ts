import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Actor } from '../../contracts/alert.ts';
import { type ApiPart, serveOpenApi } from '../../platform/http/openapi.ts';
import { type ProblemParts, sendProblem } from '../../platform/http/problem.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { type FieldProblem, VERBS, type Verb } from '../domain/command.ts';
import { type AlertDesk, KPI_SPAN_MS, type OrderResult } from '../service.ts';
import {
  presentCustomer,
  presentDetail,
  presentEvent,
  presentHeld,
  presentHold,
  presentKpis,
  presentRecorded,
  presentSummary,
} from './answers.ts';
import { definite } from './definite.ts';
import {
  AlertsQuery,
  API_INFO,
  AuditQuery,
  HeldQuery,
  HoldsQuery,
  KEY_LENGTH,
  KpisQuery,
  LOOP_CLOSURE_API,
} from './openapi.ts';
import { problemOfError } from './problem.ts';
import { isSameOrigin } from './same-origin.ts';

export interface ApiDeps {
  readonly desk: AlertDesk;
  readonly clock: Clock;
  /** The ledger as a JSON value. */
  readonly ledger: () => Promise<unknown>;
  readonly version: string;
  /** What else this server can be asked. */
  readonly others: readonly ApiPart[];
  /** Who makes the request, where it is known. Wins over what the body says. */
  readonly identify?: (request: FastifyRequest) => Actor | undefined;
}

/**
 * The REST API under `/v1` and its description at `/openapi.json`.
 *
 * An order is answered when the pipeline has obeyed or refused it, or with 202 when that takes too long; it is
 * stored in both cases. Orders from pages of other sites are refused.
 */
export const registerApi = (app: FastifyInstance, deps: ApiDeps): void => {
  void app.register(async (scope) => {
    scope.setErrorHandler(answerError);
    for (const verb of VERBS) registerVerb(scope, deps, verb);
    registerAlerts(scope, deps);
    registerRecorded(scope, deps);
    registerReports(scope, deps);
    serveOpenApi(scope, { ...API_INFO, version: deps.version }, [LOOP_CLOSURE_API, ...deps.others]);
  });
};

const Id = z.object({ id: z.string().min(1).max(1000) });

const registerVerb = (app: FastifyInstance, deps: ApiDeps, verb: Verb): void => {
  app.post(`/v1/alerts/:id/${verb}`, async (request, reply) => {
    if (!isSameOrigin(request)) return sendProblem(reply, CROSS_SITE);
    const clientId = request.headers['idempotency-key'];
    if (typeof clientId === 'string' && (clientId === '' || clientId.length > KEY_LENGTH)) {
      return sendProblem(reply, badKey(clientId));
    }
    const result = await deps.desk.order({
      alert: Id.parse(request.params).id,
      verb,
      body: request.body ?? {},
      by: actorOf(deps, request),
      via: viaOf(request.headers['tocsin-via']),
      ...(typeof clientId === 'string' ? { clientId } : {}),
    });
    return answerOrder(reply, result, deps.clock.now());
  });
};

/** Our own programs say from where an order comes; whoever says nothing uses the API. */
const viaOf = (said: string | string[] | undefined): 'cli' | 'slack' | 'email' | 'api' =>
  said === 'cli' || said === 'slack' || said === 'email' ? said : 'api';

/** Without access control people name themselves; an order without a name is still an order, and audited so. */
const actorOf = (deps: ApiDeps, request: FastifyRequest): Actor => {
  const known = deps.identify?.(request);
  if (known !== undefined) return known;
  const said = z.object({ by: z.string().trim().min(1).max(200) }).safeParse(request.body);
  return { kind: 'person', id: said.success ? said.data.by : 'unnamed' };
};

const answerOrder = (reply: FastifyReply, result: OrderResult, now: number): FastifyReply => {
  switch (result.type) {
    case 'done':
      if (result.repeated === true) reply.header('idempotency-replayed', 'true');
      return reply.send(presentSummary(result.row, now));
    case 'pending': {
      const words = 'Stored and sure to be obeyed, but its effect is not seen yet. Ask for the alert again.';
      const alert = presentSummary(result.row, now);
      return reply.code(202).send({ commandId: result.commandId, words, alert });
    }
    case 'refused': {
      const { refusal, words } = result;
      return sendProblem(reply, { status: 409, code: refusal, title: 'Refused', detail: words });
    }
    case 'invalid':
      return sendProblem(reply, invalid(422, result.problems));
    default:
      return sendProblem(reply, notOne(result));
  }
};

/** The problem when a name means no alert, or several. */
export const notOne = (found: Extract<OrderResult, { type: 'unknown' | 'ambiguous' }>): ProblemParts => {
  if (found.type === 'unknown') {
    const detail = 'No alert has this id, label or alert key. GET /v1/alerts lists them.';
    return { status: 404, code: 'alert_unknown', title: 'No such alert', detail };
  }
  const candidates = found.candidates.map(({ alertId }) => alertId);
  const detail = 'Several alerts have this label. Use the alert id.';
  return { status: 409, code: 'alert_ambiguous', title: 'Several alerts', detail, candidates };
};

const registerAlerts = (app: FastifyInstance, { desk, clock }: ApiDeps): void => {
  app.get('/v1/alerts', async (request, reply) => {
    const query = AlertsQuery.safeParse(request.query);
    if (!query.success) return sendProblem(reply, unreadable(query.error));
    const { limit, cursor, overdue, ...wanted } = query.data;
    const now = clock.now();
    const filter = { ...definite(wanted), ...(overdue === 'true' ? { overdueAt: now } : {}) };
    const page = await desk.queries.alerts(filter, limit, cursor);
    const alerts = page.rows.map((row) => presentSummary(row, now));
    return reply.send({ alerts, ...nextPart(page) });
  });

  app.get('/v1/alerts/:id', async (request, reply) => {
    const found = await desk.alert(Id.parse(request.params).id);
    if (found.type !== 'found') return sendProblem(reply, notOne(found));
    return reply.send(presentDetail(found.file, clock.now()));
  });

  app.get('/v1/customers/:id', async (request, reply) => {
    const customer = await desk.customer(Id.parse(request.params).id);
    if (customer !== undefined) return reply.send(presentCustomer(customer, clock.now()));
    const detail = 'Nothing was ever heard of a customer with this id.';
    return sendProblem(reply, { status: 404, code: 'customer_unknown', title: 'No such customer', detail });
  });
};

const registerRecorded = (app: FastifyInstance, { desk }: ApiDeps): void => {
  app.get('/v1/customers/:id/recorded', async (request, reply) =>
    reply.send(presentRecorded(await desk.recorded(Id.parse(request.params).id))),
  );
};

const registerReports = (app: FastifyInstance, { desk, clock, ledger }: ApiDeps): void => {
  app.get('/v1/kpis', async (request, reply) => {
    const query = KpisQuery.safeParse(request.query);
    if (!query.success) return sendProblem(reply, unreadable(query.error));
    // The end is not included, so "until now" ends one millisecond later.
    const to = query.data.to === undefined ? clock.now() + 1 : Date.parse(query.data.to);
    const from = query.data.from === undefined ? to - KPI_SPAN_MS : Date.parse(query.data.from);
    return reply.send(presentKpis(await desk.kpis(from, to), from, to));
  });

  app.get('/v1/audit', async (request, reply) => {
    const query = AuditQuery.safeParse(request.query);
    if (!query.success) return sendProblem(reply, unreadable(query.error));
    const { alert, actor, limit, cursor } = query.data;
    const page = await desk.queries.audit(definite({ alertKey: alert, actor }), limit, cursor);
    return reply.send({ events: page.rows.map(presentEvent), ...nextPart(page) });
  });

  app.get('/v1/held', async (request, reply) => {
    const query = HeldQuery.safeParse(request.query);
    if (!query.success) return sendProblem(reply, unreadable(query.error));
    const page = await desk.queries.held(query.data.limit, query.data.cursor);
    return reply.send({ held: page.rows.map(presentHeld), ...nextPart(page) });
  });

  app.get('/v1/contact-holds', async (request, reply) => {
    const query = HoldsQuery.safeParse(request.query);
    if (!query.success) return sendProblem(reply, unreadable(query.error));
    const { customer, limit, cursor } = query.data;
    const page = await desk.queries.alerts(definite({ status: 'unfinished', customer }), limit, cursor);
    return reply.send({ holds: page.rows.map(presentHold), ...nextPart(page) });
  });

  app.get('/v1/ledger', async () => ledger());
};

const answerError = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  const { retryAfterSeconds, ...problem } = problemOfError(error);
  if (problem.status >= 500)
    request.log.error({ err: error, route: request.routeOptions.url }, 'request failed');
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
  return sendProblem(reply, problem);
};

const CROSS_SITE: ProblemParts = {
  status: 403,
  code: 'cross_site',
  title: 'Request from another site',
  detail: 'A page of another site asked for this. Orders are taken from our own page and from programs.',
};

const badKey = (key: string): ProblemParts => ({
  status: 422,
  code: 'bad_idempotency_key',
  title: 'Bad Idempotency-Key',
  detail: `Idempotency-Key: got ${key.length} characters, expected 1 to ${KEY_LENGTH}.`,
});

const invalid = (status: number, errors: readonly FieldProblem[]): ProblemParts => ({
  status,
  code: 'invalid',
  title: status === 400 ? 'The query cannot be read' : 'A field is missing or wrong',
  detail: errors.map(({ field, message }) => `${field}: ${message}`).join('; '),
  errors,
});

const unreadable = (error: z.ZodError): ProblemParts =>
  invalid(
    400,
    error.issues.map((issue) => ({
      field: issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : issue.path.join('.'),
      message: issue.message,
    })),
  );

const nextPart = ({ next }: { readonly next?: string }) => (next === undefined ? {} : { next });
