import { describe, expect, test } from 'vitest';
import { SERVICE_NAMES, type ServiceName } from './support/child-services.ts';
import { folderOfOneRule } from './support/one-rule.ts';
import {
  NONE,
  type Scene,
  SESSION_MS,
  scenesOn,
  seconds,
  sharedServers,
  untilTrue,
} from './support/scene.ts';

const open = scenesOn(sharedServers);

describe.concurrent('instances', () => {
  test('each service killed in turn, and started again: nothing is lost, nothing opened twice', async (context) => {
    const scene = await open(context);
    scene.producing.start();
    for (const name of SERVICE_NAMES) {
      await seconds(1);
      await scene.fleet.kill(scene.fleet.of(name));
      await scene.fleet.start(name);
    }
    await scene.fleet.ready();
    await seconds(2);
    expect(await scene.damage()).toEqual(NONE);
    expect(scene.fleet.gaveUp).toEqual([]);
  });

  test('added and removed every five seconds for two minutes: nothing is lost, nothing opened twice', async (context) => {
    const scene = await open(context);
    await comeAndGo(scene, 24);
    expect(await scene.damage()).toEqual(NONE);
    expect(scene.fleet.gaveUp).toEqual([]);
    expect(scene.producing.heard).toBeGreaterThan(500);
  });

  test('control: without positions in the database what arrives between two owners is lost', async (context) => {
    const scene = await open(context, { changes: ['positions'] });
    await scene.fleet.kill(scene.fleet.of('scoring'));
    await scene.producing.once(20);
    const arrived = async (): Promise<boolean> => {
      const waits = (await scene.waits()).join();
      return waits.includes('scoring has read 0 of signals') && !waits.includes('outbox');
    };
    expect(await untilTrue(arrived, 60)).toBe(true);
    await scene.fleet.start('scoring');
    await scene.fleet.ready();
    expect((await scene.damage(CONTROL_MS)).lost).not.toEqual([]);
  });

  test('one that stood still past its session, with a commit in its hands, is refused and does no harm', async (context) => {
    const scene = await open(context);
    await sleepPastSession(scene);
    expect(await scene.damage()).toEqual(NONE);
    expect(scene.fleet.gaveUp).toEqual([]);
  });

  test('control: without the fence its commit undoes what its successor did', async (context) => {
    const scene = await open(context, { changes: ['fence'] });
    await sleepPastSession(scene);
    const { unbalanced, doubled } = await scene.damage(CONTROL_MS);
    expect([...unbalanced, ...doubled]).not.toEqual([]);
  });

  test('a SIGTERM hands everything over within ten seconds: positions, state, timers and outbox', async (context) => {
    // A milestone is missed after the hand-over.
    const { rules } = folderOfOneRule(context, { ackBy: '20s' });
    const scene = await open(context, { env: { TOCSIN_RULES_DIR: rules } });
    for (const name of STATEFUL) await scene.fleet.start(name);
    await scene.fleet.ready();
    scene.producing.start();
    await seconds(3);
    for (const name of STATEFUL) {
      const { code, ms } = await scene.fleet.end(scene.fleet.of(name));
      expect({ name, code, inTime: ms < 10_000 }).toEqual({ name, code: 0, inTime: true });
    }
    await seconds(1);
    expect(await scene.damage()).toEqual(NONE);
    // The timers of the first instances' alerts fired at their successors', once each.
    await untilAllMissed(scene);
    expect(await scene.damage()).toEqual(NONE);
  });
});

const CONTROL_MS = 30_000;
const STATEFUL: readonly ServiceName[] = ['scoring', 'action-management', 'alerting', 'loop-closure'];

/** Every five seconds two more instances; half of them end as in a deployment, half as in a crash. */
async function comeAndGo({ fleet, producing }: Scene, turns: number): Promise<void> {
  producing.start();
  for (let turn = 0; turn < turns; turn++) {
    const names = [SERVICE_NAMES[turn % 6], SERVICE_NAMES[(turn + 3) % 6]].filter(
      (name) => name !== undefined,
    );
    const extra = await Promise.all(names.map((name) => fleet.start(name)));
    await seconds(5);
    for (const instance of extra) {
      if (turn % 2 === 0) await fleet.end(instance);
      else await fleet.kill(instance);
    }
  }
}

/** An instance of alerting is stopped just before a commit, loses its partitions, and goes on. */
async function sleepPastSession({ fleet, producing }: Scene): Promise<void> {
  const zombie = await fleet.startLike('alerting', {}, ['hold']);
  await fleet.ready();
  producing.start();
  await seconds(2);
  zombie.signal('SIGUSR2');
  await zombie.standsStill();
  await seconds(SESSION_MS / 1_000 + 4);
  zombie.signal('SIGCONT');
  await seconds(5);
  await fleet.ready();
}

async function untilAllMissed({ postgres, producing }: Scene): Promise<void> {
  const until = performance.now() + 60_000;
  for (;;) {
    const rows = await postgres.query<{ missed: string }>(MISSED, []);
    const counts = rows.map(({ missed }) => Number(missed));
    if (counts.length === producing.heard) return expect(counts.every((count) => count === 1)).toBe(true);
    if (performance.now() > until)
      throw new Error(`${counts.length} of ${producing.heard} milestones were missed`);
    await seconds(0.2);
  }
}

const MISSED = {
  name: 'test-missed',
  text: `SELECT subject, count(*) AS missed FROM loop_audit WHERE body::json ->> 'action' = 'breached' GROUP BY subject`,
};
