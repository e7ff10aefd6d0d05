import { expect, test } from 'vitest';
import { openWorld } from '../support/world/world.ts';
import { TOM, tomCallsAgain } from './cast.ts';

const MONDAY = '2026-03-02T10:00+01:00';

test('what we said ourselves is ignored', async () => {
  const world = await openWorld({ at: MONDAY, env: { TOCSIN_OWN_HANDLES: 'chirp:nordlicht' } });
  const post = { network: 'chirp', followers: 90_000, text: 'Sorry for the awful outage, we hate it too.' };
  expect(await world.post('social-posts', { ...post, handle: '@Nordlicht' })).toMatchObject({
    status: 200,
    body: { status: 'ignored', reason: 'own_message' },
  });
  expect(await world.post('social-posts', { ...post, handle: '@sister_brand', own: true })).toMatchObject({
    body: { status: 'ignored', reason: 'own_message' },
  });
  expect(await world.facts('signals')).toEqual([]);
});

test('a mail that a machine wrote is ignored, our own alerts among them', async () => {
  const world = await openWorld({ at: MONDAY, env: { TOCSIN_OWN_EMAILS: 'tocsin@example.com' } });
  const absent = {
    email: 'tom@example.org',
    text: 'Automatic reply: I am out of office and want to cancel.',
  };
  expect(await world.post('complaints', absent)).toMatchObject({
    status: 200,
    body: { status: 'ignored', reason: 'auto_submitted' },
  });
  const own = { email: 'tocsin@example.com', text: '[P1] New alert: Tom Berg wants to cancel' };
  expect(await world.post('complaints', own)).toMatchObject({
    body: { status: 'ignored', reason: 'own_message' },
  });
  expect(await world.facts('signals')).toEqual([]);
});

test('a customer whom nobody may approach is not brought up, and the reason is kept', async () => {
  const world = await openWorld({ at: MONDAY });
  await world.customer(TOM, { attributes: { name: 'Tom Berg', flags: ['legal_hold'] } });
  await tomCallsAgain(world);
  expect(await world.alerts()).toEqual([]);
  expect(await world.held()).toMatchObject([
    { ruleId: 'cancel-intent-in-call', subject: TOM, customerName: 'Tom Berg', reason: 'mute' },
  ]);
  expect(await world.facts('contact-holds')).toEqual([]);
});

test('a rule in shadow counts what it would have done, and tells nobody', async () => {
  const world = await openWorld({ at: MONDAY });
  await world.customer(TOM, { attributes: { name: 'Tom Berg', accountManager: 'ben' } });
  await world.post('call-notes', {
    customerId: TOM,
    text: 'Customer is unhappy with the speed and says that a competitor is much cheaper. Bad mood.',
  });
  expect(await world.alerts()).toEqual([]);
  expect(await world.alerts('stage=shadow')).toMatchObject([{ ruleId: 'competitor-named', subject: TOM }]);
  expect(await world.facts('contact-holds')).toEqual([]);
  // Its deadlines pass as well, in silence.
  await world.advance('4d');
  expect(await world.alerts('stage=shadow')).toMatchObject([{ overdue: true }]);
});

test('what an import brings up from last week raises no alert today', async () => {
  const world = await openWorld({ at: MONDAY });
  await world.customer(TOM, { attributes: { name: 'Tom Berg' } });
  await world.post('call-notes', {
    customerId: TOM,
    occurredAt: world.now - 7 * 86_400_000,
    text: 'Customer wants to cancel the contract.',
  });
  expect(await world.alerts()).toEqual([]);
  expect(await world.held()).toMatchObject([{ subject: TOM, reason: 'too_old' }]);
});
