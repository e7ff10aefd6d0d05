import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, expect, test } from 'vitest';
import { at } from '../domain/example.ts';
import type { SystemStanding } from '../domain/operations.ts';
import { RUNBOOKS } from './pages/operations-page.ts';
import { registerPages } from './pages.fastify.ts';
import { createTestDesk, TEST_NAMES } from './test-desk.ts';
import { createTestRoom, parkedLetter } from './test-room.ts';

const opened: FastifyInstance[] = [];
afterEach(async () => {
  for (const app of opened.splice(0)) await app.close();
});

const open = (different: Partial<SystemStanding> = {}) => {
  const { desk, clock } = createTestDesk();
  const room = createTestRoom(different);
  const app = fastify();
  opened.push(app);
  const business = { msBetween: () => undefined };
  registerPages(app, { desk, clock, business, names: TEST_NAMES, operations: room.operations });
  return { app, ordered: room.ordered };
};

const COUNTS = { parked: 1, retrying: 0, retried: 0, dropped: 0 };
const ONE_LETTER = { letters: { counts: COUNTS, waiting: [parkedLetter()], settled: [] } };
const SILENCE = {
  id: 'S-1',
  rule: 'order-delayed',
  by: 'ana',
  reason: 'the warehouse moves',
  startsAt: at('09:00'),
  endsAt: at('18:00'),
};

const form = (fields: Record<string, string>, headers: Record<string, string> = {}) => ({
  method: 'POST' as const,
  headers: {
    'content-type': 'application/x-www-form-urlencoded',
    cookie: 'tocsin-person=Ana%20Ruiz',
    ...headers,
  },
  payload: new URLSearchParams(fields).toString(),
});

test('all is well says so', async () => {
  const { body } = await open().app.inject('/operations');
  expect(body).toContain('All is well');
  expect(body).toContain('1.2.3');
});

test('a dead letter is shown with what, why and since when, its record escaped, and the runbook', async () => {
  const { body } = await open(ONE_LETTER).app.inject('/operations');
  expect(body).toContain('1 dead letter waiting for somebody');
  expect(body).toContain('infra/runbooks/dead-letters.md');
  expect(body).toContain('TypeError: no');
  expect(body).toContain('I want to &lt;cancel&gt;');
  expect(body).toMatch(/since <time datetime="[^"]+">/);
});

test('every trouble has its runbook', () => {
  const folder = join(import.meta.dirname, '../../../infra/runbooks');
  expect(Object.values(RUNBOOKS).filter((file) => !existsSync(join(folder, file)))).toEqual([]);
});

test('a dead letter is retried and given up in the name of whoever does it, with the reason', async () => {
  const first = open(ONE_LETTER);
  const { id } = parkedLetter();
  const retried = await first.app.inject({ ...form({ id }), url: '/operations/dead-letters/retry' });
  expect([retried.statusCode, retried.headers.location]).toEqual([303, '/operations?done=retried']);
  const second = open(ONE_LETTER);
  const order = form({ id, reason: 'a test record' });
  const dropped = await second.app.inject({ ...order, url: '/operations/dead-letters/drop' });
  expect([dropped.statusCode, dropped.headers.location]).toEqual([303, '/operations?done=dropped']);
  expect([...first.ordered, ...second.ordered]).toEqual([
    `retry ${id} by ana: no reason`,
    `drop ${id} by ana: a test record`,
  ]);
});

test('all dead letters are retried at once, where there are several', async () => {
  expect((await open(ONE_LETTER).app.inject('/operations')).body).not.toContain('Retry all');
  const two = { counts: { ...COUNTS, parked: 2 }, waiting: [parkedLetter()], settled: [] };
  const { app, ordered } = open({ letters: two });
  expect((await app.inject('/operations')).body).toContain('Retry all 2');
  const answer = await app.inject({
    ...form({ reason: 'upgraded' }),
    url: '/operations/dead-letters/retry-all',
  });
  expect(answer.headers.location).toBe('/operations?done=all');
  expect(ordered).toEqual(['retry all by ana: upgraded']);
});

test('giving up without a reason is refused, and nothing happens', async () => {
  const { app, ordered } = open(ONE_LETTER);
  const order = form({ id: parkedLetter().id, reason: ' ' });
  const answer = await app.inject({ ...order, url: '/operations/dead-letters/drop' });
  expect(answer.statusCode).toBe(422);
  expect(answer.body).toContain('say why it is not needed');
  expect(ordered).toEqual([]);
});

test('a letter that somebody else has settled meanwhile is said to be gone', async () => {
  const { app } = open(ONE_LETTER);
  const order = form({ id: 'scoring/signals/0/7/0', reason: 'x' });
  const answer = await app.inject({ ...order, url: '/operations/dead-letters/drop' });
  expect(answer.statusCode).toBe(409);
  expect(answer.body).toContain('somebody else');
  // Read anew, the page is found where it is.
  expect(answer.body).toContain('data-path="/operations"');
});

test.each(['dead-letters/retry', 'dead-letters/retry-all', 'dead-letters/drop', 'silences/end'])(
  'a page of another site cannot order %s',
  async (what) => {
    const { app, ordered } = open({ ...ONE_LETTER, silences: [SILENCE] });
    const order = form(
      { id: what.startsWith('silences') ? SILENCE.id : parkedLetter().id, reason: 'x' },
      { 'sec-fetch-site': 'cross-site' },
    );
    expect((await app.inject({ ...order, url: `/operations/${what}` })).statusCode).toBe(403);
    expect(ordered).toEqual([]);
  },
);

test('a silence says what, who, why and until when, and is ended early', async () => {
  const { app, ordered } = open({ silences: [SILENCE] });
  const { body } = await app.inject('/operations');
  expect(body).toContain('the warehouse moves');
  expect(body).toContain('rule order-delayed, by Ana Ruiz');
  const ended = await app.inject({ ...form({ id: 'S-1' }), url: '/operations/silences/end' });
  expect(ended.headers.location).toBe('/operations?done=ended');
  expect(ordered).toEqual(['end S-1 by ana']);
  const unknown = await app.inject({ ...form({ id: 'S-2' }), url: '/operations/silences/end' });
  expect(unknown.statusCode).toBe(409);
  expect(unknown.body).toContain('no silence is called S-2');
});

test('rules are shown with hash and stage; those that are refused or in quarantine with the reason', async () => {
  const { body } = await open({
    rules: {
      hash: 'abc123',
      folder: '/rules',
      rules: [{ id: 'order-delayed', stage: 'shadow', title: 'Order delayed' }],
      quarantined: [{ rule: 'risk-jump', errors: 20, error: 'x is not a function' }],
      lastReload: { at: at('09:30'), outcome: 'refused', problems: ['risk-jump.rule.yaml:3: unknown key'] },
    },
  }).app.inject('/operations');
  for (const words of ['abc123', 'shadow', 'x is not a function', 'risk-jump.rule.yaml:3: unknown key'])
    expect(body).toContain(words);
  expect(body).toContain('npx tocsin rules quarantine release risk-jump');
});

test('what another service knows is named with the setting that lets it be asked', async () => {
  const { app } = open();
  const { body } = await app.inject('/operations');
  expect(body).toContain('All is well');
  expect(body.split('TOCSIN_ACTION_MANAGEMENT_URL')).toHaveLength(3);
  const answer = await app.inject({ ...form({ id: 'S-1' }), url: '/operations/silences/end' });
  expect(answer.statusCode).toBe(409);
});

test('that another service does not say which rules are in force needs attention', async () => {
  const { body } = await open({ silent: 'http://rules: ECONNREFUSED' }).app.inject('/operations');
  expect(body).toContain('which rules and silences are in force: http://rules: ECONNREFUSED.');
  expect(body).not.toContain('TOCSIN_ACTION_MANAGEMENT_URL');
});
