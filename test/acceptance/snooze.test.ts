import { expect, test } from 'vitest';
import { openWorld } from '../support/world/world.ts';
import { tomWantsToCancel } from './cast.ts';

test('a snoozed alert keeps quiet until its end, then comes back to its owner', async () => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  const { inChannel, toBen } = await tomWantsToCancel(world);
  expect(await inChannel.click('Snooze', 'ben', { for: '1h', reason: 'in a meeting' })).toEqual({});
  inChannel.says('Snoozed by Ben Okafor until Mon 2 Mar, 11:00 CET: in a meeting');
  expect(inChannel.buttons).not.toContain('Snooze');
  await world.advance('59m');
  expect(await world.theAlert()).toMatchObject({ status: 'snoozed' });
  await world.advance('1m');
  expect(await world.theAlert()).toMatchObject({ status: 'acknowledged' });
  const back = world.slack.person('ben').expects('Reminder', 'Tom Berg');
  expect(back.isReplyTo(toBen)).toBe(true);
});

test('a snooze without a reason is not taken', async () => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  const { inChannel } = await tomWantsToCancel(world);
  expect(await inChannel.click('Snooze', 'ben', { for: '1h' })).toEqual({
    reason: expect.stringContaining('reason'),
  });
  expect(await world.theAlert()).toMatchObject({ status: 'open' });
});

test('a promise to a customer cannot be snoozed away: its deadline is missed on time, and the lead hears of it', async () => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  const { inChannel } = await tomWantsToCancel(world);
  await inChannel.click('Snooze', 'ben', { for: '1d', reason: 'customer is travelling' });
  await world.advanceTo('2026-03-02T14:00+01:00');
  world.slack.person('petra').expects('Time box missed', 'Tom Berg');
  world.mail.expects('head-of-retention', 'Time box missed', 'Tom Berg');
  const events = await world.facts('alerts');
  expect(events.filter(({ type, alert }) => type === 'breached' && alert.stage === 'live')).toMatchObject([
    { milestone: 'contact_by', at: Date.parse('2026-03-02T14:00+01:00') },
  ]);
});
