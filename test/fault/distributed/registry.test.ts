import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ChangeName } from './controls/changes.ts';
import { IllRegistry } from './support/ill-registry.ts';
import { framed, inEach, produce } from './support/produce.ts';
import { NONE, type Scene, sceneOn, seconds, sharedServers, untilTrue } from './support/scene.ts';

const ILLNESSES = ['down', 'slow', '404'] as const;
const PARTITIONS = 2;

describe('a schema registry that is', () => {
  const { scene, registry } = withRegistry([]);

  test.each(ILLNESSES)('%s stops nothing whose schema has been seen', async (illness) => {
    await heard(scene(), 20);
    registry().fallIll(illness);
    await heard(scene(), 20);
    expect(registry().asked).toBe(0);
    expect(await scene().damage()).toEqual(NONE);
    expect(scene().fleet.gaveUp).toEqual([]);
  });

  test.each(ILLNESSES)(
    '%s, and a schema that nobody has seen: it is waited for, asked for seldom, then set aside',
    async (illness) => {
      const parked = (await scene().parked()).length;
      registry().fallIll(illness);
      // A schema that was set aside is not asked for again for a minute.
      const unknown = framed(4_000_000 + ILLNESSES.indexOf(illness), 1, 2, 3);
      await produce(sharedServers(), `${scene().prefix}complaints`, inEach(PARTITIONS, unknown));
      // 404 is an answer; any other is waited for, half a minute long.
      await heard(scene(), 20, illness === '404' ? 25 : 120);
      // Three tries at a time, at intervals that grow to ten seconds, for each partition.
      expect(registry().asked).toBeLessThan(PARTITIONS * 3 * 10);
      expect(await scene().damage()).toEqual(NONE);
      expect(scene().fleet.gaveUp).toEqual([]);
      const reasons = (await scene().parked()).map(({ reason }) => reason);
      expect(reasons).toEqual(Array(parked + PARTITIONS).fill('not_decodable'));
    },
  );
});

describe('control: where every record asks again, a schema registry that is', () => {
  const { scene, registry } = withRegistry(['known schemas']);

  test.each(ILLNESSES)('%s stops everything', async (illness) => {
    await heard(scene(), 20);
    const before = await scene().raised();
    registry().fallIll(illness);
    await scene().producing.once(20);
    expect(await untilTrue(async () => registry().asked > 0, 60)).toBe(true);
    await seconds(5);
    expect(await scene().raised()).toEqual(before);
  });
});

/** A scene behind a way to the registry that gets well after each test. */
function withRegistry(changes: readonly ChangeName[]): { scene: () => Scene; registry: () => IllRegistry } {
  let registry: IllRegistry;
  beforeAll(async () => {
    registry = new IllRegistry(sharedServers().registryUrl);
    await registry.start();
  });
  const scene = sceneOn(sharedServers)(() => ({
    partitions: PARTITIONS,
    changes,
    registryUrl: registry.urlOf(sharedServers().registryUrl),
  }));
  afterEach(() => registry.getWell());
  afterAll(() => registry?.stop());
  return { scene, registry: () => registry };
}

/** More customers are heard, and each has an alert in time. */
async function heard(scene: Scene, customers: number, withinSeconds = 60): Promise<void> {
  await scene.producing.once(customers);
  const { heard } = scene.producing;
  expect(await untilTrue(async () => (await scene.raised()).size === heard, withinSeconds)).toBe(true);
}
