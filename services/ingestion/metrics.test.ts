import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { Signal } from '../contracts/signal.ts';
import { HOUR } from '../platform/time/clock.ts';
import { createIngestionMetrics } from './metrics.ts';

const SAID: Signal = {
  id: 'complaints/1',
  type: 'complaint.received',
  customerId: 'c1',
  quarantined: false,
  occurredAt: 0,
  receivedAt: 0,
  source: 'complaints',
  channel: 'web',
};

const shown = async (registry: Registry, line: string) =>
  (await registry.metrics())
    .split('\n')
    .find((each) => each.startsWith(`${line} `))
    ?.slice(line.length + 1);

test('every refusal, repeat and signal can be seen before the first one happens', async () => {
  const registry = new Registry();
  createIngestionMetrics(registry);
  expect(await shown(registry, 'tocsin_events_rejected_total{source="complaints",reason="missing"}')).toBe(
    '0',
  );
  expect(await shown(registry, 'tocsin_events_duplicate_total{source="crm-records"}')).toBe('0');
  expect(
    await shown(
      registry,
      'tocsin_events_ingested_total{service="ingestion",source="social-posts",type="post.published"}',
    ),
  ).toBe('0');
});

test('a signal is late when it is heard more than an hour after what it tells of', async () => {
  const registry = new Registry();
  const metrics = createIngestionMetrics(registry);
  const line = 'tocsin_events_late_total{source="complaints"}';
  const heard = (occurredAt: number): void =>
    metrics.onFact({ topic: 'signals', key: 'c1', value: { ...SAID, occurredAt, receivedAt: HOUR } });
  heard(0);
  expect(await shown(registry, line)).toBe('0');
  heard(-1);
  expect(await shown(registry, line)).toBe('1');
});

test('signals are counted by source and type, other facts are not', async () => {
  const registry = new Registry();
  const metrics = createIngestionMetrics(registry);
  metrics.onFact({ topic: 'signals', key: 'c1', value: SAID });
  metrics.onFact({ topic: 'identities', key: 'x', value: { type: 'said', identity: 'x', signal: SAID } });
  const line =
    'tocsin_events_ingested_total{service="ingestion",source="complaints",type="complaint.received"}';
  expect(await shown(registry, line)).toBe('1');
});
