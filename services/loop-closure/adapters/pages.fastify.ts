import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Actor } from '../../contracts/alert.ts';
import { subjectInWords } from '../../contracts/identity.ts';
import { takeForms } from '../../platform/http/forms.ts';
import { type Html, html } from '../../platform/text/html.ts';
import { type Clock, DAY } from '../../platform/time/clock.ts';
import type { Names } from '../../settings/names.ts';
import { VERBS, type Verb } from '../domain/command.ts';
import {
  ALERTS_HEAD,
  AUDIT_HEAD,
  alertCells,
  auditCells,
  KEPT_HEAD,
  KPIS_HEAD,
  keptCells,
  kpiCells,
} from '../domain/tables.ts';
import { rfc3339 } from '../domain/words.ts';
import type { AlertFilter, BusinessClock, OperationsRoom } from '../ports.ts';
import type { AlertDesk, AlertFound, OrderResult } from '../service.ts';
import { definite } from './definite.ts';
import { AlertsQuery } from './openapi.ts';
import { registerOperationsPage } from './operations-page.fastify.ts';
import { contextOf, send, textQuery } from './page-answers.ts';
import { alertPage } from './pages/alert-page.ts';
import { customerPage } from './pages/customer-page.ts';
import { alertPath, type Notice, type PageContext } from './pages/layout.ts';
import { queuePage } from './pages/queue-page.ts';
import { auditPage, heldPage, kpiPage, messagePage } from './pages/report-pages.ts';
import { actorOf, registerMe, rememberPerson } from './person.fastify.ts';
import { problemOfError } from './problem.ts';
import { isSameOrigin } from './same-origin.ts';
import { everyRow, sendTable } from './tables.fastify.ts';

export interface PagesDeps {
  readonly desk: AlertDesk;
  readonly clock: Clock;
  readonly business: BusinessClock;
  readonly names: Names;
  readonly operations: OperationsRoom;
  /** Address of the sandbox page, where there is one. */
  readonly sandbox?: string;
  /** Who looks at the page, where it is known. Wins over the name that people gave themselves. */
  readonly identify?: (request: FastifyRequest) => Actor | undefined;
}

/** The pages for people: queue, alert, customer, KPIs, what was held back, audit, operations. They work without a script. */
export const registerPages = (app: FastifyInstance, deps: PagesDeps): void => {
  void app.register(async (scope) => {
    takeForms(scope);
    guard(scope);
    scope.setErrorHandler((error, request, reply) => answerError(deps, error, request, reply));
    registerAssets(scope);
    scope.get('/console/version', async (_request, reply) =>
      reply.type('text/plain').send(deps.desk.version()),
    );
    registerQueue(scope, deps);
    registerAlert(scope, deps);
    registerCustomer(scope, deps);
    registerReports(scope, deps);
    registerOperationsPage(scope, deps);
    registerMe(scope);
  });
};

/** Only our own script and style, nothing from elsewhere, nobody frames us, forms go to us. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'img-src data:',
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const guard = (app: FastifyInstance): void => {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    if (request.method === 'POST' && !isSameOrigin(request)) {
      return reply
        .code(403)
        .type('text/plain; charset=utf-8')
        .send('This form was sent by a page of another site.');
    }
    return undefined;
  });
};

const registerAssets = (app: FastifyInstance): void => {
  const assets = [
    ['console.css', 'text/css; charset=utf-8'],
    ['console.js', 'text/javascript; charset=utf-8'],
  ] as const;
  for (const [name, type] of assets) {
    const content = readFileSync(join(import.meta.dirname, 'assets', name));
    app.get(`/console/${name}`, async (_request, reply) =>
      reply.header('cache-control', 'no-cache').type(type).send(content),
    );
  }
};

/** Rows of one page of a list. */
const PAGE_ROWS = 100;

/** The filter of the queue, which shows unfinished alerts unless asked for others. */
const QueueFilter = AlertsQuery.omit({ limit: true, cursor: true, status: true }).extend({
  status: z.enum(['unfinished', 'open', 'acknowledged', 'snoozed', 'closed', 'all']).default('unfinished'),
});

const badFilterPage = (context: PageContext, error: z.ZodError): Html =>
  messagePage(
    context,
    'This filter cannot be read',
    html`<ul>${error.issues.map(({ path, message }) => html`<li>${path.join('.')}: ${message}</li>`)}</ul><p><a href="/">Show the queue</a></p>`,
  );

const registerQueue = (app: FastifyInstance, deps: PagesDeps): void => {
  const { desk, clock } = deps;
  app.get('/', async (request, reply) => {
    const query = textQuery(request);
    const now = clock.now();
    const filter = QueueFilter.safeParse(without(query, ['cursor']));
    if (!filter.success)
      return send(reply.code(400), badFilterPage(contextOf(deps, request, now), filter.error));
    const page = await desk.queries.alerts(wantedOf(filter.data, now), PAGE_ROWS, query.cursor);
    const isNew = page.rows.length === 0 && (await desk.queries.alerts({}, 1)).rows.length === 0;
    const origin = `${request.protocol}://${request.host}`;
    return send(
      reply,
      queuePage(contextOf(deps, request, now), { page, query: without(query, ['cursor']), isNew, origin }),
    );
  });
  app.get('/alerts.csv', async (request, reply) => {
    const now = clock.now();
    const filter = QueueFilter.safeParse(textQuery(request));
    if (!filter.success)
      return send(reply.code(400), badFilterPage(contextOf(deps, request, now), filter.error));
    const wanted = wantedOf(filter.data, now);
    const rows = everyRow((limit, cursor) => desk.queries.alerts(wanted, limit, cursor));
    return sendTable(
      reply,
      fileName('alerts', now),
      ALERTS_HEAD,
      mapped(rows, (row) => alertCells(row, now)),
    );
  });
};

const wantedOf = (
  { overdue, status, ...wanted }: z.output<typeof QueueFilter>,
  now: number,
): AlertFilter => ({
  ...definite(wanted),
  ...(status === 'all' ? {} : { status }),
  ...(overdue === 'true' ? { overdueAt: now } : {}),
});

/** `tocsin-alerts-2026-03-02.csv`. */
const fileName = (what: string, now: number): string => `tocsin-${what}-${rfc3339(now).slice(0, 10)}.csv`;

async function* mapped<From, To>(rows: AsyncIterable<From>, to: (row: From) => To): AsyncGenerator<To> {
  for await (const row of rows) yield to(row);
}

const registerAlert = (app: FastifyInstance, deps: PagesDeps): void => {
  app.get('/alerts/:id', async (request, reply) => {
    const { done } = textQuery(request);
    const verb = VERBS.find((known) => known === done);
    const notice: Notice | undefined =
      verb === undefined ? undefined : { kind: 'done', words: DONE_WORDS[verb] };
    return showAlert(deps, request, reply, notice);
  });
  for (const verb of VERBS) {
    app.post(`/alerts/:id/${verb}`, async (request, reply) => {
      rememberPerson(request, reply);
      const result = await deps.desk.order(orderOf(deps, request, verb));
      if (result.type === 'done') return reply.redirect(`${alertPath(result.row.alertId)}?done=${verb}`, 303);
      return showAlert(deps, request, reply.code(statusOf(result)), noticeOf(result));
    });
  }
};

const DONE_WORDS: Readonly<Record<Verb, string>> = {
  acknowledge: 'Acknowledged. Everybody can see that you have it.',
  contact: 'The contact is recorded.',
  snooze: 'Snoozed. It comes back by itself.',
  reassign: 'Reassigned. The new owner is told.',
  close: 'The loop is closed.',
};

const orderOf = (deps: PagesDeps, request: FastifyRequest, verb: Verb) => {
  const { orderId, person, ...fields } = Form.parse(request.body ?? {});
  return {
    alert: Id.parse(request.params).id,
    verb,
    body: bodyOf(fields),
    by: deps.identify?.(request) ?? actorOf(request),
    via: 'page' as const,
    ...(orderId === undefined ? {} : { clientId: orderId }),
  };
};

const Id = z.object({ id: z.string().min(1).max(1000) });
const Form = z.record(z.string(), z.string());

/** A form sends every field as text, and an empty field as an empty one. */
const bodyOf = (fields: Readonly<Record<string, string>>): Record<string, unknown> => {
  const given = Object.entries(fields).filter(([, value]) => value.trim() !== '');
  return Object.fromEntries(
    given.map(([name, value]) => [name, name === 'reached' ? value === 'true' : value]),
  );
};

type NotDone = Exclude<OrderResult, { type: 'done' }>;

const statusOf = (result: NotDone): number =>
  ({ pending: 202, refused: 409, invalid: 422, unknown: 404, ambiguous: 409 })[result.type];

const noticeOf = (result: NotDone): Notice => {
  switch (result.type) {
    case 'pending':
      return { kind: 'done', words: 'Your order is stored; this page shows its effect in a moment.' };
    case 'refused':
      return { kind: 'refused', words: result.words };
    case 'invalid':
      return {
        kind: 'refused',
        words: result.problems.map(({ field, message }) => `${field}: ${message}`).join('; '),
      };
    default:
      return { kind: 'refused', words: 'There is no such alert.' };
  }
};

const showAlert = async (
  deps: PagesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  notice?: Notice,
): Promise<FastifyReply> => {
  const context = contextOf(deps, request, deps.clock.now());
  const found = await deps.desk.alert(Id.parse(request.params).id, context.zone);
  if (found.type !== 'found') return send(reply.code(404), notOnePage(context, found));
  return send(
    reply,
    alertPage(context, {
      file: found.file,
      business: deps.business,
      orderId: randomUUID(),
      ...(notice === undefined ? {} : { notice }),
    }),
  );
};

const notOnePage = (context: PageContext, found: Exclude<AlertFound, { type: 'found' }>): Html =>
  found.type === 'unknown'
    ? messagePage(
        context,
        'No such alert',
        html`<p>No alert has this name. See the <a href="/">queue</a>.</p>`,
      )
    : messagePage(
        context,
        'Several alerts have this label',
        html`<ul>${found.candidates.map((row) => html`<li><a href="${alertPath(row.alertId)}">${row.ruleTitle}: ${row.customerName ?? subjectInWords(row.subject)}</a> (${row.status})</li>`)}</ul>`,
      );

const registerCustomer = (app: FastifyInstance, deps: PagesDeps): void => {
  const { desk, clock } = deps;
  app.get('/customers/:id', async (request, reply) => {
    const context = contextOf(deps, request, clock.now());
    const file = await desk.customer(Id.parse(request.params).id, context.zone);
    if (file !== undefined) return send(reply, customerPage(context, file));
    const words = html`<p>Nothing was ever heard of a customer with this id.</p>`;
    return send(reply.code(404), messagePage(context, 'No such customer', words));
  });
};

/** KPIs look back this many days unless asked otherwise, and ten years at most. */
const Days = z.coerce.number().int().min(1).max(3650).catch(30);

const registerReports = (app: FastifyInstance, deps: PagesDeps): void => {
  const { desk, clock, names } = deps;
  const daysOf = (request: FastifyRequest): number => Days.parse(textQuery(request).days ?? 30);
  const reportOf = (request: FastifyRequest) => {
    const now = clock.now();
    // The end is not included, so "until now" ends one millisecond later.
    return desk.kpis(now - daysOf(request) * DAY, now + 1);
  };
  app.get('/kpis', async (request, reply) =>
    send(reply, kpiPage(contextOf(deps, request, clock.now()), await reportOf(request), daysOf(request))),
  );
  app.get('/kpis.csv', async (request, reply) => {
    const report = await reportOf(request);
    return sendTable(reply, fileName('kpis', clock.now()), KPIS_HEAD, kpiCells(report));
  });
  app.get('/kept.csv', async (request, reply) => {
    const { kept } = await reportOf(request);
    return sendTable(reply, fileName('kept', clock.now()), KEPT_HEAD, kept.flatMap(keptCells));
  });
  app.get('/held', async (request, reply) => {
    const page = await desk.queries.held(PAGE_ROWS, textQuery(request).cursor);
    return send(reply, heldPage(contextOf(deps, request, clock.now()), page));
  });
  const auditQuery = (request: FastifyRequest) => {
    const { alert, actor } = textQuery(request);
    return definite({ alert, actor: actor === undefined ? undefined : names.personId(actor) });
  };
  app.get('/audit.csv', async (request, reply) => {
    const { alert, actor } = auditQuery(request);
    const filter = definite({ alertKey: alert, actor });
    const rows = everyRow((limit, cursor) => desk.queries.audit(filter, limit, cursor));
    return sendTable(reply, fileName('audit', clock.now()), AUDIT_HEAD, mapped(rows, auditCells));
  });
  app.get('/audit', async (request, reply) => {
    const query = auditQuery(request);
    const filter = definite({ alertKey: query.alert, actor: query.actor });
    const page = await desk.queries.audit(filter, PAGE_ROWS, textQuery(request).cursor);
    return send(reply, auditPage(contextOf(deps, request, clock.now()), page, query));
  });
};

const answerError = (
  deps: PagesDeps,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply => {
  const { status, title, detail } = problemOfError(error);
  if (status >= 500) request.log.error({ err: error, route: request.routeOptions.url }, 'page failed');
  return send(
    reply.code(status),
    messagePage(contextOf(deps, request, deps.clock.now()), title, html`<p>${detail}</p>`),
  );
};

const without = (query: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(query).filter(([name]) => !names.includes(name)));
