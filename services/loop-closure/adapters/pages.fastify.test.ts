import { parse } from 'csv-parse/sync';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, expect, test } from 'vitest';
import type { AlertEvent } from '../../contracts/alert.ts';
import { at, exampleEvent } from '../domain/example.ts';
import { registerPages } from './pages.fastify.ts';
import { type Alerting, createTestDesk, TEST_NAMES } from './test-desk.ts';
import { createTestRoom } from './test-room.ts';

const opened: FastifyInstance[] = [];
afterEach(async () => {
  for (const app of opened.splice(0)) await app.close();
});

const open = (alerting?: Alerting) => {
  const world = createTestDesk(alerting);
  const app = fastify();
  opened.push(app);
  const business = {
    msBetween: (_calendar: string, from: number, to: number) => (to - from) / 2,
  };
  const { operations } = createTestRoom();
  registerPages(app, { desk: world.desk, clock: world.clock, business, names: TEST_NAMES, operations });
  return { ...world, app };
};

const ALERT = `/alerts/${encodeURIComponent('repeat-complaint:c-1#1')}`;

const form = (fields: Record<string, string>, headers: Record<string, string> = {}) => ({
  method: 'POST' as const,
  headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  payload: new URLSearchParams(fields).toString(),
});

const acknowledges: Alerting = (command): AlertEvent =>
  exampleEvent({
    seq: 2,
    type: 'acknowledged',
    by: command.by,
    commandId: command.id,
    alert: { status: 'acknowledged', acknowledgedAt: at('10:05'), acknowledgedBy: command.by },
  });

test('the empty queue shows how to make the first alert', async () => {
  const page = await open().app.inject('/');
  expect(page.statusCode).toBe(200);
  expect(page.body).toContain('No alert yet');
  expect(page.body).toContain('curl -X POST http://localhost:80/v1/call-notes');
});

test('an empty queue after work is done says so instead of teaching', async () => {
  const { app, happen } = open();
  happen(exampleEvent({ type: 'closed', alert: { status: 'closed', closedAt: at('11:00') } }));
  const page = await app.inject('/');
  expect(page.body).toContain('Nobody is waiting');
  expect(page.body).not.toContain('No alert yet');
});

test('a filter that matches nothing says so instead of teaching', async () => {
  const page = await open().app.inject('/?team=nobody');
  expect(page.body).toContain('No alert matches this filter');
});

test('a filter that cannot be read is refused, naming the field', async () => {
  const page = await open().app.inject('/?severity=P9');
  expect(page.statusCode).toBe(400);
  expect(page.body).toContain('severity');
});

test('the queue shows who, why and until when', async () => {
  const { app, happen } = open();
  happen(exampleEvent());
  const { body } = await app.inject('/');
  expect(body).toContain('Ada Example');
  expect(body).toContain('complaints in 14 days: 2 (at least 2)');
  expect(body).toMatch(new RegExp(`data-due="${at('10:30')}"[^>]*>in 25 min<`));
});

test('an alert page shows reasons, quotes, both clocks and what to do, with the words of customers escaped', async () => {
  const { app, happen } = open();
  happen(exampleEvent());
  const { body } = await app.inject(ALERT);
  expect(body).toContain('I want to &lt;cancel&gt;');
  expect(body).not.toContain('<cancel>');
  expect(body).not.toContain('javascript:');
  expect(body).toContain('>Fri, 27 Mar 2026, 10:30<');
  expect(body).toContain('Fri, 27 Mar 2026, 09:30 WET');
  expect(body).toContain('12 min of business time');
  expect(body).toContain('Call before 14:00');
  expect(body).toContain('2 complaints in the last 30 days');
});

test('pressing a button is an order under the name that the person gave', async () => {
  const { app, happen, commands } = open(acknowledges);
  happen(exampleEvent());
  const me = await app.inject({ url: '/me', ...form({ person: 'Anna Berg', back: '/kpis' }) });
  expect(me.headers.location).toBe('/kpis');
  const cookie = String(me.headers['set-cookie']).split(';')[0] ?? '';
  const answer = await app.inject({ url: `${ALERT}/acknowledge`, ...form({ orderId: 'o-1' }, { cookie }) });
  expect(answer.statusCode).toBe(303);
  expect(commands).toMatchObject([
    { type: 'acknowledge', by: { kind: 'person', id: 'Anna Berg' }, via: 'page' },
  ]);
  const page = await app.inject(String(answer.headers.location));
  expect(page.body).toContain('Everybody can see that you have it');
});

test('pressing the same button of the same page twice is one order', async () => {
  const { app, happen, commands } = open(acknowledges);
  happen(exampleEvent());
  for (const _ of [1, 2]) await app.inject({ url: `${ALERT}/acknowledge`, ...form({ orderId: 'o-1' }) });
  expect(commands).toHaveLength(1);
});

test('a refused order shows the alert again with the reason in words', async () => {
  const { app, happen } = open((command) =>
    exampleEvent({ seq: 2, type: 'refused', commandId: command.id, refusal: 'contact_missing' }),
  );
  happen(exampleEvent());
  const fields = { outcome: 'saved', rootCause: 'outage', note: '' };
  const answer = await app.inject({ url: `${ALERT}/close`, ...form(fields) });
  expect(answer.statusCode).toBe(409);
  expect(answer.body).toContain('Closing needs a contact');
  expect(answer.body).toContain('High-value customer complains again');
});

test('a form with a missing field shows the alert again and names the field', async () => {
  const { app, happen, commands } = open();
  happen(exampleEvent());
  const answer = await app.inject({ url: `${ALERT}/close`, ...form({ outcome: 'saved', rootCause: ' ' }) });
  expect(answer.statusCode).toBe(422);
  expect(answer.body).toContain('rootCause');
  expect(commands).toEqual([]);
});

test.each([
  [{ 'sec-fetch-site': 'cross-site' }],
  [{ 'sec-fetch-site': 'same-site' }],
  [{ origin: 'https://evil.example' }],
  [{ origin: 'null' }],
])('a form sent by a page of another site is refused: %j', async (headers) => {
  const { app, happen, commands } = open(acknowledges);
  happen(exampleEvent());
  const answer = await app.inject({ url: `${ALERT}/acknowledge`, ...form({}, headers) });
  expect(answer.statusCode).toBe(403);
  expect(commands).toEqual([]);
});

test.each([['https://evil.example/'], ['//evil.example'], ['/\\evil.example'], ['evil']])(
  'saving a name never leads to another site: %s',
  async (back) => {
    const answer = await open().app.inject({ url: '/me', ...form({ person: 'anna', back }) });
    expect(answer.headers.location).toBe('/');
  },
);

test('every page forbids scripts and styles from elsewhere, and none brings its own', async () => {
  const { app, happen } = open();
  happen(exampleEvent());
  for (const url of ['/', ALERT, '/customers/c-1', '/kpis', '/held', '/audit']) {
    const page = await app.inject(url);
    expect(page.statusCode, url).toBe(200);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.body).not.toMatch(/<style|<script(?! type="module" src=)| style="| on\w+="/);
  }
});

test('a live part of a page has the same key until it changes, though time goes by', async () => {
  const { app, happen, clock } = open();
  happen(exampleEvent());
  const keyOf = async () => /id="queue" data-live="([^"]*)"/.exec((await app.inject('/')).body)?.[1];
  const before = await keyOf();
  clock.advance(60_000);
  expect(await keyOf()).toBe(before);
  happen(
    exampleEvent({ seq: 2, type: 'evidence_added', alert: { evidenceCount: 2, status: 'acknowledged' } }),
  );
  expect(await keyOf()).not.toBe(before);
});

test('whether an alert has changed can be asked cheaply', async () => {
  const { app, happen } = open();
  const version = async () => (await app.inject('/console/version')).body;
  const before = await version();
  expect(await version()).toBe(before);
  happen(exampleEvent());
  expect(await version()).not.toBe(before);
});

test('a name that no cookie can hold as it stands is kept as well as it can be', async () => {
  const me = await open().app.inject({ url: '/me', ...form({ person: `${'a'.repeat(199)}😀; Path=/x` }) });
  expect(me.statusCode).toBe(303);
  expect(String(me.headers['set-cookie'])).not.toContain('/x');
});

test('the script and the style are served as what they are', async () => {
  const { app } = open();
  expect((await app.inject('/console/console.js')).headers['content-type']).toContain('text/javascript');
  expect((await app.inject('/console/console.css')).headers['content-type']).toContain('text/css');
});

test('what does not exist is said to be unknown, on a page', async () => {
  const { app } = open();
  for (const url of ['/alerts/T-XXXXX', '/customers/c-9']) {
    const page = await app.inject(url);
    expect(page.statusCode).toBe(404);
    expect(page.headers['content-type']).toContain('text/html');
  }
});

const PAGES = ['/', '/?status=closed', ALERT, '/customers/c-1', '/kpis', '/held', '/audit'];

/** An alert of Ana's, a match that told nobody, and all that people did. */
const busy = () => {
  const world = open();
  const ana = { kind: 'person', id: 'ana' } as const;
  const owner = { team: 'retention', person: 'ana' };
  const taken = { owner, status: 'acknowledged', acknowledgedBy: ana } as const;
  const until = at('18:00');
  world.happen(exampleEvent({ alert: { owner } }));
  world.happen(exampleEvent({ seq: 2, type: 'acknowledged', by: ana, via: 'slack', alert: taken }));
  world.happen(
    exampleEvent({
      seq: 3,
      type: 'snoozed',
      by: ana,
      alert: { ...taken, snooze: { until, reason: 'away', by: ana } },
    }),
  );
  world.happen(
    exampleEvent({ seq: 4, type: 'reassigned', by: ana, alert: { owner: { team: 'retention' } } }),
  );
  world.happen(exampleEvent({ seq: 5, type: 'held_back', held: 'cooldown' }));
  world.happen(
    exampleEvent({
      seq: 6,
      type: 'closed',
      by: ana,
      alert: { owner, status: 'closed', closedAt: until, closedBy: ana },
    }),
  );
  world.happen(exampleEvent({ seq: 7, type: 'reopened', alert: { owner } }));
  return world;
};

test('people and teams are called by their names; rules and customers too, with their ids beside', async () => {
  const { app } = busy();
  const beside = (name: string, id: string) => new RegExp(`>${name}(</a>)? <span class="[^"]*">${id}</span>`);
  const queue = (await app.inject('/')).body;
  for (const url of PAGES) {
    const { body } = await app.inject(url);
    // Values of fields, addresses of links and orders to reassign are for machines.
    const words = body.replaceAll(/<(option|a|input)\b[^>]*>/g, '');
    expect(words, url).not.toMatch(/\b(ana|retention)\b(?!:)/);
  }
  expect(queue).toContain('>Ana Ruiz<br>');
  expect(queue).toContain('>Keepers</span>');
  for (const url of ['/', '/held', ALERT]) {
    const { body } = await app.inject(url);
    expect(body, url).toMatch(beside('Ada Example', 'c-1'));
    expect(body, url).toMatch(beside('[^<]*High-value customer complains again', 'repeat-complaint'));
  }
  const audit = (await app.inject('/audit')).body;
  expect(audit).toContain('owner: Ana Ruiz');
  expect(audit).toContain('reassigned: to team Keepers');
  expect(audit).toContain('acknowledged (Slack)');
});

test.each(PAGES)('%s tells times by one clock, which it names once', async (url) => {
  const { app } = busy();
  for (const [cookie, zone] of [
    ['', 'Europe/Berlin'],
    ['tocsin-person=olga', 'America/Chicago'],
  ] as const) {
    const { body } = await app.inject({ url, headers: { cookie } });
    expect(body.split(`Times: ${zone}`), cookie).toHaveLength(2);
    expect(body).not.toMatch(/UTC|GMT\+/);
    expect(body.match(/<time(?! [^>]*datetime="\d{4}-\d\d-\d\dT)[^>]*>/g)).toBe(null);
  }
});

test('the audit and what was held back are read by the clock of whoever looks', async () => {
  const { app } = busy();
  for (const url of ['/audit', '/held']) {
    const berlin = await app.inject(url);
    expect(berlin.body).toContain('<time datetime="2026-03-27T09:00:00.000Z">Fri, 27 Mar 2026, 10:00</time>');
    const chicago = await app.inject({ url, headers: { cookie: 'tocsin-person=olga' } });
    expect(chicago.body).toContain('>Fri, 27 Mar 2026, 04:00</time>');
  }
});

test('the end of a snooze is told by the same clock, also on the page of an alert', async () => {
  const { app } = busy();
  for (const url of [ALERT, '/audit']) {
    expect((await app.inject(url)).body).toContain('until Fri, 27 Mar 2026, 18:00 CET');
  }
});

test('whoever gives the name that teams.yaml has for them acts under their id, and sees the name', async () => {
  const { app, happen, commands } = open(acknowledges);
  happen(exampleEvent());
  const cookie = 'tocsin-person=Ana%20Ruiz';
  await app.inject({ url: `${ALERT}/acknowledge`, ...form({}, { cookie }) });
  expect(commands).toMatchObject([{ by: { kind: 'person', id: 'ana' } }]);
  const { body } = await app.inject({ url: '/audit?actor=Ana%20Ruiz', headers: { cookie } });
  expect(body).toContain('acknowledged');
  expect(body).toContain('name="person" value="Ana Ruiz"');
});

test('the filter of the queue offers teams and people by name, and keeps one that it does not know', async () => {
  const { body } = await open().app.inject('/?owner=gone');
  expect(body).toContain('<option value="ana">Ana Ruiz</option>');
  expect(body).toContain('<option value="gone" selected>gone</option>');
});

test('whoever has not said their name is asked in each form, acts under it, and is not asked again', async () => {
  const { app, happen, commands } = open(acknowledges);
  happen(exampleEvent());
  expect((await app.inject(ALERT)).body).toContain('Your name');
  const answer = await app.inject({ ...form({ person: 'Ana Ruiz' }), url: `${ALERT}/acknowledge` });
  expect(answer.statusCode).toBe(303);
  expect(commands.map(({ by }) => by)).toEqual([{ kind: 'person', id: 'ana' }]);
  const cookie = String(answer.headers['set-cookie']).split(';')[0] ?? '';
  expect(cookie).toBe('tocsin-person=Ana%20Ruiz');
  expect((await app.inject({ url: ALERT, headers: { cookie } })).body).not.toContain('Your name');
});

test('the name that was said first stays, whatever a form says later', async () => {
  const { app, happen, commands } = open(acknowledges);
  happen(exampleEvent());
  const order = form({ person: 'somebody else' }, { cookie: 'tocsin-person=olga' });
  const answer = await app.inject({ ...order, url: `${ALERT}/acknowledge` });
  expect(commands.map(({ by }) => by.id)).toEqual(['olga']);
  expect(answer.headers['set-cookie']).toBeUndefined();
});

const table = async (app: FastifyInstance, url: string) => {
  const answer = await app.inject(url);
  expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(answer.headers['content-disposition']).toMatch(
    /^attachment; filename="tocsin-\w+-2026-03-\d\d\.csv"$/,
  );
  return parse(answer.body, { bom: true, columns: true }) as Record<string, string>[];
};

test('the queue is taken along as a table, with its filter, and all of it', async () => {
  const { app, happen } = open();
  for (let n = 0; n < 600; n += 1) {
    const alert = {
      alertId: `a-${n}#1`,
      alertKey: `a-${n}`,
      ...(n === 0 ? { severity: 'P3' as const } : {}),
    };
    happen(exampleEvent({ id: `e-${n}`, alertKey: `a-${n}`, alert }));
  }
  const all = await table(app, '/alerts.csv');
  expect(new Set(all.map((row) => row.alert_id)).size).toBe(600);
  expect(all[0]).toMatchObject({
    customer: 'c-1',
    customer_name: 'Ada Example',
    status: 'open',
    overdue: 'false',
  });
  expect((await table(app, '/alerts.csv?severity=P3')).map((row) => row.alert_id)).toEqual(['a-0#1']);
  expect((await app.inject('/alerts.csv?severity=P9')).statusCode).toBe(400);
});

test('figures, customers kept and the audit are taken along as tables', async () => {
  const { app, happen } = open();
  happen(exampleEvent());
  expect((await table(app, '/kpis.csv')).map(({ group, opened }) => [group, opened])).toEqual([
    ['rule', '1'],
    ['team', '1'],
    ['person', '1'],
  ]);
  expect((await table(app, '/kept.csv')).map((row) => row.days_after_closing)).toEqual(['30', '90']);
  expect(await table(app, '/audit.csv')).toMatchObject([{ action: 'raised', customer: 'c-1' }]);
});
