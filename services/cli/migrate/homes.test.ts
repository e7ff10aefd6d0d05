import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openTocsin, readSettings } from '../../embedded/tocsin.ts';
import { silentLogger } from '../../platform/logging/logger.ts';
import { systemClock } from '../../platform/time/clock.ts';
import { HOMES } from './homes.ts';

test('every process of the embedded pipeline has a service to move to', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-homes-'));
  const settings = readSettings({});
  const url = 'http://127.0.0.1:8080';
  const tocsin = await openTocsin({
    folder,
    settings,
    clock: systemClock,
    url,
    log: silentLogger,
    rulesAreTrusted: true,
  });
  const names = tocsin.pipeline.runner.processes().map(({ name }) => name);
  await tocsin.lifecycle.close(10_000);
  rmSync(folder, { recursive: true });
  expect(names.toSorted()).toEqual(Object.keys(HOMES).toSorted());
});
