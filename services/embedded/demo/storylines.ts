import type { CustomerAttributes } from '../../contracts/sources.ts';
import { DAY, HOUR, MINUTE } from '../../platform/time/clock.ts';
import type { DemoCustomer } from './company.ts';
import type { Arrival } from './everyday.ts';

/** How the people of the company deal with the alert that a storyline raises. */
export type Handling =
  | 'prompt' // acknowledged at once, called, closed as saved
  | 'nobody' // not acknowledged until it escalates, then called by the lead
  | 'lost' // acknowledged and called, but the customer leaves
  | 'open'; // somebody has begun when the story ends

/** A customer's trouble, written out, so that every part of the pipeline is seen at work. */
export interface Storyline {
  readonly customer: DemoCustomer;
  readonly handling: Handling;
  readonly arrivals: readonly Arrival[];
}

/**
 * The trouble of the sixty days, which begin on a Monday at midnight. Each line takes a customer of its own
 * and begins on its own day, at an hour when the team is at work.
 */
export function writeStorylines(customers: readonly DemoCustomer[], start: number): Storyline[] {
  const cast = new Cast(customers);
  return [
    complainsAgain(cast.next(), start + 3 * DAY + 9 * HOUR, 'prompt'),
    wantsToCancel(cast.next(), start + 7 * DAY + 10 * HOUR, 'nobody'),
    postsInPublic(cast.nextWithHandle(), start + 9 * DAY + 8 * HOUR, 'prompt'),
    orderLate(cast.next(), start + 14 * DAY + 9 * HOUR, 'prompt'),
    postsUnknown(cast.nextWithoutHandle(), start + 16 * DAY + 9 * HOUR, 'prompt'),
    mutedByFlag(cast.next(), start + 21 * DAY + 9 * HOUR),
    wantsToCancel(cast.next(), start + 23 * DAY + 11 * HOUR, 'lost'),
    complainsAgain(cast.next(), start + 28 * DAY + 10 * HOUR, 'nobody'),
    paymentFails(cast.next(), start + 30 * DAY + 9 * HOUR, 'prompt'),
    threatensLawyer(cast.next(), start + 35 * DAY + 9 * HOUR, 'prompt'),
    toldThreeTimes(cast.next(), start + 37 * DAY + 9 * HOUR, 'prompt'),
    wantsToCancel(cast.next(), start + 42 * DAY + 9 * HOUR, 'prompt'),
    postsInPublic(cast.nextWithHandle(), start + 44 * DAY + 10 * HOUR, 'nobody'),
    orderLate(cast.next(), start + 49 * DAY + 9 * HOUR, 'prompt'),
    wantsToCancel(cast.next(), start + 51 * DAY + 9 * HOUR, 'prompt'),
    complainsAgain(cast.next(), start + 52 * DAY + 10 * HOUR, 'prompt'),
    wantsToCancel(cast.next(), start + 58 * DAY + 9 * HOUR, 'open'),
  ];
}

/** Hands out customers, each once. */
class Cast {
  readonly #free: DemoCustomer[];

  constructor(customers: readonly DemoCustomer[]) {
    this.#free = [...customers];
  }

  next = (): DemoCustomer => this.#take(() => true);
  nextWithHandle = (): DemoCustomer => this.#take((customer) => customer.handleKnown);
  nextWithoutHandle = (): DemoCustomer => this.#take((customer) => !customer.handleKnown);

  #take(suits: (customer: DemoCustomer) => boolean): DemoCustomer {
    const [customer] = this.#free.splice(this.#free.findIndex(suits), 1);
    if (customer === undefined) throw new Error('the made-up company has too few customers for the story');
    return customer;
  }
}

function complainsAgain(customer: DemoCustomer, at: number, handling: Handling): Storyline {
  const complaint = (n: number, when: number, text: string): Arrival => ({
    at: when,
    source: 'complaints',
    record: {
      id: `story-${customer.id}-${n}`,
      email: customer.email,
      occurredAt: when,
      channel: 'email',
      text,
      product: 'fibre',
    },
  });
  return {
    customer,
    handling,
    arrivals: [
      becomes(customer, at - 2 * DAY, { valueTier: 'gold', valuePerYear: 1440 }),
      complaint(
        1,
        at,
        'The internet has been down since yesterday. This is terrible, I work from home and cannot do my job.',
      ),
      complaint(
        2,
        at + 4 * DAY,
        'Down again! Nobody called me back as promised. Worst service ever, I am really angry.',
      ),
    ],
  };
}

function wantsToCancel(customer: DemoCustomer, at: number, handling: Handling): Storyline {
  return {
    customer,
    handling,
    arrivals: [
      note(
        customer,
        1,
        at,
        'Customer is very disappointed with the price rise and wants to cancel the contract. Says a competitor is cheaper.',
      ),
    ],
  };
}

function postsInPublic(customer: DemoCustomer, at: number, handling: Handling): Storyline {
  return {
    customer,
    handling,
    arrivals: [
      shout(
        customer,
        1,
        at,
        'Third outage this month and @nordlicht does not answer. Horrible company, avoid them! #fail',
        48_000,
        120,
      ),
    ],
  };
}

/** Nobody knows whose handle it is, until the CRM learns it the day after. */
function postsUnknown(customer: DemoCustomer, at: number, handling: Handling): Storyline {
  return {
    customer,
    handling,
    arrivals: [
      shout(
        customer,
        1,
        at,
        'I am so fed up with Nordlicht, awful hotline, switching to another provider next week',
        15_000,
        35,
      ),
      {
        at: at + DAY,
        source: 'crm-records',
        record: {
          id: `story-${customer.id}-claim`,
          customerId: customer.id,
          event: 'profile_updated',
          occurredAt: at + DAY,
          handles: [`chirp:${customer.handle}`],
        },
      },
    ],
  };
}

function orderLate(customer: DemoCustomer, at: number, handling: Handling): Storyline {
  return {
    customer,
    handling,
    arrivals: [
      becomes(customer, at - DAY, { valueTier: 'platinum', valuePerYear: 2400 }),
      {
        at,
        source: 'crm-records',
        record: {
          id: `story-${customer.id}-late`,
          customerId: customer.id,
          event: 'order_delayed',
          occurredAt: at,
          daysLate: 6,
          product: 'fibre',
          text: 'Router delivery is six days late.',
        },
      },
    ],
  };
}

function paymentFails(customer: DemoCustomer, at: number, handling: Handling): Storyline {
  const failed = (n: number, when: number): Arrival => ({
    at: when,
    source: 'crm-records',
    record: {
      id: `story-${customer.id}-pay${n}`,
      customerId: customer.id,
      event: 'payment_failed',
      occurredAt: when,
      amount: 39.9,
    },
  });
  return { customer, handling, arrivals: [failed(1, at), failed(2, at + 3 * DAY)] };
}

function threatensLawyer(customer: DemoCustomer, at: number, handling: Handling): Storyline {
  return {
    customer,
    handling,
    arrivals: [
      {
        at,
        source: 'complaints',
        record: {
          id: `story-${customer.id}-law`,
          customerId: customer.id,
          occurredAt: at,
          channel: 'letter',
          text: 'You charged me twice and ignore my letters. If I do not get a refund my lawyer will take over and I will report you to the regulator.',
        },
      },
    ],
  };
}

function toldThreeTimes(customer: DemoCustomer, at: number, handling: Handling): Storyline {
  const text =
    'Customer had to explain the same problem again and was transferred. Very frustrated, line still broken.';
  return {
    customer,
    handling,
    arrivals: [0, 1, 2].map((n) => note(customer, n, at + n * DAY, text, { transfers: 2 })),
  };
}

/** Trouble of a customer whom nobody may approach: the match is recorded and held back. */
function mutedByFlag(customer: DemoCustomer, at: number): Storyline {
  return {
    customer,
    handling: 'prompt',
    arrivals: [
      becomes(customer, at - DAY, { flags: ['legal_hold'] }),
      note(
        customer,
        1,
        at,
        'Customer is furious about the court letter and wants to cancel everything at once.',
      ),
    ],
  };
}

const note = (
  customer: DemoCustomer,
  n: number,
  at: number,
  text: string,
  more: { transfers?: number } = {},
): Arrival => ({
  at: at + 5 * MINUTE,
  source: 'call-notes',
  record: {
    id: `story-${customer.id}-note${n}`,
    customerId: customer.id,
    occurredAt: at,
    direction: 'inbound',
    channel: 'phone',
    agent: 'mara',
    text,
    ...more,
  },
});

const shout = (
  customer: DemoCustomer,
  n: number,
  at: number,
  text: string,
  followers: number,
  shares: number,
): Arrival => ({
  at: at + MINUTE,
  source: 'social-posts',
  record: {
    id: `story-${customer.id}-post${n}`,
    handle: customer.handle,
    network: 'chirp',
    occurredAt: at,
    text,
    followers,
    shares,
  },
});

const becomes = (customer: DemoCustomer, at: number, attributes: CustomerAttributes): Arrival => ({
  at,
  source: 'crm-records',
  record: {
    id: `story-${customer.id}-profile-${at}`,
    customerId: customer.id,
    event: 'profile_updated',
    occurredAt: at,
    attributes,
  },
});
