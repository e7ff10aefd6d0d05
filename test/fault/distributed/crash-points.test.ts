import { rmSync } from 'node:fs';
import { describe, expect, type TestContext, test } from 'vitest';
import { z } from 'zod';
import { FakeSlack, type SlackMessage } from '../../support/fake-slack.ts';
import { rule, writeRulesFolder } from '../support/rules-folder.ts';
import type { ChangeName } from './controls/changes.ts';
import type { ServiceName } from './support/child-services.ts';
import { NONE, type Scene, scenesOn, seconds, sharedServers, untilTrue } from './support/scene.ts';

const open = scenesOn(sharedServers);

type Kill = readonly [service: ServiceName, point: string];

/** Six kills at once each: every crash point that a service has. What is read at a start is passed once. */
const ROUNDS: readonly (readonly Kill[])[] = [
  [
    ['ingestion', 'cp1'],
    ['scoring', 'cp2'],
    ['action-management', 'cp3'],
    ['alerting', 'cp8'],
    ['notification', 'cp5'],
    ['loop-closure', 'cp10'],
  ],
  [
    ['ingestion', 'cp2'],
    ['scoring', 'cp3'],
    ['action-management', 'cp4'],
    ['alerting', 'cp1'],
    ['notification', 'cp6'],
    ['loop-closure', 'cp3'],
  ],
  [
    ['ingestion', 'cp4'],
    ['scoring', 'cp1'],
    ['action-management', 'cp1'],
    ['alerting', 'cp3'],
    ['notification', 'cp7'],
    ['loop-closure', 'cp4'],
  ],
];

describe.concurrent('killed with -9', () => {
  test.for([
    ['first', 1],
    ['third', 3],
    ['tenth', 10],
  ] as const)('at every crash point, the %s time that it comes there', async ([, pass], context) => {
    const { scene, slack } = await stage(context, []);
    for (const kills of ROUNDS) await killAt(scene, kills, pass);
    await killAtStart(scene);
    await scene.fleet.ready();
    // What a sender had claimed when it died is taken up after 90 seconds.
    expect(await scene.damage(240_000)).toEqual(NONE);
    await toldOfAll(scene, slack);
  });

  test('control: without knowing repeats, what a relay sends again counts again', async (context) => {
    const { scene } = await stage(context, ['knowing repeats']);
    await killAt(scene, [['scoring', 'cp1']], 3);
    expect((await scene.damage(CONTROL_MS)).unbalanced).not.toEqual([]);
  });

  test('control: without an outbox that keeps what was not sent, it is lost', async (context) => {
    const { scene } = await stage(context, ['outbox']);
    await killAt(scene, [['scoring', 'cp1']], 3);
    expect((await scene.damage(CONTROL_MS)).lost).not.toEqual([]);
  });
});

const CONTROL_MS = 30_000;

/** People are told in Slack, and most milestones are missed, so that every point is passed again and again. */
async function stage(
  context: TestContext,
  changes: readonly ChangeName[],
): Promise<{ scene: Scene; slack: FakeSlack }> {
  const slack = await FakeSlack.start();
  const rules = writeRulesFolder({ 'cancel-intent-in-writing': RULE });
  const env = {
    TOCSIN_RULES_DIR: rules,
    TOCSIN_SLACK_TOKEN: 'xoxb-fake',
    TOCSIN_SLACK_API_URL: slack.apiUrl,
  };
  const scene = await open(context, { partitions: 2, changes, env });
  context.onTestFinished(async () => {
    await slack.stop();
    rmSync(rules, { recursive: true });
  });
  scene.fleet.supervise();
  return { scene, slack };
}

const RULE = rule(
  'cancel-intent-in-writing',
  'live',
  `
  listen: [complaint.received]
  windows: {complaints: {of: complaint.received, fn: count, over: 14d}}
  when: {complaints: {gte: 1}}
  timebox: {calendar: 24x7, ack_by: 2s, close_by: 2d}
  escalate: [{at: opened, notify: ["slack:team"], template: open}]
`,
);

/** Starts these services with a failpoint each, and keeps the company busy until all have died of it. */
async function killAt(scene: Scene, kills: readonly Kill[], pass: number): Promise<void> {
  const { fleet, producing } = scene;
  const before = fleet.gaveUp.length;
  for (const [service, point] of kills) {
    await fleet.kill(await fleet.present(service));
    await fleet.startLike(service, { TOCSIN_FAILPOINT: `${point}:kill@${pass}` });
  }
  const until = performance.now() + KILLED_WITHIN_MS;
  // On a busy machine one may also give up by itself, with a code.
  const killed = () => fleet.gaveUp.slice(before).filter(({ code }) => code === null);
  while (killed().length < kills.length) {
    if (performance.now() > until) {
      throw new Error(`killed were only ${JSON.stringify(killed())} of ${JSON.stringify(kills)}`);
    }
    await producing.once();
    await acknowledgeOne(scene);
    await seconds(0.4);
  }
  const names = killed().map(({ name }) => name);
  expect(names.sort()).toEqual(kills.map(([name]) => name).sort());
}

/** A start takes two seconds, and twenty times as long where other tests run beside. */
const KILLED_WITHIN_MS = 300_000;

/** While it reads its rules. */
async function killAtStart({ fleet }: Scene): Promise<void> {
  await fleet.kill(await fleet.present('action-management'));
  const started = await fleet.startLike('action-management', { TOCSIN_FAILPOINT: 'cp9:kill@1' });
  expect(await started.ended).toBe(null);
}

/** Every second alert finds somebody in time; whoever is not answered asks again for another one. */
async function acknowledgeOne({ fleet }: Scene): Promise<void> {
  try {
    const { url } = fleet.of('loop-closure');
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(3_000) });
    const { alerts } = (await (await ask('/v1/alerts?status=open')).json()) as {
      readonly alerts: readonly { readonly alertId: string }[];
    };
    const one = alerts.find(({ alertId }) => /[02468]#1$/.test(alertId));
    if (one === undefined) return;
    await ask(`/v1/alerts/${encodeURIComponent(one.alertId)}/acknowledge`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ by: 'm01' }),
    });
  } catch {
    // Nobody there at this moment, or killed while it answered.
  }
}

/** Each alert was told of; a message came twice only where its sender died before it knew of the answer. */
async function toldOfAll({ producing }: Scene, slack: FakeSlack): Promise<void> {
  const told = () => slack.messages.filter(({ threadTs }) => threadTs === undefined).map(alertOf);
  const customers = await producing.stop();
  expect(await untilTrue(async () => new Set(told()).size >= customers.length, 180)).toBe(true);
  expect([...new Set(told())].sort()).toEqual(
    customers.map((id) => `cancel-intent-in-writing:${id}#1`).sort(),
  );
  expect(told().length - new Set(told()).size).toBeLessThanOrEqual(DIED_WHILE_SENDING);
}

/** At cp6 and cp7. */
const DIED_WHILE_SENDING = 2;

const marked = z.object({ event_payload: z.object({ alert_id: z.string() }) });
const alertOf = ({ metadata }: SlackMessage): string => marked.parse(metadata).event_payload.alert_id;
