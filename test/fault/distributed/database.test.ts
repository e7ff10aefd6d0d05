import { describe, expect, type TestContext, test } from 'vitest';
import { folderOfOneRule } from './support/one-rule.ts';
import { NONE, type Scene, scenesOn, seconds, serversOf, useBench } from './support/scene.ts';
import { SlowDatabase } from './support/slow-database.ts';

const bench = useBench();
const open = scenesOn(() => serversOf(bench()));

describe('PostgreSQL killed with -9, down for a minute, started again', () => {
  test('senders are told to come again; nothing is lost, nothing opened twice, no process gives up', async (context) => {
    const scene = await open(context);
    await downFor(scene, 60);
    expect(await scene.damage()).toEqual(NONE);
    expect(scene.fleet.gaveUp).toEqual([]);
  });

  test('control: a gateway that answers before it has stored loses what came meanwhile', async (context) => {
    const scene = await open(context, { changes: ['storing first'] });
    await downFor(scene, 5);
    expect((await scene.damage(60_000)).lost).not.toEqual([]);
  });
});

async function downFor({ fleet, producing }: Scene, downSeconds: number): Promise<void> {
  producing.start();
  await seconds(2);
  await bench().postgres.kill();
  await seconds(downSeconds);
  await bench().postgres.start();
  await fleet.ready();
  await seconds(2);
}

describe.concurrent('PostgreSQL that takes two seconds for every question', () => {
  test('slows everything down, and stops nothing: forty customers are handled meanwhile', async (context) => {
    const scene = await slowly(context, []);
    expect(await scene.damage(SLOW_RUN_MS)).toEqual(NONE);
    expect(scene.fleet.gaveUp).toEqual([]);
  });

  test('control: with a transaction for each record it does not get done', async (context) => {
    const scene = await slowly(context, ['batches']);
    expect((await scene.damage(SLOW_RUN_MS / 2)).stuck).not.toEqual([]);
  });

  /** A pass takes five to ten questions, and five services one after the other have one: about 100 s. */
  const SLOW_RUN_MS = 240_000;

  async function slowly(context: TestContext, changes: readonly ['batches'] | readonly []): Promise<Scene> {
    const way = new SlowDatabase(bench().postgres.url);
    await way.start();
    context.onTestFinished(() => way.stop());
    // Nobody is told: messages to one address go one after the other, each with questions of its own.
    const { rules } = folderOfOneRule(context, { ackBy: '1d', tellAt: 'close_by' });
    const scene = await open(context, {
      changes,
      partitions: 1,
      databaseUrl: (real) => way.urlOf(real),
      env: { TOCSIN_RULES_DIR: rules },
    });
    context.onTestFinished(() => {
      way.delayMs = 0;
    });
    way.delayMs = 2_000;
    await scene.producing.once(40);
    return scene;
  }
});
