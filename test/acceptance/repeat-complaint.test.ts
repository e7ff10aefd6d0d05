import { expect, test } from 'vitest';
import { openWorld } from '../support/world/world.ts';
import { ADA, adaComplains, adaHasComplainedTwice, meetAda } from './cast.ts';

test('one complaint of a high-value customer bothers nobody yet', async () => {
  const world = await openWorld({ at: '2026-03-02T09:00+01:00' });
  await meetAda(world);
  await adaComplains(world, 1);
  await world.advance('10d');
  expect(await world.alerts()).toEqual([]);
});

test('a high-value customer who complains again is brought to somebody, with all that a call needs', async () => {
  const world = await openWorld({ at: '2026-03-02T09:00+01:00' });
  const { inChannel } = await adaHasComplainedTwice(world);
  inChannel.says(
    'Ada Vance: High-value customer complains again',
    'Owner: Ben Okafor (Retention)',
    'Why',
    'customer tier: gold',
    'complaints in the last 14 days: 2 (at least 2)',
    "In the customer's words",
    'The internet has been down since yesterday.',
    'complaint by email, Mon 2 Mar, 09:00 CET',
    'Down again! Worst service ever',
    'gold, 1,440 a year',
    'Risk of leaving:',
    'What to do',
    '1. Read both complaints before you call',
    'By when',
    'Acknowledge by *Tue 3 Mar, 09:30 CET* (30m, business time)',
    'Speak to the customer by *Tue 3 Mar, 13:00 CET* (4h, business time)',
    'Close the loop by *Thu 5 Mar, 18:00 CET* (2bd, business time)',
    'Answer on e-mail',
  );
  expect(inChannel.buttons).toEqual(['Acknowledge', 'Log contact', 'Snooze', 'Close']);
});

test('a third complaint joins the open alert; only its owner is told that it has become more urgent', async () => {
  const world = await openWorld({ at: '2026-03-02T09:00+01:00' });
  const { inChannel, toBen } = await adaHasComplainedTwice(world);
  await inChannel.click('Acknowledge', 'ben');
  await world.advance('1h');
  await adaComplains(world, 3);
  expect(await world.theAlert()).toMatchObject({ evidenceCount: 3, severity: 'P1', status: 'acknowledged' });
  inChannel.says('And again it is down');
  const word = world.slack.person('ben').expects('Changed', 'P1', 'Ada Vance');
  expect(word.isReplyTo(toBen)).toBe(true);
});

test('an alert tells the whole story: what was said, who was told, what was done', async () => {
  const world = await openWorld({ at: '2026-03-02T09:00+01:00' });
  const { inChannel } = await adaHasComplainedTwice(world);
  await world.advance('10m');
  await inChannel.click('Acknowledge', 'ben');
  const { story, customer, evidence, history } = await world.theAlert();
  expect(customer).toMatchObject({ name: 'Ada Vance', valueTier: 'gold' });
  expect(evidence.map(({ quote }) => quote)).toEqual([
    expect.stringContaining('down since yesterday'),
    expect.stringContaining('Down again!'),
  ]);
  expect(story.map(({ who, words }) => `${who}: ${words}`)).toEqual([
    'customer: CRM profile changed (the CRM)',
    'customer: complained (e-mail)',
    'customer: complained (e-mail)',
    'tocsin: alert raised: High-value customer complains again',
    'tocsin: told #retention by Slack (new alert)',
    'tocsin: told Ben Okafor by Slack (new alert)',
    'person: acknowledged (Slack)',
  ]);
  expect(story[2]).toMatchObject({
    quote: expect.stringContaining('Down again!'),
    sentiment: { label: 'negative' },
    risk: { because: expect.arrayContaining(['2 complaints in the last 30 days']) },
  });
  expect(history.map(({ action, actor }) => `${action} by ${actor.id}`)).toEqual([
    'raised by alerting',
    'acknowledged by ben',
  ]);
});

test('a repeated record is answered as the repeat it is and counts once', async () => {
  const world = await openWorld({ at: '2026-03-02T09:00+01:00' });
  await meetAda(world);
  const complaint = { id: 'k-1', occurredAt: world.now, customerId: ADA, text: 'Down again, terrible.' };
  expect(await world.post('complaints', complaint)).toEqual({
    status: 202,
    body: { status: 'accepted', id: 'k-1' },
  });
  await world.advance('1h');
  expect(await world.post('complaints', complaint)).toEqual({
    status: 200,
    body: { status: 'repeated', id: 'k-1' },
  });
  expect(await world.facts('signals')).toHaveLength(2);
  expect(await world.alerts()).toEqual([]);
});
