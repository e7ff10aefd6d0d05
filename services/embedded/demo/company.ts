import type { CrmRecord, CustomerAttributes } from '../../contracts/sources.ts';
import { DAY } from '../../platform/time/clock.ts';
import type { Random } from './random.ts';

/** A customer of the made-up company. */
export interface DemoCustomer {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly phone: string;
  /** Account on the network `chirp`; only some customers have told the company. */
  readonly handle: string;
  readonly handleKnown: boolean;
  readonly attributes: CustomerAttributes;
}

/** Customers of Nordlicht, a telecom company that does not exist. */
export function makeCustomers(count: number, start: number, random: Random): DemoCustomer[] {
  return Array.from({ length: count }, (_, index) => makeCustomer(index, start, random));
}

/** What the CRM says about a customer on the first day. */
export const profileRecord = (customer: DemoCustomer, at: number): CrmRecord => ({
  id: `profile-${customer.id}`,
  customerId: customer.id,
  event: 'profile_updated',
  occurredAt: at,
  emails: [customer.email],
  phones: [customer.phone],
  ...(customer.handleKnown ? { handles: [`chirp:${customer.handle}`] } : {}),
  attributes: customer.attributes,
});

function makeCustomer(index: number, start: number, random: Random): DemoCustomer {
  const first = random.pick(FIRST_NAMES);
  const last = random.pick(LAST_NAMES);
  const number = 1000 + index;
  const handle = `${first}_${last}${number}`.toLowerCase();
  const tier = random.pick(['silver', 'silver', 'silver', 'gold', 'gold', 'platinum']);
  return {
    id: `N-${number}`,
    name: `${first} ${last}`,
    email: `${handle}@example.com`,
    phone: `+49301234${number}`,
    handle,
    handleKnown: random.chance(0.6),
    attributes: {
      name: `${first} ${last}`,
      valueTier: tier,
      valuePerYear: { silver: 360, gold: 960, platinum: 2400 }[tier] ?? 360,
      tenureMonths: random.integer(1, 96),
      contract: random.pick(['monthly', 'one_year', 'two_year']),
      renewalAt: start + random.integer(20, 400) * DAY,
      accountManager: random.pick(['ana', 'ben', 'chloe']),
      product: random.pick(['fibre', 'mobile', 'tv']),
      region: random.pick(['north', 'south', 'east', 'west']),
      timezone: 'Europe/Berlin',
      language: 'en',
      preferredChannel: random.pick(['phone', 'email']),
      active: true,
      flags: [],
      usageTrend: Math.round((random.next() * 0.4 - 0.2) * 100) / 100,
    },
  };
}

const FIRST_NAMES = [
  'Ada',
  'Bela',
  'Cem',
  'Dora',
  'Emil',
  'Fina',
  'Gero',
  'Hana',
  'Ivo',
  'Jana',
  'Kaya',
  'Leo',
  'Mira',
  'Nils',
  'Ola',
  'Pia',
  'Rosa',
  'Sven',
  'Tara',
  'Udo',
] as const;
const LAST_NAMES = [
  'Adler',
  'Brandt',
  'Conrad',
  'Dietz',
  'Ebert',
  'Fink',
  'Graf',
  'Hahn',
  'Imhof',
  'Jung',
  'Kern',
  'Lang',
  'Moser',
  'Noll',
  'Otto',
  'Pohl',
  'Reuter',
  'Stahl',
  'Thoma',
  'Ulrich',
] as const;
