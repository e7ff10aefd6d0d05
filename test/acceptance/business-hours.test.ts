import { expect, test } from 'vitest';
import { openWorld } from '../support/world/world.ts';
import { TOM, tomCallsAgain } from './cast.ts';

test('time stands still over a weekend, and the hours of Monday are those of the new clock', async () => {
  // Friday, ten to six; in the night to Sunday, 29 March, clocks go forward.
  const world = await openWorld({ at: '2026-03-27T17:50+01:00' });
  await world.customer(TOM, { attributes: { name: 'Tom Berg', accountManager: 'ben', valueTier: 'silver' } });
  await tomCallsAgain(world);
  const message = world.slack.channel('#retention').expects('New alert', 'Tom Berg');
  world.slack.person('ben').expects('New alert');
  message.says(
    'Acknowledge by *Mon 30 Mar, 09:20 CEST* (30m',
    'Speak to the customer by *Mon 30 Mar, 12:50 CEST* (4h',
    'Close the loop by *Tue 31 Mar, 18:00 CEST* (2bd',
  );
  const due = Date.parse('2026-03-30T09:20+02:00');
  await world.advanceTo(due - 1);
  expect(await world.theAlert()).toMatchObject({ overdue: false });
  await world.advanceTo(due);
  expect(await world.theAlert()).toMatchObject({ overdue: true });
  world.slack.person('petra').expects('Not acknowledged');
  world.mail.expects('petra', 'Not acknowledged');
  world.slack.person('chloe').expects('New alert');
});

test('holidays are no working days', async () => {
  // Thursday before Easter: Good Friday to Easter Monday nobody works.
  const world = await openWorld({ at: '2026-04-02T17:50+02:00' });
  await world.customer(TOM, { attributes: { name: 'Tom Berg', accountManager: 'ben' } });
  await tomCallsAgain(world);
  world.slack.person('ben').expects('New alert');
  world.slack
    .channel('#retention')
    .expects('Acknowledge by *Tue 7 Apr, 09:20 CEST*', 'Close the loop by *Wed 8 Apr, 18:00 CEST*');
});

test('a customer elsewhere is called at an hour that the agent can see on the customer’s own clock', async () => {
  const world = await openWorld({ at: '2026-03-02T14:00+01:00' });
  await world.customer(TOM, {
    attributes: { name: 'Tom Berg', accountManager: 'ben', timezone: 'America/Chicago' },
  });
  await tomCallsAgain(world);
  world.slack.person('ben').expects('New alert');
  world.slack
    .channel('#retention')
    .expects('Speak to the customer by *Mon 2 Mar, 18:00 CET*', "customer's clock: Mon 2 Mar, 11:00");
});
