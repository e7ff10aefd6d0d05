import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentLogger } from '../platform/logging/logger.ts';
import { createRegistry } from '../platform/metrics/registry.ts';
import { HOUR, ManualClock } from '../platform/time/clock.ts';
import { ledgerReport } from './ledger-report.ts';
import { openTocsin, readSettings } from './tocsin.ts';

test('an hour before a silence ends its team is told once, in its channel and by mail', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-silence-'));
  const clock = new ManualClock('2026-03-02T09:00:00Z');
  const { pipeline, app, lifecycle } = await openTocsin({
    folder,
    settings: readSettings({}),
    clock,
    rulesAreTrusted: true,
    url: 'http://127.0.0.1:8080',
    registry: createRegistry(),
    log: silentLogger,
  });
  await app.ready();
  try {
    const body = { product: 'dsl', by: 'ana', reason: 'planned work', endsAt: '2026-03-02T13:00:00Z' };
    expect((await app.inject({ method: 'POST', url: '/v1/silences', payload: body })).statusCode).toBe(201);
    const told = async () => {
      await pipeline.settle();
      const records = await pipeline.store.log.read('notification-outcomes', 0, 0, 100);
      return records.map(({ value }) => `${value.channel} ${value.outcome}`).sort();
    };
    expect(await told()).toEqual([]);
    clock.advance(3 * HOUR);
    expect(await told()).toEqual(['email delivered', 'slack delivered']);
    clock.advance(24 * HOUR);
    expect(await told()).toHaveLength(2);
    expect((await ledgerReport(pipeline.store, pipeline.runner)).meets).toBe(true);
  } finally {
    await lifecycle.close(5_000);
    rmSync(folder, { recursive: true });
  }
});
