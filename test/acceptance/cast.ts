import type { World } from '../support/world/world.ts';

// People of the stories. Ben looks after both, so that it is known who is told.

/** A gold customer, and what she complains about. Two complaints raise `complaint-repeat-high-value`. */
export const ADA = 'c-17';
const ADAS_COMPLAINTS = [
  'The internet has been down since yesterday. This is terrible, I work from home.',
  'Down again! Worst service ever, I am really angry.',
  'And again it is down. Awful.',
] as const;

export async function meetAda(world: World): Promise<void> {
  await world.customer(ADA, {
    emails: ['ada@example.org'],
    attributes: {
      name: 'Ada Vance',
      valueTier: 'gold',
      valuePerYear: 1440,
      tenureMonths: 38,
      accountManager: 'ben',
    },
  });
}

/** Her nth complaint, from 1. */
export const adaComplains = (world: World, n: 1 | 2 | 3) =>
  world.post('complaints', { customerId: ADA, channel: 'email', text: ADAS_COMPLAINTS[n - 1] ?? '' });

/** Ada has complained yesterday and complains again now; both messages about it are there. */
export async function adaHasComplainedTwice(world: World) {
  await meetAda(world);
  await adaComplains(world, 1);
  await world.advance('1d');
  await adaComplains(world, 2);
  return {
    inChannel: world.slack.channel('#retention').expects('New alert', 'Ada Vance'),
    toBen: world.slack.person('ben').expects('New alert', 'Ada Vance'),
  };
}

/** A silver customer of two years, who says on the phone that he will leave. Raises `cancel-intent-in-call`. */
export const TOM = 'c-23';

export async function tomWantsToCancel(world: World) {
  await world.customer(TOM, {
    attributes: { name: 'Tom Berg', valueTier: 'silver', tenureMonths: 26, accountManager: 'ben' },
  });
  await tomCallsAgain(world);
  return {
    inChannel: world.slack.channel('#retention').expects('New alert', 'Tom Berg'),
    toBen: world.slack.person('ben').expects('New alert', 'Tom Berg'),
  };
}

export const tomCallsAgain = (world: World) =>
  world.post('call-notes', {
    customerId: TOM,
    channel: 'phone',
    direction: 'inbound',
    text: 'Customer is disappointed with the price rise and wants to cancel the contract.',
  });

/** Somebody called a customer back and spoke to them, says the telephone system. */
export const calledBack = (world: World, customerId: string) =>
  world.post('call-notes', {
    customerId,
    channel: 'phone',
    direction: 'outbound',
    reached: true,
    agent: 'ben',
    text: 'Called back, apologised and agreed on what happens next.',
  });
