import { expect, test } from 'vitest';
import type { Complaint } from '../../../services/contracts/sources.ts';
import { HOUR, MINUTE } from '../../../services/platform/time/clock.ts';
import { openedTocsin } from '../../support/opened-tocsin.ts';

async function open(env: Record<string, string> = {}) {
  const { tocsin, clock } = await openedTocsin(env);
  const { app, pipeline } = tocsin;
  const headers = { 'content-type': 'application/x-www-form-urlencoded', cookie: 'tocsin-person=ops' };
  return {
    app,
    clock,
    pipeline,
    page: async () => (await app.inject('/operations')).body,
    order: async (what: string, fields: Record<string, string>) => {
      const payload = new URLSearchParams(fields).toString();
      return (await app.inject({ method: 'POST', url: `/operations/${what}`, headers, payload })).headers
        .location;
    },
    /** A producer of its own put it into the log: no gateway has looked at it. */
    anybody: (id: string, value: object) =>
      pipeline.store.log.publish('complaints', [{ id, key: id, value: value as Complaint }]),
  };
}

test('a dead letter is seen, retried, fails again, is given up, and stays on record with the reason', async () => {
  const { anybody, pipeline, page, order } = await open();
  await anybody('nobody', { id: 'nobody', occurredAt: Date.parse('2026-03-02T09:00Z'), text: 'no name' });
  await pipeline.settle();
  expect(await page()).toContain('1 dead letter waiting for somebody');
  const [letter] = await pipeline.store.deadLetters.list('parked', 1);
  const id = letter?.id ?? '';
  expect(await page()).toContain(id);

  expect(await order('dead-letters/retry', { id, reason: 'the CRM is mended' })).toBe(
    '/operations?done=retried',
  );
  await pipeline.settle();
  const again = await page();
  expect(again).toContain('tried 2 times');
  expect(again).toContain('the CRM is mended');

  expect(await order('dead-letters/drop', { id, reason: 'a test record' })).toBe('/operations?done=dropped');
  const after = await page();
  expect(after).toContain('All is well');
  expect(after).toContain('“a test record”');
  expect(await pipeline.store.deadLetters.find(id)).toMatchObject({
    status: 'dropped',
    decision: { by: 'ops', why: 'a test record' },
  });
});

test('what waits is seen with its age, and needs attention after five minutes', async () => {
  const { anybody, clock, page, pipeline } = await open();
  await pipeline.settle();
  await anybody('late', { id: 'late', customerId: 'c-1', occurredAt: clock.now(), text: 'hello' });
  clock.advance(4 * MINUTE);
  expect(await page()).toContain('1, the oldest for 4 min');
  expect(await page()).not.toContain('ingestion is behind');
  clock.advance(2 * MINUTE);
  expect(await page()).toContain('ingestion is behind');
  await pipeline.settle();
  expect(await page()).not.toContain('is behind');
});

test('a silence is seen and ended early', async () => {
  const { app, clock, page, order, pipeline } = await open();
  const added = await app.inject({
    method: 'POST',
    url: '/v1/silences',
    payload: {
      product: 'fibre 1000',
      by: 'ana',
      reason: 'the exchange is being rebuilt',
      endsAt: new Date(clock.now() + 8 * HOUR).toISOString(),
    },
  });
  const { id } = added.json();
  expect(await page()).toContain('the exchange is being rebuilt');
  expect(await order('silences/end', { id })).toBe('/operations?done=ended');
  expect(pipeline.silences.active(clock.now())).toEqual([]);
  expect(await page()).toContain('Nothing is silenced');
});

test.each([
  '/v1/dead-letters/retry',
  '/v1/dead-letters/drop',
  '/v1/dead-letters/retry-all',
  '/v1/dead-letters/drop-all',
  '/v1/silences',
  '/v1/silences/S-1/expire',
  '/v1/rules/order-delayed/release',
])('where operators have keys, %s needs one', async (url) => {
  const { app } = await open({ TOCSIN_OPS_KEYS: 'one,other' });
  const asked = async (authorization?: string) =>
    (
      await app.inject({
        method: 'POST',
        url,
        payload: {},
        ...(authorization === undefined ? {} : { headers: { authorization } }),
      })
    ).statusCode;
  expect([await asked(), await asked('Bearer wrong')]).toEqual([401, 401]);
  expect(await asked('Bearer other')).not.toBe(401);
});

test('the rules in force are seen with the hash that the API says, and the timers with their age', async () => {
  const { app, page, clock, pipeline } = await open();
  // A timer that fires before anything is looked at is not overdue.
  const payload = {
    id: 'n-1',
    customerId: 'c-1',
    occurredAt: new Date(clock.now()).toISOString(),
    direction: 'inbound',
    text: 'I want to cancel my contract.',
  };
  await app.inject({ method: 'POST', url: '/v1/call-notes', payload });
  await pipeline.settle();
  expect(await page()).toContain(pipeline.rules.current.hash);
  expect(await page()).toContain('cancel-intent-in-call');
  expect(await page()).not.toContain('Deadlines are late');
  clock.advance(12 * HOUR);
  expect(await page()).toContain('Deadlines are late');
  await pipeline.settle();
  expect(await page()).not.toContain('Deadlines are late');
});
