import { expect, test } from 'vitest';
import { openWorld } from '../support/world/world.ts';
import { adaComplains, adaHasComplainedTwice, meetAda, tomWantsToCancel } from './cast.ts';

test('what was said before a restart still counts after it', async () => {
  const world = await openWorld({ at: '2026-03-02T09:00+01:00' });
  await meetAda(world);
  await adaComplains(world, 1);
  await world.restart({ downFor: '1d' });
  await adaComplains(world, 2);
  world.slack.channel('#retention').expects('complaints in the last 14 days: 2', 'down since yesterday');
  world.slack.person('ben').expects('New alert');
});

test('an alert, its message and its deadlines outlive a restart', async () => {
  const world = await openWorld({ at: '2026-03-02T09:00+01:00' });
  const { inChannel } = await adaHasComplainedTwice(world);
  const before = await world.theAlert();
  await world.restart();
  expect(await world.theAlert()).toEqual(before);
  await inChannel.click('Acknowledge', 'ben');
  inChannel.says('Taken by Ben Okafor');
  await world.restart();
  // Nobody is reminded of what was done before the restart.
  await world.advanceTo('2026-03-03T11:59+01:00');
});

test('a deadline that passed while nothing ran is missed once, and says that it was noticed late', async () => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  await tomWantsToCancel(world);
  await world.advance('20m');
  await world.restart({ downFor: '1h' });
  world.slack.person('petra').expects('Not acknowledged', 'Tom Berg', 'It was due Mon 2 Mar, 10:30 CET');
  world.mail.expects('petra', 'Not acknowledged');
  world.slack.person('chloe').expects('New alert', 'Tom Berg');
  await world.restart();
  const breaches = (await world.facts('alerts')).filter(({ type }) => type === 'breached');
  expect(breaches).toMatchObject([
    {
      milestone: 'ack_by',
      at: Date.parse('2026-03-02T10:30+01:00'),
      recordedAt: Date.parse('2026-03-02T11:20+01:00'),
    },
  ]);
});
