import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { NO_OWN_VOICES, type OwnVoices } from '../../../services/ingestion/domain/ignore.ts';
import { createGateway } from '../../../services/ingestion/gateway.ts';
import type { IntakeMetrics } from '../../../services/ingestion/ports.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../../services/platform/database/embedded-store.ts';
import { ManualClock } from '../../../services/platform/time/clock.ts';

export const NOW = Date.UTC(2026, 10, 22, 12);

/** A gateway on a real log in a folder of its own, gone with the test. */
export function openWorld(own: OwnVoices = NO_OWN_VOICES) {
  const folder = temporaryFolder();
  const clock = new ManualClock(NOW);
  const store: EmbeddedStore = openEmbeddedStore(folder, clock, []);
  onTestFinished(() => store.close());
  const counted: string[] = [];
  const metrics: IntakeMetrics = {
    repeated: (source) => void counted.push(`repeated ${source}`),
    ignored: (source, reason) => void counted.push(`ignored ${source} ${reason}`),
    rejected: (source, reason) => void counted.push(`rejected ${source} ${reason}`),
  };
  const gateway = createGateway({ log: store.log, clock, metrics, own });
  return { folder, clock, store, gateway, metrics, counted };
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
