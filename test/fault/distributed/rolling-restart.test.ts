import { describe, expect, test } from 'vitest';
import { SERVICE_NAMES } from './support/child-services.ts';
import { folderOfOneRule } from './support/one-rule.ts';
import { NONE, type Scene, scenesOn, seconds, sharedServers, untilTrue } from './support/scene.ts';

const open = scenesOn(sharedServers);

/** Deadlines fall due all the time, so that a gap in their firing shows. */
const ACK_BY = '10s';

describe.concurrent('a rolling restart of every service under load, with a change of rules', () => {
  test('leaves no time box late by more than a minute, loses nothing and doubles nothing', async (context) => {
    const { rules, change } = folderOfOneRule(context, { ackBy: ACK_BY });
    const scene = await open(context, { env: { TOCSIN_RULES_DIR: rules }, sessionMs: 30_000 });
    scene.producing.start(25);
    await seconds(5);
    change({ ackBy: ACK_BY, severity: 'P1' });
    for (const name of SERVICE_NAMES) {
      const before = scene.fleet.of(name);
      const after = await scene.fleet.start(name);
      await after.ready();
      const { code, ms } = await scene.fleet.end(before);
      expect({ name, code, inTime: ms < 10_000 }).toEqual({ name, code: 0, inTime: true });
      await scene.fleet.ready();
    }
    await seconds(5);
    expect(await scene.damage()).toEqual(NONE);
    expect(scene.fleet.gaveUp).toEqual([]);
    expect(scene.producing.heard).toBeGreaterThan(100);
    const deadlines = await missedDeadlines(scene);
    expect(deadlines.filter(({ times }) => times !== 1)).toEqual([]);
    const latest = Math.max(...deadlines.map(({ lateMs }) => lateMs));
    context.annotate(`${scene.producing.heard} customers, latest time box ${Math.round(latest)} ms late`);
    expect(latest).toBeLessThan(60_000);
    expect(await severities(scene)).toEqual(['P1', 'P2']);
  });

  test('control: an alerting that is ended before its successor is there makes time boxes late', async (context) => {
    const { rules } = folderOfOneRule(context, { ackBy: ACK_BY });
    const scene = await open(context, { env: { TOCSIN_RULES_DIR: rules }, sessionMs: 30_000 });
    scene.producing.start();
    await seconds(5);
    await scene.fleet.end(scene.fleet.of('alerting'));
    await seconds(75);
    await scene.fleet.start('alerting');
    await scene.fleet.ready();
    expect(await scene.damage()).toEqual(NONE);
    const deadlines = await missedDeadlines(scene);
    expect(Math.max(...deadlines.map(({ lateMs }) => lateMs))).toBeGreaterThan(60_000);
  });
});

interface Deadline {
  readonly times: number;
  readonly lateMs: number;
}

/** Of every customer who was heard, once the last of them fell due: how often it was recorded, and how late. */
async function missedDeadlines({ postgres, producing }: Scene): Promise<readonly Deadline[]> {
  const read = () => postgres.query<{ times: string; late: string }>(MISSED, []);
  expect(await untilTrue(async () => (await read()).length === producing.heard, 90)).toBe(true);
  return (await read()).map(({ times, late }) => ({ times: Number(times), lateMs: Number(late) }));
}

async function severities({ postgres }: Scene): Promise<readonly string[]> {
  return (await postgres.query<{ severity: string }>(SEVERITIES, [])).map(({ severity }) => severity);
}

const MISSED = {
  name: 'test-missed-deadlines',
  text: `SELECT count(*) AS times, max((body::json ->> 'recordedAt')::bigint - (body::json ->> 'at')::bigint) AS late
         FROM loop_audit WHERE body::json ->> 'action' = 'breached' GROUP BY subject`,
};
const SEVERITIES = {
  name: 'test-severities',
  text: 'SELECT DISTINCT severity FROM loop_alert ORDER BY severity',
};
