import { describe, expect, type TestContext, test } from 'vitest';
import { IllRegistry } from './support/ill-registry.ts';
import { NONE, type Scene, scenesOn, serversOf, untilTrue, useBench } from './support/scene.ts';

const bench = useBench();
const open = scenesOn(() => serversOf(bench()));

describe('a service that starts while one of its servers does not answer waits, says so, and begins when it comes', () => {
  test('PostgreSQL', async (context) => {
    const scene = await open(context, { partitions: 2 });
    await begins(scene, {
      gone: () => bench().postgres.kill(),
      back: () => bench().postgres.start(),
      says: /the database cannot be used now/,
    });
  });

  test('Kafka', async (context) => {
    const scene = await open(context, { partitions: 2 });
    const [broker] = bench().kafka.nodes;
    await begins(scene, {
      gone: async () => broker?.kill(),
      back: async () => broker?.start(),
      says: /no Kafka broker answers/,
    });
  });

  test('the schema registry', async (context) => {
    const registry = await registryThatFalls(context);
    const scene = await open(context, { partitions: 2, registryUrl: registry.urlOf(bench().registry.url) });
    await begins(scene, {
      gone: async () => registry.fallIll('down'),
      back: async () => registry.getWell(),
      says: /the registry does not answer/,
    });
  });
});

interface Missing {
  gone(): Promise<void>;
  back(): Promise<void>;
  /** What the service says that it waits for. */
  readonly says: RegExp;
}

/** A gateway is started again while a server is gone. */
async function begins({ fleet, producing, damage }: Scene, { gone, back, says }: Missing): Promise<void> {
  await producing.once(5);
  await fleet.end(fleet.of('ingestion'));
  await gone();
  const gateway = await fleet.start('ingestion');
  expect(await untilTrue(async () => says.test(await textOf(`${gateway.url}/readyz`)), 60)).toBe(true);
  expect(await textOf(`${gateway.url}/metrics`)).toMatch(/^tocsin_kafka_consumer_running\{.*\} 0$/m);
  const answer = await fetch(`${gateway.url}/v1/complaints`, { method: 'POST', body: '[]' });
  expect([answer.status, await answer.json()]).toEqual([
    503,
    expect.objectContaining({ detail: expect.stringContaining('ingestion waits for its servers') }),
  ]);
  await back();
  await fleet.ready();
  await producing.once(5);
  expect(await damage()).toEqual(NONE);
  expect(fleet.gaveUp).toEqual([]);
}

const textOf = (url: string): Promise<string> =>
  fetch(url).then(
    (answer) => answer.text(),
    () => '',
  );

async function registryThatFalls(context: TestContext): Promise<IllRegistry> {
  const registry = new IllRegistry(bench().registry.url);
  await registry.start();
  context.onTestFinished(() => registry.stop());
  return registry;
}
