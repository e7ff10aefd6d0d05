import { expect, test } from 'vitest';
import { openWorld } from '../support/world/world.ts';
import { adaHasComplainedTwice } from './cast.ts';

const TUESDAY = '2026-03-03';

test('an alert that is acknowledged in Slack says so in place, everywhere, and reminds nobody', async () => {
  const world = await openWorld({ at: '2026-03-02T09:00+01:00' });
  const { inChannel, toBen } = await adaHasComplainedTwice(world);
  await world.advance('20m');
  await inChannel.click('Acknowledge', 'ana');
  for (const message of [inChannel, toBen]) {
    message.says('Taken by Ana Kowalski, Tue 3 Mar, 09:20 CET', '✅ Acknowledge by');
    expect(message.buttons).toEqual(['Log contact', 'Snooze', 'Close']);
    expect(message.edits).toBe(1);
  }
  await world.advanceTo(`${TUESDAY}T11:59+01:00`);
  expect(await world.theAlert()).toMatchObject({ status: 'acknowledged', acknowledgedBy: 'ana', rung: 0 });
});

test('an alert that nobody acknowledges is missed to the second, goes to the lead and to the next person', async () => {
  const world = await openWorld({ at: '2026-03-02T09:00+01:00' });
  const { inChannel } = await adaHasComplainedTwice(world);
  await world.advanceTo(`${TUESDAY}T09:29:59+01:00`);
  expect(await world.theAlert()).toMatchObject({ overdue: false, rung: 0, person: 'ben' });

  await world.advance('1s');
  const due = Date.parse(`${TUESDAY}T09:30+01:00`);
  const events = await world.facts('alerts');
  expect(events.filter(({ type }) => type === 'breached')).toMatchObject([
    { milestone: 'ack_by', at: due, recordedAt: due },
  ]);
  world.slack
    .person('petra')
    .expects('Not acknowledged', 'Ada Vance', 'Nobody has taken this alert. It was due Tue 3 Mar, 09:30 CET');
  world.mail.expects('petra', 'Not acknowledged', 'Ada Vance', 'Down again! Worst service ever');
  world.slack.person('chloe').expects('New alert', 'Ada Vance');
  inChannel.says('Owner: Chloé Marchand (Retention)', '❌ Acknowledge by');
  expect(await world.theAlert()).toMatchObject({ overdue: true, rung: 1, person: 'chloe' });
});

test('an acknowledgement that a colleague was faster with is refused, and the first one stays', async () => {
  const world = await openWorld({ at: '2026-03-02T09:00+01:00' });
  await adaHasComplainedTwice(world);
  const { alertId } = await world.theAlert();
  expect(await world.order(alertId, 'acknowledge', { by: 'ana' })).toMatchObject({ status: 200 });
  expect(await world.order(alertId, 'acknowledge', { by: 'ben' })).toMatchObject({
    status: 409,
    body: { type: 'urn:tocsin:problem:already_acknowledged' },
  });
  expect(await world.theAlert()).toMatchObject({ acknowledgedBy: 'ana' });
});

test('a button that is pressed twice is one order', async () => {
  const world = await openWorld({ at: '2026-03-02T09:00+01:00' });
  const { inChannel, toBen } = await adaHasComplainedTwice(world);
  await Promise.all([inChannel.click('Acknowledge', 'ben'), toBen.click('Acknowledge', 'ben')]);
  const events = await world.facts('alerts');
  const told = events.filter(({ alert }) => alert.stage === 'live');
  expect(told.map(({ type }) => type)).toEqual(['raised', 'acknowledged']);
});
