import { expect, test } from 'vitest';
import { openWorld, type World } from '../support/world/world.ts';
import { calledBack, TOM, tomCallsAgain, tomWantsToCancel } from './cast.ts';

test('a customer who calls again two days after the close is a new cycle with clocks of its own', async () => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  await tomIsSaved(world);
  await world.advance('2d');
  await tomCallsAgain(world);
  const alert = await world.theAlert();
  expect(alert).toMatchObject({
    alertId: `cancel-intent-in-call:${TOM}#2`,
    cycle: 2,
    status: 'open',
    person: 'ben',
  });
  expect(alert.cycles.map(({ status }) => status)).toEqual(['open', 'closed']);
  expect(alert.deadlines[0]).toMatchObject({ deadline: 'ack_by', dueAt: '2026-03-04T10:30:00.000Z' });
  world.slack.channel('#retention').expects('New alert', 'Tom Berg');
  world.slack.person('ben').expects('New alert', 'Tom Berg');
});

test('a match in the cool-down tells nobody, and is kept with its reason', async () => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  await tomIsSaved(world);
  await world.advance('4d');
  await tomCallsAgain(world);
  expect(await world.alerts()).toEqual([]);
  expect(await world.held()).toMatchObject([
    { ruleId: 'cancel-intent-in-call', subject: TOM, reason: 'cooldown', words: expect.any(String) },
  ]);
});

test('after the cool-down a match is a new alert', async () => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  await tomIsSaved(world);
  await world.advance('7d');
  await tomCallsAgain(world);
  expect(await world.theAlert()).toMatchObject({ status: 'open' });
  world.slack.channel('#retention').expects('New alert', 'Tom Berg');
  world.slack.person('ben').expects('New alert', 'Tom Berg');
});

test('who was said to be saved and left all the same is no save thirty days later', async () => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  await tomIsSaved(world);
  await world.advance('10d');
  await world.customer(TOM, { id: 'crm-left', attributes: { active: false } });
  expect((await world.kpis()).kept).toMatchObject([{ days: 30, all: { saved: { of: 0 } } }, { days: 90 }]);
  await world.advance('22d');
  const [after30, after90] = (await world.kpis()).kept;
  expect(after30).toMatchObject({ running: 0, unknown: 0, all: { saved: { of: 1, n: 0 } } });
  expect(after30?.byRootCause).toMatchObject([{ id: 'price', recovered: { of: 1, n: 0 } }]);
  expect(after90).toMatchObject({ running: 0, all: { saved: { of: 0 } } });
});

/** At eleven the loop is closed. */
async function tomIsSaved(world: World): Promise<void> {
  const { inChannel } = await tomWantsToCancel(world);
  await inChannel.click('Acknowledge', 'ben');
  await world.advance('1h');
  await calledBack(world, TOM);
  await inChannel.click('Close', 'ben', { outcome: 'saved', rootCause: 'price' });
}
