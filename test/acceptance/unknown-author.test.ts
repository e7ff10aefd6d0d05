import { expect, test } from 'vitest';
import { openWorld, type World } from '../support/world/world.ts';

const HANDLE = 'handle:chirp:mad_max';
const MAX = 'c-31';

test('a loud post by somebody we do not know is brought to the team that answers in public', async () => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  await madMaxPosts(world, 1);
  expect(await world.theAlert()).toMatchObject({
    ruleId: 'public-post-with-reach',
    subject: `quarantine:${HANDLE}`,
    team: 'social-care',
  });
  expectWord(world, '@mad_max on chirp, not known as a customer');
});

test('what somebody unknown wrote is theirs once the CRM says who they are, and raises the alert of a customer', async () => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  await madMaxPosts(world, 1);
  expectWord(world, '@mad_max');
  await world.advance('10m');
  await maxIsKnown(world);
  expectWord(world, 'Max Holm', 'Third outage this month. Horrible company');
  const [alert] = await world.alerts(`customer=${MAX}`);
  expect(alert).toMatchObject({ ruleId: 'public-post-with-reach', customerName: 'Max Holm' });
  const { story } = await world.alert(alert?.alertId ?? '');
  expect(story.map(({ words }) => words)).toContain('earlier words were joined to this customer (the CRM)');
  expect(story[0]).toMatchObject({ quote: expect.stringContaining('Third outage this month') });
});

test('what a known author writes is theirs at once, and tells of one alert only', async () => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  await maxIsKnown(world);
  await madMaxPosts(world, 1);
  expectWord(world, 'Max Holm');
  expect(await world.theAlert()).toMatchObject({ subject: MAX });
});

test('a join that was wrong is taken back by somebody, who is named, and the handle is nobody’s again', async () => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  await maxIsKnown(world);
  const order = { identity: HANDLE, customerId: MAX, reason: 'another Max', by: 'olga' };
  expect(await world.send('/v1/identities/separate', order)).toMatchObject({ status: 202 });
  await madMaxPosts(world, 1);
  expectWord(world, '@mad_max');
  expect(await world.alerts(`customer=${MAX}`)).toEqual([]);
  const { body } = await world.get(`/v1/customers/${MAX}`);
  expect(body).toMatchObject({
    story: expect.arrayContaining([
      expect.objectContaining({ actor: 'olga', words: expect.stringContaining('another Max') }),
    ]),
  });
});

/** In the CRM Max has an account manager, so it is known who is told: of a public post it is still the team. */
const maxIsKnown = (world: World) =>
  world.customer(MAX, { handles: ['chirp:mad_max'], attributes: { name: 'Max Holm' } });

const madMaxPosts = (world: World, n: number) =>
  world.post('social-posts', {
    id: `p-${n}`,
    handle: '@mad_max',
    network: 'chirp',
    followers: 20_000,
    text: 'Third outage this month. Horrible company, avoid them!',
    url: `https://chirp.example/mad_max/${n}`,
  });

/** Emil is on shift and is told, and so is his team. */
function expectWord(world: World, ...words: readonly string[]): void {
  world.slack.channel('#social-care').expects('New alert', ...words);
  world.slack.person('emil').expects('New alert', ...words);
}
