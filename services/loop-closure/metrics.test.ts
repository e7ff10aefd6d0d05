import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { exampleEvent } from './domain/example.ts';
import { createLoopClosureMetrics } from './metrics.ts';

const open = () => {
  const registry = new Registry();
  const metrics = createLoopClosureMetrics(registry);
  const happen = (changes: Parameters<typeof exampleEvent>[0]) => {
    const value = exampleEvent(changes);
    metrics.onFact({ topic: 'alerts', key: value.alertKey, value });
  };
  return { registry, happen };
};

test('an order is counted once by verb and place, however many events it has', async () => {
  const { registry, happen } = open();
  happen({ type: 'woken', commandId: 'slack/snooze/x' });
  happen({ type: 'snoozed', commandId: 'slack/snooze/x' });
  expect(await registry.metrics()).toContain('tocsin_alert_commands_total{verb="snooze",via="slack"} 1');
});

test('a refusal is counted with its reason', async () => {
  const { registry, happen } = open();
  happen({ type: 'refused', refusal: 'contact_missing', commandId: 'api/close/x' });
  const text = await registry.metrics();
  expect(text).toContain('tocsin_alert_commands_refused_total{reason="contact_missing"} 1');
  expect(text).toContain('tocsin_alert_commands_total{verb="close",via="api"} 1');
});

test('every combination is there from the start, and no id makes a new one', async () => {
  const { registry, happen } = open();
  const lines = async () => (await registry.metrics()).split('\n').length;
  const before = await lines();
  happen({ type: 'closed', commandId: 'elsewhere/anything/x' });
  happen({ type: 'raised' });
  expect(await lines()).toBe(before);
});
