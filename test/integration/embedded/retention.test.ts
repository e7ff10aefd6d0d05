import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openTocsin, readSettings } from '../../../services/embedded/tocsin.ts';
import { silentLogger } from '../../../services/platform/logging/logger.ts';
import { createRegistry } from '../../../services/platform/metrics/registry.ts';
import { CLOSE_WITHIN_MS } from '../../../services/platform/process/lifecycle.ts';
import { DAY, ManualClock } from '../../../services/platform/time/clock.ts';

async function open() {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-retention-'));
  const clock = new ManualClock('2026-03-02T10:00+01:00');
  const tocsin = await openTocsin({
    folder,
    settings: readSettings({}),
    clock,
    rulesAreTrusted: true,
    url: 'http://127.0.0.1:8080',
    log: silentLogger,
    registry: createRegistry(),
  });
  onTestFinished(async () => {
    await tocsin.lifecycle.close(CLOSE_WITHIN_MS);
    rmSync(folder, { recursive: true });
  });
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
