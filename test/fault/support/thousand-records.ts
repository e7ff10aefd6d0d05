import type { Source } from '../../../services/contracts/sources.ts';
import { type Random, seededRandom } from '../../../services/embedded/demo/random.ts';
import { MINUTE } from '../../../services/platform/time/clock.ts';
import { managerOf } from './rules-folder.ts';

export type SentRecord = Readonly<Record<string, unknown>> & { readonly id: string };

/** What a client sends in one request. */
export interface Sending {
  readonly source: Source;
  readonly records: readonly SentRecord[];
}

export const CUSTOMERS = 200;
/** Gold customers complain again and nobody minds; silver ones complain again and are looked after. */
export const GOLD = range(1, 12);
export const SILVER = range(13, 24);
/** Silver too. They post under handles that the CRM names only at the end. */
export const LATE_CLAIMED = range(25, 30);
/** Gold; complains only after everything else is over. */
export const LATECOMER = 31;

const POSTS_BEFORE_CLAIM = 2;
const COMPLAINTS_EACH = 3;
const ALL = 1000;
/** Records in one request. */
const TOGETHER = 40;

export const customerId = (customer: number): string => `c${String(customer).padStart(3, '0')}`;

/**
 * The same thousand records each time: profiles, complaints, call notes and posts of two hundred customers,
 * all of the two hours before `now`, in the requests in which they are sent.
 */
export function thousandRecords(now: number): readonly Sending[] {
  const random = seededRandom(20_261_122);
  const profiles = range(1, CUSTOMERS).map((customer) => profile(customer, now));
  const claims = LATE_CLAIMED.map((customer) => claim(customer, now));
  const certain: Sent[] = [
    ...[...GOLD, ...SILVER].flatMap((customer) =>
      range(1, COMPLAINTS_EACH).map((nth) => complaint(customer, `again-${nth}`, now, random)),
    ),
    ...LATE_CLAIMED.flatMap((customer) =>
      range(1, POSTS_BEFORE_CLAIM).map((nth) => quarantinedPost(customer, nth, now, random)),
    ),
  ];
  const left = ALL - profiles.length - claims.length - certain.length;
  const chance = range(1, left).map((nth) => everyday(nth, now, random));
  const middle = shuffled([...certain, ...chance], random);
  return [...together(profiles), ...together(middle), ...together(claims)];
}

/** Two complaints by somebody who has not been heard of before: the last alert. */
export const lastComplaints = (now: number): Sending => ({
  source: 'complaints',
  records: range(1, 2).map((nth) => complaint(LATECOMER, `last-${nth}`, now, seededRandom(nth)).record),
});

interface Sent {
  readonly source: Source;
  readonly record: SentRecord;
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

const tierOf = (customer: number): string => {
  if (GOLD.includes(customer) || customer === LATECOMER) return 'gold';
  return SILVER.includes(customer) || LATE_CLAIMED.includes(customer) ? 'silver' : 'bronze';
};

const profile = (customer: number, now: number): Sent => ({
  source: 'crm-records',
  record: {
    id: `profile-${customer}`,
    occurredAt: now - 120 * MINUTE,
    customerId: customerId(customer),
    event: 'profile_updated',
    emails: [`${customerId(customer)}@customers.example`],
    attributes: {
      name: `Customer ${customer}`,
      valueTier: tierOf(customer),
      tenureMonths: customer,
      ...(tierOf(customer) === 'bronze' ? {} : { accountManager: managerOf(customer) }),
    },
  },
});

const claim = (customer: number, now: number): Sent => ({
  source: 'crm-records',
  record: {
    id: `claim-${customer}`,
    occurredAt: now - MINUTE,
    customerId: customerId(customer),
    event: 'profile_updated',
    handles: [`x:author_${customer}`],
  },
});

const WORDS = [
  'still not working, very disappointed',
  'I want to cancel, this is the third outage',
  'thank you, that was quick',
  'the invoice is wrong again',
  'no answer for a week, unacceptable',
] as const;

/** Within the two hours before, but after the profiles. */
const some = (now: number, random: Random): number => now - random.integer(2, 110) * MINUTE;

const complaint = (customer: number, name: string, now: number, random: Random): Sent => ({
  source: 'complaints',
  record: {
    id: `complaint-${customer}-${name}`,
    occurredAt: some(now, random),
    ...(random.chance(0.5)
      ? { customerId: customerId(customer) }
      : { email: `${customerId(customer)}@customers.example` }),
    text: random.pick(WORDS),
  },
});

const quarantinedPost = (customer: number, nth: number, now: number, random: Random): Sent => ({
  source: 'social-posts',
  record: {
    id: `post-${customer}-${nth}`,
    occurredAt: some(now, random),
    network: 'x',
    handle: `@author_${customer}`,
    text: random.pick(WORDS),
    followers: 5000,
  },
});

/** What happens to everybody else, and now and then to those above: calls, first complaints, posts of strangers. */
function everyday(nth: number, now: number, random: Random): Sent {
  const customer = random.integer(LATECOMER + 1, CUSTOMERS);
  const occurredAt = some(now, random);
  const text = random.pick(WORDS);
  if (random.chance(0.4)) return complaint(customer, `everyday-${nth}`, now, random);
  if (random.chance(0.6)) {
    const called = random.chance(0.1) ? random.integer(1, 12) : customer;
    return {
      source: 'call-notes',
      record: { id: `call-${nth}`, occurredAt, customerId: customerId(called), text, direction: 'inbound' },
    };
  }
  return {
    source: 'social-posts',
    record: {
      id: `post-${nth}`,
      occurredAt,
      network: 'x',
      handle: `stranger_${nth % 50}`,
      text,
      followers: 10,
    },
  };
}

function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** Requests of one source each. Within a source the order is kept. */
function together(sent: readonly Sent[]): readonly Sending[] {
  const bySource = Map.groupBy(sent, ({ source }) => source);
  return [...bySource].flatMap(([source, of]) => {
    const records = of.map(({ record }) => record);
    return range(0, Math.ceil(records.length / TOGETHER) - 1).map((index) => ({
      source,
      records: records.slice(index * TOGETHER, (index + 1) * TOGETHER),
    }));
  });
}
