import type { Intent, Profile } from '../../contracts/assessment.ts';
import type { CustomerAttributes } from '../../contracts/sources.ts';
import { DAY } from '../../platform/time/clock.ts';
import { HistoryReader } from './history.ts';
import { countOf, oldestAt } from './open-complaints.ts';
import { bitOf, type CustomerState, halved } from './profile.ts';

/** The value of a feature; `undefined` is "not known", which has a bin of its own. */
export type FeatureValue = number | string | boolean | undefined;

/** What a customer's behaviour shows, worked out once per assessment in one pass over the happenings. */
export interface Behaviour {
  /** Epoch ms: the newest thing known of the customer, at which ages are taken. */
  readonly at: number;
  readonly attributes: CustomerAttributes;
  readonly daysToRenewal: number | undefined;
  /** −1…1, each text counting half after thirty days. */
  readonly mood: number | undefined;
  /** Mood of the last two weeks less that of the time before. */
  readonly moodChange: number | undefined;
  readonly complaints30d: number;
  readonly openComplaints: number;
  readonly oldestOpenComplaintDays: number | undefined;
  readonly contacts30d: number;
  readonly transfers30d: number;
  readonly daysSinceContact: number | undefined;
  readonly daysSinceLastSignal: number | undefined;
  /** Days since an intent was last shown, by its bit; absent when it was not shown in ninety days. */
  readonly intentAges: readonly (number | undefined)[];
  /** Most followers behind a bad post in thirty days. */
  readonly badReach30d: number | undefined;
  readonly lastSatisfaction: number | undefined;
  readonly ordersDelayed30d: number;
  readonly paymentsFailed30d: number;
  readonly outages30d: number;
  readonly pricesRaised60d: number;
  readonly usageDropped30d: number;
  readonly contractEnding60d: number;
  readonly purchases90d: number;
}

/** Posts with a worse mood than this count as bad, for reach. */
const BAD_MOOD = -0.1;
/** Ages are taken at `state.at`, the newest thing known and not the clock on the wall, or at another instant. */
export function observe(state: CustomerState, at: number = state.at): Behaviour {
  counts.begin(at);
  for (const reader = new HistoryReader(state.history); reader.next(); ) counts.add(reader);
  return counts.conclude(state);
}

/** Used again for each customer: what is counted would be thrown away at once. */
class Counts {
  #now = 0;
  #mood = 0;
  #texts = 0;
  #newMood = 0;
  #newTexts = 0;
  #oldMood = 0;
  #oldTexts = 0;
  #spokeAt = 0;
  #previousAt = 0;
  #transfers = 0;
  #badReach: number | undefined;
  #satisfaction: number | undefined;
  #contacts = 0;
  #complaints = 0;
  #delayed = 0;
  #failed = 0;
  #outages = 0;
  #raised = 0;
  #dropped = 0;
  #ending = 0;
  #purchases = 0;
  #intentAges: (number | undefined)[] = NO_INTENTS;

  begin(now: number): void {
    this.#now = now;
    this.#mood = 0;
    this.#texts = 0;
    this.#newMood = 0;
    this.#newTexts = 0;
    this.#oldMood = 0;
    this.#oldTexts = 0;
    this.#spokeAt = 0;
    this.#previousAt = 0;
    this.#transfers = 0;
    this.#badReach = undefined;
    this.#satisfaction = undefined;
    this.#contacts = 0;
    this.#complaints = 0;
    this.#delayed = 0;
    this.#failed = 0;
    this.#outages = 0;
    this.#raised = 0;
    this.#dropped = 0;
    this.#ending = 0;
    this.#purchases = 0;
    this.#intentAges = NO_INTENTS;
  }

  add(happening: HistoryReader): void {
    const ageDays = (this.#now - happening.at) / DAY;
    if (happening.hasMood) this.#addMood(happening.mood, ageDays);
    if (happening.at < this.#now) this.#previousAt = happening.at;
    if (happening.spoke) this.#spokeAt = happening.at;
    if (happening.satisfaction !== undefined) this.#satisfaction = happening.satisfaction;
    if (happening.intents !== 0) this.#addIntents(happening.intents, ageDays);
    if (ageDays <= 30) this.#addMonth(happening);
    if (ageDays <= 60 && happening.type === 'price.raised') this.#raised++;
    if (ageDays <= 60 && happening.type === 'contract.ending') this.#ending++;
    if (happening.type === 'purchase.made') this.#purchases++;
  }

  #addMood(mood: number, ageDays: number): void {
    const weight = halved(ageDays * DAY);
    this.#mood += mood * weight;
    this.#texts += weight;
    if (ageDays <= 14) {
      this.#newMood += mood;
      this.#newTexts++;
    } else {
      this.#oldMood += mood;
      this.#oldTexts++;
    }
  }

  /** Oldest first, so that the last one stands. */
  #addIntents(bits: number, ageDays: number): void {
    if (this.#intentAges === NO_INTENTS) this.#intentAges = [];
    for (let bit = 0, rest = bits; rest !== 0; bit++, rest >>>= 1) {
      if ((rest & 1) === 1) this.#intentAges[bit] = ageDays;
    }
  }

  #addMonth(happening: HistoryReader): void {
    this.#transfers += happening.transfers;
    if (happening.reach !== undefined && happening.hasMood && happening.mood < BAD_MOOD) {
      this.#badReach = Math.max(this.#badReach ?? 0, happening.reach);
    }
    switch (happening.type) {
      case 'complaint.received':
        this.#complaints++;
        this.#contacts++;
        break;
      case 'call_note.received':
        this.#contacts++;
        break;
      case 'order.delayed':
        this.#delayed++;
        break;
      case 'payment.failed':
        this.#failed++;
        break;
      case 'outage.reported':
        this.#outages++;
        break;
      case 'usage.dropped':
        this.#dropped++;
        break;
      case 'complaint.resolved':
      case 'contact.logged':
      case 'post.published':
      case 'profile.updated':
      case 'contract.ending':
      case 'price.raised':
      case 'survey.answered':
      case 'purchase.made':
      case 'identity.joined':
      case 'identity.separated':
        break;
    }
  }

  conclude(state: CustomerState): Behaviour {
    const { past, attributes = {}, open } = state;
    const faded = past === undefined ? 0 : halved(this.#now - past.moodAt);
    const texts = this.#texts + (past?.texts ?? 0) * faded;
    const mood = this.#mood + (past?.mood ?? 0) * faded;
    const spokeAt = Math.max(this.#spokeAt, past?.spokeAt ?? 0);
    const days = (at: number): number => (this.#now - at) / DAY;
    const oldest = oldestAt(open);
    return {
      at: this.#now,
      attributes,
      daysToRenewal: attributes.renewalAt === undefined ? undefined : -days(attributes.renewalAt),
      mood: texts < MIN_TEXTS ? undefined : mood / texts,
      moodChange: this.#newTexts === 0 || this.#oldTexts === 0 ? undefined : this.#moodChange(),
      complaints30d: this.#complaints,
      openComplaints: countOf(open),
      oldestOpenComplaintDays: oldest === undefined ? undefined : days(oldest),
      contacts30d: this.#contacts,
      transfers30d: this.#transfers,
      daysSinceContact: spokeAt === 0 ? undefined : days(spokeAt),
      daysSinceLastSignal: this.#previousAt === 0 ? undefined : days(this.#previousAt),
      intentAges: this.#intentAges,
      badReach30d: this.#badReach,
      lastSatisfaction: this.#satisfaction,
      ordersDelayed30d: this.#delayed,
      paymentsFailed30d: this.#failed,
      outages30d: this.#outages,
      pricesRaised60d: this.#raised,
      usageDropped30d: this.#dropped,
      contractEnding60d: this.#ending,
      purchases90d: this.#purchases,
    };
  }

  #moodChange(): number {
    return this.#newMood / this.#newTexts - this.#oldMood / this.#oldTexts;
  }
}

const NO_INTENTS: (number | undefined)[] = [];
const counts = new Counts();

/** A mood that rests on less than this (one text half a year ago) is no longer known. */
const MIN_TEXTS = 0.02;

/** The features that a risk model may name, in the words of `risk-model.yaml`. */
export const FEATURES = {
  tenure_months: (seen) => seen.attributes.tenureMonths,
  contract: (seen) => seen.attributes.contract,
  value_tier: (seen) => seen.attributes.valueTier,
  value_per_year: (seen) => seen.attributes.valuePerYear,
  usage_trend: (seen) => seen.attributes.usageTrend,
  product: (seen) => seen.attributes.product,
  active: (seen) => seen.attributes.active,
  days_to_renewal: (seen) => seen.daysToRenewal,
  sentiment: (seen) => seen.mood,
  sentiment_change: (seen) => seen.moodChange,
  complaints_30d: (seen) => seen.complaints30d,
  open_complaints: (seen) => seen.openComplaints,
  oldest_open_complaint_days: (seen) => seen.oldestOpenComplaintDays,
  contacts_30d: (seen) => seen.contacts30d,
  transfers_30d: (seen) => seen.transfers30d,
  days_since_contact: (seen) => seen.daysSinceContact,
  days_since_last_signal: (seen) => seen.daysSinceLastSignal,
  days_since_leave: (seen) => since(seen, 'leave'),
  days_since_competitor: (seen) => since(seen, 'competitor'),
  days_since_legal: (seen) => earliest(since(seen, 'legal'), since(seen, 'regulator')),
  days_since_press: (seen) => since(seen, 'press'),
  days_since_manager: (seen) => since(seen, 'manager'),
  days_since_repeat_story: (seen) => since(seen, 'repeat_story'),
  days_since_broken_promise: (seen) => since(seen, 'broken_promise'),
  days_since_praise: (seen) => since(seen, 'praise'),
  bad_reach_30d: (seen) => seen.badReach30d,
  last_satisfaction: (seen) => seen.lastSatisfaction,
  orders_delayed_30d: (seen) => seen.ordersDelayed30d,
  payments_failed_30d: (seen) => seen.paymentsFailed30d,
  outages_30d: (seen) => seen.outages30d,
  prices_raised_60d: (seen) => seen.pricesRaised60d,
  usage_dropped_30d: (seen) => seen.usageDropped30d,
  contract_ending_60d: (seen) => seen.contractEnding60d,
  purchases_90d: (seen) => seen.purchases90d,
} as const satisfies Record<string, (seen: Behaviour) => FeatureValue>;

const since = (seen: Behaviour, intent: Intent): number | undefined => seen.intentAges[bitOf(intent)];

const earliest = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);

/** `extra.<column>` reads a further column of the company. */
export const EXTRA_PREFIX = 'extra.';

/** How to read a feature, or `undefined` when there is none of that name. */
export function featureReader(name: string): ((seen: Behaviour) => FeatureValue) | undefined {
  if (name.startsWith(EXTRA_PREFIX)) {
    const column = name.slice(EXTRA_PREFIX.length);
    return (seen) => seen.attributes.extra?.[column];
  }
  // `Object.hasOwn` has just shown that the name is one of the keys.
  return Object.hasOwn(FEATURES, name) ? FEATURES[name as keyof typeof FEATURES] : undefined;
}

/** The profile as rules and people see it. Ages and counts are those at the assessment. */
export function profileOf(seen: Behaviour, riskScore: number): Profile {
  return {
    ...withoutExtra(seen.attributes),
    ...(seen.daysToRenewal === undefined ? {} : { daysToRenewal: tenths(seen.daysToRenewal) }),
    churnRisk: riskScore / 100,
    ...(seen.mood === undefined ? {} : { sentiment: hundredths(seen.mood) }),
    complaints30d: seen.complaints30d,
    openComplaints: seen.openComplaints,
    contacts30d: seen.contacts30d,
    transfers30d: seen.transfers30d,
    ...(seen.daysSinceContact === undefined ? {} : { daysSinceContact: tenths(seen.daysSinceContact) }),
  };
}

/** Columns of the company's own stay with scoring: rules may not read them. */
function withoutExtra(attributes: CustomerAttributes): CustomerAttributes {
  if (attributes.extra === undefined) return attributes;
  const { extra: _, ...rest } = attributes;
  return rest;
}

const tenths = (value: number): number => Math.round(value * 10) / 10;
const hundredths = (value: number): number => Math.round(value * 100) / 100 + 0;
