import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { Lag } from '../event-log/partition-ends.ts';
import { createKafkaMetrics } from './kafka-metrics.ts';

const lines = async (registry: Registry, name: string): Promise<string[]> =>
  (await registry.getSingleMetricAsString(name))
    .split('\n')
    .filter((line) => !line.startsWith('#') && line !== '');

test('lag is shown for each partition that is open here, and no longer once it is elsewhere', async () => {
  const registry = new Registry();
  const metrics = createKafkaMetrics(registry, 'scoring', 'retention.scoring');
  let lags: Lag[] = [
    { topic: 'signals', partition: 0, records: 0, seconds: 0 },
    { topic: 'signals', partition: 3, records: 12, seconds: 40 },
  ];
  metrics.watch(
    () => lags,
    () => true,
  );
  const whose = 'service="scoring",group="retention.scoring"';
  const messages = 'tocsin_kafka_consumer_lag_messages';
  expect(await lines(registry, messages)).toEqual([
    `${messages}{${whose},topic="signals",partition="0"} 0`,
    `${messages}{${whose},topic="signals",partition="3"} 12`,
  ]);
  const seconds = 'tocsin_kafka_consumer_lag_seconds';
  expect(await lines(registry, seconds)).toContain(`${seconds}{${whose},topic="signals",partition="3"} 40`);
  lags = lags.slice(0, 1);
  expect(await lines(registry, messages)).toHaveLength(1);
  const running = 'tocsin_kafka_consumer_running';
  expect(await lines(registry, running)).toEqual([`${running}{${whose}} 1`]);
});
