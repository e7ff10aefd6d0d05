import { describe, expect, type TestContext, test } from 'vitest';
import type { KafkaBroker } from '../../bench-servers/kafka.ts';
import { askKafka } from '../../support/kafka-admin.ts';
import type { ChangeName } from './controls/changes.ts';
import { NONE, type Scene, scenesOn, seconds, serversOf, untilTrue, useBench } from './support/scene.ts';

const bench = useBench({ brokers: 3 });
const openScene = scenesOn(() => serversOf(bench()));

/** Whoever gives up is started again, as an orchestrator does. */
async function open(context: TestContext, changes: readonly ChangeName[] = []): Promise<Scene> {
  const scene = await openScene(context, { changes });
  scene.fleet.supervise();
  scene.producing.start();
  await seconds(2);
  return scene;
}

describe('three brokers', () => {
  test('one killed with -9 and started again three seconds later', async (context) => {
    const scene = await open(context);
    await restart(brokerAt(0), 3);
    await scene.fleet.ready();
    await seconds(2);
    expect(await scene.damage()).toEqual(NONE);
    expect(scene.fleet.gaveUp).toEqual([]);
  });

  test('every leader moved, three times, from broker to broker', async (context) => {
    const scene = await open(context);
    for (const [place, broker] of bench().kafka.nodes.entries()) {
      expect(await leadersOf(scene)).toContain(broker.id);
      await brokerAt(place).kill();
      expect(await untilTrue(async () => !(await leadersOf(scene)).includes(broker.id), 60)).toBe(true);
      await seconds(2);
      await brokerAt(place).start();
      expect(await untilTrue(async () => allInStep(scene), 60)).toBe(true);
    }
    await scene.fleet.ready();
    expect(await scene.damage()).toEqual(NONE);
    expect(scene.fleet.gaveUp).toEqual([]);
  });

  test('all of them down for two minutes: records are taken meanwhile, and none is lost or doubled', async (context) => {
    const scene = await open(context);
    const before = scene.producing.heard;
    await allDown(120);
    // The gateway keeps them in its outbox.
    expect(scene.producing.heard).toBeGreaterThan(before + 500);
    await scene.fleet.ready();
    expect(await scene.damage()).toEqual(NONE);
    expect(scene.fleet.gaveUp).toEqual([]);
  });

  test('control: where the outbox does not wait for Kafka, what was under way is lost', async (context) => {
    const scene = await open(context, ['outbox']);
    await allDown(10);
    await scene.fleet.ready();
    expect((await scene.damage(30_000)).lost).not.toEqual([]);
  });

  test('control: where one leader need not have what it was sent, its death loses it', async (context) => {
    const scene = await open(context, ['acknowledgements']);
    // Stopped first, so that it takes bytes and stores nothing.
    for (const { signal } of bench().kafka.nodes) signal('SIGSTOP');
    await seconds(2);
    await allDown(1);
    await scene.fleet.ready();
    expect((await scene.damage(30_000)).lost).not.toEqual([]);
  });
});

function brokerAt(place: number): KafkaBroker {
  const broker = bench().kafka.nodes[place];
  if (broker === undefined) throw new Error(`the bench has no broker ${place}`);
  return broker;
}

async function restart(broker: KafkaBroker, downSeconds: number): Promise<void> {
  await broker.kill();
  await seconds(downSeconds);
  await broker.start();
}

async function allDown(downSeconds: number): Promise<void> {
  const { nodes } = bench().kafka;
  await Promise.all(nodes.map((broker) => broker.kill()));
  await seconds(downSeconds);
  await Promise.all(nodes.map((broker) => broker.start()));
}

const partitionsOf = ({ prefix }: Scene) =>
  askKafka(bench().kafka.brokers, async (admin) => {
    const topics = ['complaints', 'signals', 'assessments', 'alert-requests', 'alerts'];
    const metadata = await admin.fetchTopicMetadata({ topics: topics.map((topic) => `${prefix}${topic}`) });
    return metadata.topics.flatMap(({ partitions }) => partitions);
  });

/** Ids of the brokers that lead a partition now. */
const leadersOf = async (scene: Scene): Promise<readonly number[]> =>
  (await partitionsOf(scene)).map(({ leader }) => leader);

const allInStep = async (scene: Scene): Promise<boolean> =>
  (await partitionsOf(scene)).every(({ isr }) => isr.length === 3);
