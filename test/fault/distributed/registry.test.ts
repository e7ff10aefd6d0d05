import { describe, expect, type TestContext, test } from 'vitest';
import type { ChangeName } from './controls/changes.ts';
import { type Illness, IllRegistry } from './support/ill-registry.ts';
import { framed, produce } from './support/produce.ts';
import { NONE, type Scene, scenesOn, seconds, untilTrue, useBench } from './support/scene.ts';

const bench = useBench();
const open = scenesOn(bench);
const ILLNESSES = ['down', 'slow', '404'] as const;

describe.concurrent('a schema registry that is', () => {
  test.for(ILLNESSES)('%s stops nothing whose schema has been seen', async (illness, context) => {
    const { scene, registry } = await withIllRegistry(context, illness, []);
    await scene.producing.once(20);
    await untilTrue(async () => (await scene.opened()) === 40, 30);
    expect({ opened: await scene.opened(), asked: registry.asked }).toEqual({ opened: 40, asked: 0 });
    registry.illness = 'none';
    expect(await scene.damage()).toEqual(NONE);
    expect(scene.fleet.gaveUp).toEqual([]);
  });

  test.for(ILLNESSES)(
    '%s: control: where every record asks again, nothing goes on',
    async (illness, context) => {
      const { scene, registry } = await withIllRegistry(context, illness, ['known schemas']);
      await scene.producing.once(20);
      await seconds(10);
      expect(await scene.opened()).toBe(20);
      expect(registry.asked).toBeGreaterThan(0);
    },
  );

  test.for(ILLNESSES)(
    '%s, and a schema that nobody has seen: it is waited for, asked for seldom, then set aside',
    async (illness, context) => {
      const { scene, registry } = await withIllRegistry(context, illness, []);
      await produce(bench(), `${scene.prefix}complaints`, scene.partitions, framed(4_000_000, 1, 2, 3));
      await scene.producing.once(20);
      expect(await untilTrue(async () => (await scene.opened()) === 40, illness === '404' ? 10 : 60)).toBe(
        true,
      );
      // Three tries at a time, at intervals that grow to ten seconds, for each partition.
      expect(registry.asked).toBeLessThan(scene.partitions * 3 * 10);
      expect(await scene.damage()).toEqual(NONE);
      expect(await scene.parked()).toEqual(Array(scene.partitions).fill('not_decodable'));
    },
  );
});

/** Twenty customers were heard while it was well. */
async function withIllRegistry(
  context: TestContext,
  illness: Illness,
  changes: readonly ChangeName[],
): Promise<{ scene: Scene; registry: IllRegistry }> {
  const registry = new IllRegistry(bench().registry.url);
  await registry.start();
  context.onTestFinished(() => registry.stop());
  const scene = await open(context, {
    partitions: 2,
    changes,
    registryUrl: registry.urlOf(bench().registry.url),
  });
  await scene.producing.once(20);
  expect(await untilTrue(async () => (await scene.opened()) === 20, 60)).toBe(true);
  registry.illness = illness;
  return { scene, registry };
}
