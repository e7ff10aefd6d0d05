import { expect, test } from 'vitest';
import { openWorld, type World } from '../support/world/world.ts';
import { TOM } from './cast.ts';

const meetTom = (world: World) =>
  world.customer(TOM, {
    handles: ['chirp:tom_b'],
    attributes: { name: 'Tom Berg', valueTier: 'gold', accountManager: 'ben' },
  });

/** Who hears first of an alert, by team. */
const TOLD: Readonly<Record<string, { readonly channel: string; readonly person: string }>> = {
  retention: { channel: '#retention', person: 'ben' },
  complaints: { channel: '#complaints', person: 'farah' },
  'social-care': { channel: '#social-care', person: 'dilek' },
};

test.each([
  {
    source: 'crm-records',
    record: { customerId: TOM, event: 'order_delayed', daysLate: 4, text: 'Router is late.' },
    rule: 'order-delayed',
    team: 'retention',
  },
  {
    source: 'complaints',
    record: { customerId: TOM, channel: 'letter', text: 'Refund me, or my lawyer will write to you.' },
    rule: 'legal-or-regulator-threat',
    team: 'complaints',
  },
  {
    source: 'call-notes',
    record: { customerId: TOM, text: 'Customer was polite and wants to cancel the contract.' },
    rule: 'cancel-intent-in-call',
    team: 'retention',
  },
  {
    source: 'social-posts',
    record: { handle: 'tom_b', network: 'chirp', followers: 8000, text: 'What a horrible, useless service.' },
    rule: 'public-post-with-reach',
    team: 'social-care',
  },
] as const)('$source: trouble reaches somebody at once', async ({ source, record, rule, team }) => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  await meetTom(world);
  expect(await world.post(source, record)).toMatchObject({ status: 202 });
  const alert = await world.theAlert();
  expect(alert).toMatchObject({ ruleId: rule, team, subject: TOM });
  expect(alert.evidence).toMatchObject([{ source }]);
  const { channel, person } = TOLD[team] ?? { channel: '', person: '' };
  world.slack.channel(channel).expects('New alert', 'Tom Berg');
  world.slack.person(person).expects('New alert', 'Tom Berg');
});

test('an order that is late is acted on before the customer complains', async () => {
  const world = await openWorld({ at: '2026-03-02T10:00+01:00' });
  await meetTom(world);
  await world.post('crm-records', { customerId: TOM, event: 'order_delayed', daysLate: 6 });
  const message = world.slack.channel('#retention').expects('New alert', 'Order is late');
  world.slack.person('ben').expects('New alert');
  message.says(
    'days late: 6',
    'What to do',
    'The order is 6 days late; find the real new date before you call',
  );
  // Nobody has complained, and surveys leave him alone.
  expect((await world.facts('signals')).map(({ type }) => type)).not.toContain('complaint.received');
  expect((await world.facts('contact-holds')).at(-1)).toMatchObject({ customerId: TOM, held: true });
});
