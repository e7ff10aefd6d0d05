import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fastify } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EmbeddedStore, openEmbeddedStore } from '../platform/database/embedded-store.ts';
import { DAY, HOUR, ManualClock } from '../platform/time/clock.ts';
import { registerSilences } from './adapters/silences.fastify.ts';
import { ruleSetOf, ruleText } from './domain/test-story.ts';
import { SilenceBook } from './silences.ts';

const clock = new ManualClock('2026-03-02T08:00:00Z');
const NOW = clock.now();
let folder = '';
let store: EmbeddedStore;
let book: SilenceBook;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-silences-'));
  store = openEmbeddedStore(folder, clock, []);
  book = new SilenceBook(store.log);
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

const order = { product: 'dsl', by: 'ana', reason: 'planned work', endsAt: NOW + 4 * HOUR };

test('a silence holds until its end, and is known again after a restart', async () => {
  await book.add(order, 'S-1', NOW);
  const again = new SilenceBook(store.log);
  await again.load(store.log, 0);
  for (const known of [book, again]) {
    expect(known.active(NOW)).toMatchObject([{ id: 'S-1', product: 'dsl', by: 'ana', startsAt: NOW }]);
    expect(known.active(NOW + 4 * HOUR)).toEqual([]);
  }
});

test('a silence that is ended early stays ended, and says by whom', async () => {
  await book.add(order, 'S-1', NOW);
  expect(await book.end('S-1', 'ben', NOW + HOUR)).toMatchObject({ ok: true });
  const again = new SilenceBook(store.log);
  await again.load(store.log, 0);
  expect(again.all()).toMatchObject([{ id: 'S-1', endsAt: NOW + HOUR, endedBy: 'ben' }]);
  expect(await again.end('S-1', 'ben', NOW + 2 * HOUR)).toMatchObject({ ok: false, reason: 'over' });
  expect(await again.end('S-2', 'ben', NOW)).toMatchObject({ ok: false, reason: 'unknown' });
});

test.each([
  ['without an object', { product: undefined }, 'what is to be silenced?'],
  ['for more than fourteen days', { endsAt: NOW + 14 * DAY + 1 }, '14 days at most'],
  ['that ends before it begins', { endsAt: NOW }, 'over before it begins'],
])('a silence %s is refused in words', async (_, change, words) => {
  expect(await book.add({ ...order, ...change }, 'S-1', NOW)).toMatchObject({
    ok: false,
    words: expect.stringContaining(words),
  });
  expect(book.all()).toEqual([]);
});

test('over HTTP a silence is made, listed and ended; an unknown rule is refused', async () => {
  const app = fastify();
  const rules = {
    current: ruleSetOf(
      ruleText('spike', '  listen: [complaint.received]\n  when: {event.channel: {eq: email}}'),
    ),
  };
  registerSilences(app, { silences: book, clock, rules, opsKeys: [] });
  const post = (url: string, payload: object) => app.inject({ method: 'POST', url, payload });
  const body = { rule: 'spike', by: 'ana', reason: 'known', endsAt: '2026-03-02T12:00:00Z' };
  const made = await post('/v1/silences', body);
  expect([made.statusCode, made.json().state]).toEqual([201, 'active']);
  expect((await post('/v1/silences', { ...body, rule: 'spik' })).statusCode).toBe(422);
  expect((await post('/v1/silences', { ...body, endsAt: 'tomorrow' })).statusCode).toBe(400);
  expect((await app.inject('/v1/silences')).json().silences).toHaveLength(1);
  const ended = await post(`/v1/silences/${made.json().id}/expire`, { by: 'ben' });
  expect([ended.statusCode, ended.json().state]).toEqual([200, 'over']);
  expect((await app.inject('/v1/silences')).json().silences).toEqual([]);
  await app.close();
});
