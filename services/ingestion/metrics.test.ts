import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { Signal } from '../contracts/signal.ts';
import { createIngestionMetrics } from './metrics.ts';

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

test('signals are counted by source and type, other facts are not', async () => {
  const registry = new Registry();
  const metrics = createIngestionMetrics(registry);
  const value: Signal = {
    id: 'complaints/1',
    type: 'complaint.received',
    customerId: 'c1',
    quarantined: false,
    occurredAt: 0,
    receivedAt: 0,
    source: 'complaints',
    channel: 'web',
  };
  metrics.onFact({ topic: 'signals', key: 'c1', value });
  metrics.onFact({ topic: 'identities', key: 'x', value: { type: 'said', identity: 'x', signal: value } });
  const line =
    'tocsin_events_ingested_total{service="ingestion",source="complaints",type="complaint.received"}';
  expect(await shown(registry, line)).toBe('1');
});
