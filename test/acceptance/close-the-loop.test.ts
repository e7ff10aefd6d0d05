import { expect, test } from 'vitest';
import { openWorld, type World } from '../support/world/world.ts';
import { calledBack, TOM, tomWantsToCancel } from './cast.ts';

const SAVED = { outcome: 'saved', rootCause: 'price', by: 'ben' };

test('a call note of the telephone system proves the contact', async () => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  const { inChannel } = await tomWantsToCancel(world);
  await inChannel.click('Acknowledge', 'ben');
  await world.advance('1h');
  await calledBack(world, TOM);
  inChannel.says('customer spoken to, Mon 2 Mar, 11:00 CET', '✅ Speak to the customer');
  const alert = await world.theAlert();
  expect(alert.contact).toMatchObject({ proven: true, reached: true, by: { kind: 'record' } });
  // An hour before contact_by somebody would be reminded, and at contact_by told.
  await world.advanceTo('2026-03-03T12:00+01:00');
});

test('a call that reached nobody proves nothing', async () => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  const { inChannel, toBen } = await tomWantsToCancel(world);
  await inChannel.click('Acknowledge', 'ben');
  await world.post('call-notes', {
    customerId: TOM,
    direction: 'outbound',
    reached: false,
    text: 'No answer.',
  });
  expect((await world.theAlert()).contact).toBeUndefined();
  await world.advanceTo('2026-03-02T13:00+01:00');
  const nudge = world.slack.person('ben').expects('Reminder', 'Tom Berg', 'speak to the customer');
  expect(nudge.isReplyTo(toBen)).toBe(true);
});

test('a loop is not closed without a contact, and the form in Slack says why', async () => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  const { inChannel } = await tomWantsToCancel(world);
  const answer = await inChannel.click('Close', 'ben', { outcome: 'saved', rootCause: 'price' });
  expect(Object.values(answer)).toEqual([expect.stringContaining('contact')]);
  expect(await world.theAlert()).toMatchObject({ status: 'open' });
  expect(await holdOf(world)).toBe(true);
});

test.each([
  ['outcome', { rootCause: 'price' }, 422, 'outcome'],
  ['root cause', { outcome: 'saved' }, 422, 'rootCause'],
  ['contact', SAVED, 409, 'contact'],
])('a loop is not closed without %s, and the answer says so', async (_, body, status, words) => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  await tomWantsToCancel(world);
  const { alertId } = await world.theAlert();
  const answer = await world.order(alertId, 'close', body);
  expect(answer).toMatchObject({ status, body: { detail: expect.stringContaining(words) } });
});

test('a loop is not closed with an outcome that the rule does not know', async () => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  await tomWantsToCancel(world);
  await calledBack(world, TOM);
  const { alertId } = await world.theAlert();
  expect(await world.order(alertId, 'close', { ...SAVED, outcome: 'delighted' })).toMatchObject({
    status: 409,
    body: { type: 'urn:tocsin:problem:outcome_unknown' },
  });
});

test('a closed loop says how it ended, offers nothing more, and lets the customer go', async () => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  const { inChannel } = await tomWantsToCancel(world);
  expect(await holdOf(world)).toBe(true);
  await inChannel.click('Log contact', 'ben', {
    channel: 'phone',
    reached: 'yes',
    note: 'Moved to a plan that fits.',
  });
  await world.advance('30m');
  expect(await inChannel.click('Close', 'ben', { outcome: 'saved', rootCause: 'price' })).toEqual({});
  inChannel.says('Closed by Ben Okafor, Mon 2 Mar, 10:30 CET: saved, because of price');
  expect(inChannel.buttons).toEqual([]);
  expect(await holdOf(world)).toBe(false);
  expect(await world.alerts()).toEqual([]);
  const [closed] = await world.alerts('status=closed');
  expect(closed).toMatchObject({
    outcome: 'saved',
    rootCause: 'price',
    closedBy: 'ben',
    contactProven: false,
  });
  await world.advance('10d');
});

/** Whether surveys and marketing have to leave Tom alone now. */
async function holdOf(world: World): Promise<boolean | undefined> {
  const holds = await world.facts('contact-holds');
  return holds.findLast(({ customerId }) => customerId === TOM)?.held;
}
