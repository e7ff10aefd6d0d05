import type { Source } from '../../contracts/sources.ts';
import { seededRandom } from '../demo/random.ts';

/** Records of one source that are handed over together. */
export interface Batch {
  readonly source: Source;
  readonly records: readonly object[];
}

/** Share of records that raise an alert: at 35,000 records a second that is still ten alerts a second. */
const CANCEL_SHARE = 0.0003;

/**
 * Seeded traffic of all four sources about `customers` customers: 40 % call notes, 25 % posts under a handle that
 * the CRM knows, 20 % complaints, 15 % CRM events. Batches are of one source, as they come over HTTP.
 */
export function createTraffic(
  customers: number,
  seed: number,
  startAt: number,
  cancelShare: number = CANCEL_SHARE,
) {
  const random = seededRandom(seed);
  let made = 0;
  const customerId = (index: number): string => `B-${index}`;
  const pickOne = (): number => random.integer(0, customers - 1);
  const text = (): string => {
    const words: string[] = [];
    for (let n = random.integer(8, 24); n > 0; n--) words.push(random.pick(WORDS));
    return words.join(' ');
  };
  const next = (source: Source, now: number): object => {
    const id = `${seed}-${made++}`;
    const index = pickOne();
    const base = { id, occurredAt: now };
    switch (source) {
      case 'call-notes': {
        const wants = random.chance(cancelShare / 0.4);
        return {
          ...base,
          customerId: customerId(index),
          direction: 'inbound',
          channel: 'phone',
          text: wants ? 'Customer wants to cancel the contract.' : text(),
        };
      }
      case 'social-posts':
        return {
          ...base,
          network: 'chirp',
          handle: `user${index}`,
          text: text(),
          followers: random.integer(1, 2000),
        };
      case 'complaints':
        return {
          ...base,
          customerId: customerId(index),
          channel: 'email',
          product: 'fibre',
          region: 'north',
          text: text(),
        };
      case 'crm-records':
        return {
          ...base,
          customerId: customerId(index),
          event: random.pick(['purchase_made', 'payment_failed', 'order_delayed']),
          amount: 20,
        };
    }
  };
  return {
    /** What the CRM says about customers `from` up to, not including, `to`. */
    profiles: (from: number, to: number): Batch => ({
      source: 'crm-records',
      records: Array.from({ length: to - from }, (_, offset) => ({
        id: `profile-${from + offset}`,
        customerId: customerId(from + offset),
        event: 'profile_updated',
        occurredAt: startAt,
        handles: [`chirp:user${from + offset}`],
        attributes: {
          name: `Customer ${from + offset}`,
          valueTier: random.pick(['silver', 'gold', 'platinum']),
          valuePerYear: 900,
          tenureMonths: random.integer(1, 90),
          contract: 'monthly',
          region: 'north',
          product: 'fibre',
          timezone: 'Europe/Berlin',
        },
      })),
    }),
    batch: (size: number, now: number): Batch => {
      const source = pickSource(random.next());
      return { source, records: Array.from({ length: size }, () => next(source, now)) };
    },
  };
}

function pickSource(chance: number): Source {
  if (chance < 0.4) return 'call-notes';
  if (chance < 0.65) return 'social-posts';
  return chance < 0.85 ? 'complaints' : 'crm-records';
}

const WORDS =
  'the bill line router technician was here today slow again thanks good service app does not work hotline waited long friendly problem solved invoice wrong speed evening outage refund asked please help moved address contract plan tv picture ok happy annoying never called back'.split(
    ' ',
  ) as [string, ...string[]];
