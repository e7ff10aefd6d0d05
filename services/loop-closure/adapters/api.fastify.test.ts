import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, expect, test } from 'vitest';
import type { AlertCommand, AlertEvent } from '../../contracts/alert.ts';
import { at, exampleEvent } from '../domain/example.ts';
import {
  AlertDetail,
  AlertList,
  AlertSummary,
  AuditList,
  Customer,
  HeldList,
  HoldList,
  KpiReport,
  Problem,
} from './answer-schemas.ts';
import { registerApi } from './api.fastify.ts';
import { OPERATIONS } from './openapi.ts';
import { type Alerting, createTestDesk } from './test-desk.ts';

const opened: FastifyInstance[] = [];
afterEach(async () => {
  for (const app of opened.splice(0)) await app.close();
});

const open = (alerting?: Alerting) => {
  const world = createTestDesk(alerting);
  const app = fastify();
  opened.push(app);
  registerApi(app, {
    desk: world.desk,
    clock: world.clock,
    ledger: async () => ({ ok: true }),
    version: '1',
    others: [],
  });
  return { ...world, app };
};

const ALERT = `/v1/alerts/${encodeURIComponent('repeat-complaint:c-1#1')}`;

/** An alerting that acknowledges whatever it is told. */
const acknowledges: Alerting = (command): AlertEvent =>
  exampleEvent({
    seq: 2,
    type: 'acknowledged',
    at: at('10:05'),
    by: command.by,
    via: command.via,
    commandId: command.id,
    alert: { status: 'acknowledged', acknowledgedAt: at('10:05'), acknowledgedBy: command.by },
  });

const refuses: Alerting = (command): AlertEvent =>
  exampleEvent({
    seq: 2,
    type: 'refused',
    by: command.by,
    commandId: command.id,
    refusal: 'contact_missing',
  });

test('surveys and marketing can ask whom to leave alone', async () => {
  const { app, happen } = open();
  happen(exampleEvent());
  const holds = async (query: string) =>
    HoldList.parse((await app.inject(`/v1/contact-holds${query}`)).json()).holds;
  expect(await holds('')).toMatchObject([{ customerId: 'c-1', alertId: 'repeat-complaint:c-1#1' }]);
  expect(await holds('?customer=c-2')).toEqual([]);
  happen(exampleEvent({ seq: 2, type: 'closed', alert: { status: 'closed', closedAt: at('11:00') } }));
  expect(await holds('?customer=c-1')).toEqual([]);
});

test('an order is published as a command and answered with the alert as it is then', async () => {
  const { app, happen, commands } = open(acknowledges);
  happen(exampleEvent());
  const answer = await app.inject({ method: 'POST', url: `${ALERT}/acknowledge`, payload: { by: 'anna' } });
  expect(answer.statusCode).toBe(200);
  expect(AlertSummary.parse(answer.json())).toMatchObject({
    status: 'acknowledged',
    acknowledgedBy: 'anna',
    acknowledgedAt: '2026-03-27T09:05:00.000Z',
  });
  expect(commands).toMatchObject([
    {
      type: 'acknowledge',
      alertId: 'repeat-complaint:c-1#1',
      by: { kind: 'person', id: 'anna' },
      via: 'api',
    },
  ]);
});

test('an alert can be named by its label, in either case, and by its alert key', async () => {
  const { app, happen } = open();
  happen(exampleEvent());
  for (const name of ['T-7Q4MX', 't-7q4mx', encodeURIComponent('repeat-complaint:c-1')]) {
    const answer = await app.inject(`/v1/alerts/${name}`);
    expect(answer.json()).toMatchObject({ alertId: 'repeat-complaint:c-1#1' });
  }
});

test('a refusal is a conflict whose problem says why in words', async () => {
  const { app, happen } = open(refuses);
  happen(exampleEvent());
  const payload = { by: 'anna', outcome: 'saved', root_cause: 'outage' };
  const answer = await app.inject({ method: 'POST', url: `${ALERT}/close`, payload });
  expect(answer.statusCode).toBe(409);
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(Problem.parse(answer.json())).toMatchObject({
    type: 'urn:tocsin:problem:contact_missing',
    detail: expect.stringContaining('needs a contact'),
  });
});

test('the same Idempotency-Key is obeyed once and answered alike', async () => {
  const { app, happen, commands } = open(acknowledges);
  happen(exampleEvent());
  const send = () =>
    app.inject({
      method: 'POST',
      url: `${ALERT}/acknowledge`,
      headers: { 'idempotency-key': 'k-1' },
      payload: { by: 'anna' },
    });
  const [first, second] = [await send(), await send()];
  expect(commands).toHaveLength(1);
  expect(second.statusCode).toBe(200);
  expect(second.json()).toEqual(first.json());
  expect([first, second].map(({ headers }) => headers['idempotency-replayed'])).toEqual([undefined, 'true']);
});

test.each([
  ['contact', { channel: 'pigeon', reached: true }, 'channel'],
  ['contact', { channel: 'phone' }, 'reached'],
  ['snooze', { reason: 'on holiday' }, 'until'],
  ['snooze', { for: '2h', until: '2026-03-28T10:00:00Z', reason: 'both' }, 'until'],
  ['snooze', { until: 'tomorrow', reason: 'not an instant' }, 'until'],
  ['reassign', { to: 'bob' }, 'to'],
  ['close', { outcome: 'saved' }, 'rootCause'],
  ['close', { outcome: 'saved', rootCuase: 'typo', root_cause: 'x' }, 'rootCuase'],
  ['acknowledge', ['anna'], 'body'],
])('%s with %j is refused, naming the field', async (verb, payload, field) => {
  const { app, happen, commands } = open();
  happen(exampleEvent());
  const answer = await app.inject({ method: 'POST', url: `${ALERT}/${verb}`, payload });
  expect(answer.statusCode).toBe(422);
  expect(answer.json().errors.map((error: { field: string }) => error.field)).toContain(field);
  expect(commands).toEqual([]);
});

test('snoozing for a time from now sets the moment at which it ends', async () => {
  const { app, happen, commands } = open(acknowledges);
  happen(exampleEvent());
  await app.inject({
    method: 'POST',
    url: `${ALERT}/snooze`,
    payload: { for: '2h', reason: 'customer travels' },
  });
  expect(commands).toMatchObject([{ type: 'snooze', until: at('12:05'), reason: 'customer travels' }]);
});

test('orders from pages of other sites are refused', async () => {
  const { app, happen, commands } = open(acknowledges);
  happen(exampleEvent());
  for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }]) {
    const answer = await app.inject({ method: 'POST', url: `${ALERT}/acknowledge`, headers });
    expect(answer.statusCode).toBe(403);
  }
  expect(commands).toEqual([]);
});

test('the queue lists unfinished alerts by deadline, and pages through them', async () => {
  const { app, happen } = open();
  for (const [n, dueAt] of [at('10:04'), at('11:00'), at('10:30')].entries()) {
    const alertKey = `k-${n}`;
    const ack_by = { dueAt, version: 1, text: '', clock: 'wall', calendar: 'business' } as const;
    happen(exampleEvent({ alert: { alertKey, alertId: `${alertKey}#1`, deadlines: { ack_by } } }));
  }
  const first = AlertList.parse((await app.inject('/v1/alerts?status=unfinished&limit=2')).json());
  expect(first.alerts.map(({ alertId, overdue }) => [alertId, overdue])).toEqual([
    ['k-0#1', true],
    ['k-2#1', false],
  ]);
  const rest = await app.inject(`/v1/alerts?status=unfinished&limit=2&cursor=${first.next}`);
  expect(AlertList.parse(rest.json()).alerts.map(({ alertId }) => alertId)).toEqual(['k-1#1']);
  const overdue = await app.inject('/v1/alerts?overdue=true');
  expect(AlertList.parse(overdue.json()).alerts.map(({ alertId }) => alertId)).toEqual(['k-0#1']);
});

test.each([
  ['/v1/alerts?limit=0', 'limit'],
  ['/v1/alerts?sattus=open', 'sattus'],
  ['/v1/alerts?cursor=xyz', 'cursor'],
  ['/v1/kpis?from=yesterday', 'from'],
])('%s is refused, naming %s', async (url, field) => {
  const { app } = open();
  const answer = await app.inject(url);
  expect(answer.statusCode).toBe(400);
  expect(Problem.parse(answer.json()).detail).toContain(field);
});

test('an alert is answered with its evidence, its history and the story of its customer', async () => {
  const { app, happen } = open();
  happen(exampleEvent());
  const alert = AlertDetail.parse((await app.inject('/v1/alerts/T-7Q4MX')).json());
  expect(alert.evidence[0]).toMatchObject({ quote: 'Second outage this week, I want to <cancel>' });
  expect(alert.history.map(({ action }) => action)).toEqual(['raised']);
  expect(alert.story.map(({ who, words }) => [who, words])).toEqual([
    ['customer', 'complained (e-mail): outage'],
    ['tocsin', expect.stringContaining('alert raised')],
  ]);
});

test('what does not exist is said to be unknown', async () => {
  const { app } = open();
  expect((await app.inject('/v1/alerts/T-XXXXX')).statusCode).toBe(404);
  expect((await app.inject('/v1/customers/c-9')).statusCode).toBe(404);
  expect((await app.inject({ method: 'POST', url: '/v1/alerts/T-XXXXX/acknowledge' })).statusCode).toBe(404);
});

test('every other report answers as its schema says', async () => {
  const { app, happen } = open();
  happen(exampleEvent());
  const held = { type: 'held_back', held: 'mute', heldBy: 'flag deceased', at: at('10:01') } as const;
  happen(exampleEvent({ seq: 2, ...held }));
  expect(Customer.parse((await app.inject('/v1/customers/c-1')).json()).alerts).toHaveLength(1);
  expect(KpiReport.parse((await app.inject('/v1/kpis')).json())).toMatchObject({ opened: 1 });
  expect(AuditList.parse((await app.inject('/v1/audit')).json()).events).toHaveLength(2);
  expect(HeldList.parse((await app.inject('/v1/held')).json()).held).toMatchObject([{ reason: 'mute' }]);
  expect((await app.inject('/v1/ledger')).json()).toEqual({ ok: true });
});

test('the OpenAPI document describes every route, and each reference in it leads somewhere', async () => {
  const { app } = open();
  await app.ready();
  for (const { method, path } of OPERATIONS) {
    const url = path.replaceAll(/\{(\w+)\}/g, ':$1');
    expect(app.hasRoute({ method: method === 'get' ? 'GET' : 'POST', url }), path).toBe(true);
  }
  const document = (await app.inject('/openapi.json')).json();
  const text = JSON.stringify(document);
  const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w*)"/g)].map(
    ([, name]) => name ?? '',
  );
  expect(references.length).toBeGreaterThan(OPERATIONS.length);
  for (const name of references) expect(document.components.schemas).toHaveProperty(name);
  const ids = OPERATIONS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test('an order whose effect is not seen in time is answered as stored', async () => {
  const seen: AlertCommand[] = [];
  const { app, happen } = open((command) => {
    seen.push(command);
    return undefined;
  });
  happen(exampleEvent());
  const answer = await app.inject({ method: 'POST', url: `${ALERT}/acknowledge` });
  expect(answer.statusCode).toBe(202);
  expect(answer.json()).toMatchObject({ commandId: seen[0]?.id });
});
