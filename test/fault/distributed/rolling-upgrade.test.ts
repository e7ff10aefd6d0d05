import { describe, expect, test } from 'vitest';
import { STORY_LENGTH } from '../../../services/loop-closure/domain/customer-view.ts';
import { SERVICE_NAMES, type ServiceProcess } from './support/child-services.ts';
import { NONE, type Scene, scenesOn, seconds, sharedServers, untilTrue } from './support/scene.ts';

const open = scenesOn(sharedServers);

/** Instances of the version before, and of this one. */
const BEFORE = { changes: ['layout before'] } as const;
const NOW = { changes: [] } as const;

describe('a rolling upgrade under load, from tables of the version before', () => {
  test('and back again: instances of both work side by side, nothing is lost, doubled or set aside', async (context) => {
    const scene = await open(context, { ...BEFORE, sessionMs: 30_000 });
    const instances = await withSeconds(scene, BEFORE);
    expect(await steps(scene)).not.toContain(NEWEST);
    scene.producing.start(25);
    const talking = talkOn(scene);
    await seconds(5);
    for (const version of [NOW, BEFORE]) {
      for (const name of SERVICE_NAMES) {
        const older = instances.filter((one) => one.name === name);
        // Where there are two, one of each version works for a while, and partitions go to and fro between them.
        for (const old of older) {
          const after = await scene.fleet.start(name, version);
          await after.ready();
          expect(await scene.fleet.end(old)).toMatchObject({ code: 0 });
          await scene.fleet.ready();
          instances.push(after);
          instances.splice(instances.indexOf(old), 1);
        }
      }
      expect(await steps(scene)).toContain(NEWEST);
    }
    await talking.stop();
    expect(await scene.damage()).toEqual(NONE);
    expect(scene.fleet.gaveUp).toEqual([]);
    expect(await scene.parked()).toEqual([]);
    expect(await talking.heardOf(scene)).toEqual(talking.said());
    context.annotate(`${scene.producing.heard} customers, ${talking.said().length} who went on talking`);
  });

  test('control: a step that takes away what the version before writes stops it', async (context) => {
    const scene = await open(context, { ...BEFORE, sessionMs: 30_000 });
    await scene.fleet.start('notification', { changes: ['contracted too early'] });
    expect(await untilTrue(async () => (await steps(scene)).includes(NEWEST), 60)).toBe(true);
    await scene.producing.once(5);
    const { lost } = await scene.damage(30_000);
    expect(lost).toHaveLength(5);
  });
});

const NEWEST = '0008-state-at';

/** Of services with states of customers and of alerts there are two instances. */
const TWICE = ['scoring', 'alerting'] as const;

async function withSeconds({ fleet }: Scene, options: typeof BEFORE): Promise<ServiceProcess[]> {
  const first = SERVICE_NAMES.map((name) => fleet.of(name));
  const second = await Promise.all(TWICE.map((name) => fleet.start(name, options)));
  await fleet.ready();
  return [...first, ...second];
}

/** Some customers who say something every now and then, so that what is remembered of them goes through both versions. */
function talkOn({ fleet }: Scene) {
  const customers = Array.from({ length: 20 }, (_, n) => `c-talks-${n}`);
  const said = new Map(customers.map((customer) => [customer, 0]));
  let stopped = false;
  const running = (async () => {
    for (let turn = 0; !stopped; turn++) {
      const records = customers.map((customerId) => ({
        id: `${customerId}-${turn}`,
        customerId,
        occurredAt: Date.now(),
        text: 'Your service is slow today.',
      }));
      if (await accepted(`${fleet.of('ingestion').url}/v1/complaints`, records))
        for (const customer of customers) said.set(customer, turn + 1);
      else turn--;
      await seconds(3);
    }
  })();
  return {
    stop: () => {
      stopped = true;
      return running;
    },
    said: () => [...said].map(([customer, times]) => [customer, Math.min(times, STORY_LENGTH)]),
    /** How many assessments each has in the story. */
    heardOf: async ({ postgres }: Scene) => {
      const rows = await postgres.query<{ key: string; body: string }>(STORIES, []);
      return rows.map(({ key, body }) => {
        // The slot holds where the latest assessments lie.
        const { 'customer-view': places = [] } = JSON.parse(body) as { 'customer-view'?: number[] };
        return [key, places.length];
      });
    },
  };
}

async function accepted(url: string, records: readonly object[]): Promise<boolean> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(records),
      signal: AbortSignal.timeout(10_000),
    });
    return answer.ok;
  } catch {
    // The instance has gone; the next one is asked, and knows what came already.
    return false;
  }
}

const steps = async ({ postgres }: Scene): Promise<readonly string[]> =>
  (await postgres.query<{ id: string }>(STEPS, [])).map(({ id }) => id);

const STEPS = { name: 'test-steps', text: 'SELECT id FROM migration' };
const STORIES = {
  name: 'test-stories',
  text: `SELECT key, body FROM state WHERE consumer = 'loop-closure' AND key_space = 'customer'
         AND key LIKE 'c-talks-%' ORDER BY length(key), key`,
};
