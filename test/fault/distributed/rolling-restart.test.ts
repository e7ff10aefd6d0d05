import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { onlyTheseRules } from '../../support/rules-folder.ts';
import { SERVICE_NAMES } from './support/child-services.ts';
import { NONE, type Scene, scenesOn, seconds, sharedServers, untilTrue } from './support/scene.ts';

const open = scenesOn(sharedServers);

const FILE = 'cancel-intent-in-writing.rule.yaml';
/** Deadlines fall due all the time, so that a gap in their firing shows. */
const rule = (severity: string): string => `
apiVersion: tocsin/v1
kind: Rule
metadata: {id: cancel-intent-in-writing, title: Wants to cancel, owner: team/retention, stage: live}
spec:
  listen: [complaint.received]
  windows: {complaints: {of: complaint.received, fn: count, over: 14d}}
  when: {complaints: {gte: 1}}
  severity: [{set: ${severity}}]
  timebox: {calendar: 24x7, ack_by: 10s, close_by: 2d}
  route: [{to: team/retention}]
  escalate: [{at: opened, notify: ["slack:team"], template: open}]
  suppress: {dedupe_key: "{rule.id}:{customer_id}", merge_open: true}
`;

describe.concurrent('a rolling restart of every service under load, with a change of rules', () => {
  test('leaves no time box late by more than a minute, loses nothing and doubles nothing', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'tocsin-rolling-'));
    context.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const rules = onlyTheseRules(join(folder, 'rules'), { [FILE]: rule('P2') });
    const scene = await open(context, { env: { TOCSIN_RULES_DIR: rules }, sessionMs: 30_000 });
    scene.producing.start();
    await seconds(5);
    // Those that are started from here on have the new set; the others go on with theirs.
    writeFileSync(join(rules, FILE), rule('P1'));
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
    const folder = mkdtempSync(join(tmpdir(), 'tocsin-rolling-'));
    context.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const rules = onlyTheseRules(join(folder, 'rules'), { [FILE]: rule('P2') });
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
