import type { Source, SourceRecords } from '../../contracts/sources.ts';
import { DAY, HOUR, MINUTE } from '../../platform/time/clock.ts';
import type { DemoCustomer } from './company.ts';
import type { Random } from './random.ts';

/** A record that arrives at an instant of the story. */
export type Arrival = {
  [S in Source]: { readonly at: number; readonly source: S; readonly record: SourceRecords[S] };
}[Source];

/** What happens to customers on ordinary days: mostly harmless, and all of it must be read. */
export function everydayArrivals(
  customers: readonly DemoCustomer[],
  start: number,
  days: number,
  random: Random,
): Arrival[] {
  const arrivals: Arrival[] = [];
  for (let day = 0; day < days; day++) {
    for (const customer of customers) {
      if (!random.chance(SHARE_HEARD_A_DAY)) continue;
      const at = start + day * DAY + random.integer(0, 12 * 60) * MINUTE;
      arrivals.push(oneArrival(customer, at, `${day}-${customer.id}`, random));
    }
  }
  return arrivals;
}

/** About one customer in six is heard from on a day. */
const SHARE_HEARD_A_DAY = 0.16;

function oneArrival(customer: DemoCustomer, at: number, id: string, random: Random): Arrival {
  const mood = random.next();
  if (mood < 0.34) return callNote(customer, at, id, random);
  if (mood < 0.38) return complaint(customer, at, id, random);
  if (mood < 0.7) return post(customer, at, id, random);
  return purchase(customer, at, id, random);
}

const callNote = (customer: DemoCustomer, at: number, id: string, random: Random): Arrival => ({
  at,
  source: 'call-notes',
  record: {
    id: `call-${id}`,
    customerId: customer.id,
    occurredAt: at,
    direction: 'inbound',
    channel: 'phone',
    agent: random.pick(['mara', 'jon', 'li']),
    text: random.pick(CALL_NOTES),
    transfers: random.chance(0.15) ? 1 : 0,
    durationSeconds: random.integer(90, 900),
  },
});

const complaint = (customer: DemoCustomer, at: number, id: string, random: Random): Arrival => ({
  at,
  source: 'complaints',
  record: {
    id: `complaint-${id}`,
    email: customer.email,
    occurredAt: at,
    channel: 'email',
    text: random.pick(COMPLAINTS),
    ...(customer.attributes.product === undefined ? {} : { product: customer.attributes.product }),
    ...(customer.attributes.region === undefined ? {} : { region: customer.attributes.region }),
  },
});

const post = (customer: DemoCustomer, at: number, id: string, random: Random): Arrival => ({
  at,
  source: 'social-posts',
  record: {
    id: `post-${id}`,
    handle: customer.handle,
    network: 'chirp',
    occurredAt: at,
    text: random.pick(POSTS),
    followers: random.integer(5, 900),
    shares: random.integer(0, 3),
  },
});

const purchase = (customer: DemoCustomer, at: number, id: string, random: Random): Arrival => ({
  at,
  source: 'crm-records',
  record: {
    id: `purchase-${id}`,
    customerId: customer.id,
    event: 'purchase_made',
    occurredAt: at - HOUR,
    amount: random.integer(5, 60),
  },
});

const CALL_NOTES = [
  'Customer asked how to change the billing address. Done, was happy with the help.',
  'Asked when the new router arrives. Told Thursday, fine with that.',
  'Wanted to know the data volume left this month. Friendly call.',
  'Could not log in to the app, password reset worked.',
  'Asked about roaming in Norway, explained the tariff, thanked us.',
  'Wi-Fi slow in the bedroom, suggested a repeater, will think about it.',
  'Customer confused about the bill, explained the first-month charge, ok now.',
] as const;

const COMPLAINTS = [
  'The bill shows a fee I do not understand. Please explain.',
  'The technician came two hours late.',
  'TV picture froze twice last night.',
  'I was charged for an option I did not book.',
] as const;

const POSTS = [
  'Nordlicht fibre finally installed, works great so far',
  'anyone else on Nordlicht? thinking about the new plan',
  'Nordlicht app update looks nice',
  'Good service at the Nordlicht shop today, thanks!',
  'Is the Nordlicht hotline open on Saturday?',
  'Evening speed on Nordlicht is a bit slow today',
] as const;
