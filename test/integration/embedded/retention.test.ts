import { expect, test } from 'vitest';
import { DAY } from '../../../services/platform/time/clock.ts';
import { openedTocsin } from '../../support/opened-tocsin.ts';

async function open() {
  const { tocsin, clock } = await openedTocsin();
  const { app, pipeline } = tocsin;
  const post = async (url: string, payload: object) => {
    const answering = app.inject({ method: 'POST', url, payload });
    const answered = answering.then(() => true);
    // An order waits until it is obeyed.
    while (!(await Promise.race([answered, nextTurn()]))) await pipeline.runner.drain();
    await pipeline.settle();
    return (await answering).statusCode;
  };
  const page = async (url: string) => (await app.inject(url)).body;
  const prune = () => {
    const { rows } = pipeline.store.prune(clock.now(), 400 * DAY);
    return rows;
  };
  return { clock, post, page, prune };
}

const nextTurn = (): Promise<false> => new Promise((resolve) => setImmediate(() => resolve(false)));
const SANDBOX = '/sandbox?channel=%23retention';

test('pages forget what is older than the retention, and no alert that is still open', async () => {
  const { clock, post, page, prune } = await open();
  const calls = (customerId: string) =>
    post('/v1/call-notes', {
      id: `note-${customerId}`,
      customerId,
      occurredAt: clock.now(),
      direction: 'inbound',
      text: 'Very disappointed, wants to cancel the contract.',
    });
  expect([await calls('c-closed'), await calls('c-open')]).toEqual([202, 202]);
  const alert = `/v1/alerts/${encodeURIComponent('cancel-intent-in-call:c-closed#1')}`;
  await post(`${alert}/contact`, { by: 'ana', channel: 'phone', reached: true });
  await post(`${alert}/close`, { by: 'ana', outcome: 'saved', rootCause: 'price' });
  expect(await page('/?status=closed')).toContain('c-closed');
  expect(await page('/audit')).toContain('closed');
  expect(await page(SANDBOX)).toContain('c-closed');

  clock.advance(400 * DAY);
  expect(prune()).toBe(0);
  clock.advance(DAY);
  expect(prune()).toBeGreaterThan(5);
  expect(prune()).toBe(0);
  expect(await page('/?status=closed')).not.toContain('c-closed');
  expect(await page('/audit')).not.toContain('c-closed');
  expect(await page(SANDBOX)).not.toContain('c-closed');
  expect(await page('/')).toContain('c-open');
  expect(await page(`/alerts/${encodeURIComponent('cancel-intent-in-call:c-open#1')}`)).toContain('Act');
});
