import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openTocsin, readSettings, type Tocsin } from '../../services/embedded/tocsin.ts';
import { silentLogger } from '../../services/platform/logging/logger.ts';
import { createRegistry } from '../../services/platform/metrics/registry.ts';
import { CLOSE_WITHIN_MS } from '../../services/platform/process/lifecycle.ts';
import { ManualClock } from '../../services/platform/time/clock.ts';

/** The embedded Tocsin in a folder of its own, on a Monday morning that stands still; nothing runs. Closed after the test. */
export async function openedTocsin(
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly tocsin: Tocsin; readonly clock: ManualClock }> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-opened-'));
  const clock = new ManualClock('2026-03-02T10:00+01:00');
  const tocsin = await openTocsin({
    folder,
    settings: readSettings(env),
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
  return { tocsin, clock };
}
