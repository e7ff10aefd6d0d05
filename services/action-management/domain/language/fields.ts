import { type Assessment, INTENTS, type Profile } from '../../../contracts/assessment.ts';
import { SIGNAL_TYPES, type Signal } from '../../../contracts/signal.ts';
import { CHANNELS, SOURCES } from '../../../contracts/sources.ts';

/** What a field may hold. A value that is absent is unknown, and nothing unknown fires a rule. */
export type Value = number | string | boolean | readonly string[];

/** `instant` is epoch ms; rules may only ask whether it exists, and use fields such as `days_to_renewal`. */
export type FieldType = 'number' | 'string' | 'boolean' | 'list' | 'instant';

/** A field that rules may name: what it holds and how people call it. */
export interface Field {
  readonly type: FieldType;
  /** As it stands in a sentence: `churn risk`. */
  readonly label: string;
  /** All values there are, where the set is closed. Letter case matters only for these. */
  readonly values?: readonly string[];
  /** Smallest and largest possible number; a literal outside can never be met. */
  readonly range?: readonly [number, number];
  readonly show?: 'percent' | 'change' | 'score';
  readonly read: (assessment: Assessment) => Value | undefined;
}

type Entry = Omit<Field, 'read'> & { readonly as: string };

const number = (as: string, label: string, more: Partial<Entry> = {}): Entry => ({
  as,
  type: 'number',
  label,
  ...more,
});
const string = (as: string, label: string, values?: readonly string[]): Entry =>
  values === undefined ? { as, type: 'string', label } : { as, type: 'string', label, values };
const boolean = (as: string, label: string): Entry => ({ as, type: 'boolean', label });
const instant = (as: string, label: string): Entry => ({ as, type: 'instant', label });

/** One line per field of `Signal`, so that a new one does not compile until somebody decides about it. */
const SIGNAL: { readonly [K in keyof Required<Signal>]: Entry | 'not for rules' } = {
  id: 'not for rules',
  type: string('type', 'what happened', SIGNAL_TYPES),
  customerId: string('customer_id', 'customer'),
  quarantined: boolean('quarantined', 'customer not identified yet'),
  occurredAt: instant('occurred_at', 'time it happened'),
  receivedAt: instant('received_at', 'time it arrived'),
  source: string('source', 'source', SOURCES),
  channel: string('channel', 'channel', CHANNELS),
  via: string('via', 'identity used'),
  text: string('text', 'text'),
  language: string('language', 'language'),
  product: string('product', 'product'),
  region: string('region', 'region'),
  category: string('category', 'category'),
  complaintId: string('complaint_id', 'complaint number'),
  direction: string('direction', 'direction', ['inbound', 'outbound']),
  reached: boolean('reached', 'customer reached'),
  agent: string('agent', 'agent'),
  transfers: number('transfers', 'transfers in this contact', { range: [0, 1000] }),
  durationSeconds: number('duration_seconds', 'duration in seconds'),
  satisfaction: number('satisfaction', 'satisfaction', { range: [1, 5] }),
  network: string('network', 'network'),
  url: string('url', 'link'),
  followers: number('followers', 'followers'),
  shares: number('shares', 'shares'),
  amount: number('amount', 'amount'),
  daysLate: number('days_late', 'days late'),
  attributes: 'not for rules',
  identity: 'not for rules',
};

/** What the assessment adds to its signal. */
const ASSESSED: readonly (Entry & Pick<Field, 'read'>)[] = [
  {
    ...number('sentiment', 'sentiment', { range: [-1, 1], show: 'score' }),
    read: (assessment) => assessment.sentiment?.score,
  },
  {
    ...string('sentiment_label', 'mood', ['negative', 'neutral', 'positive', 'unknown']),
    read: (assessment) => assessment.sentiment?.label,
  },
  {
    as: 'intents',
    type: 'list',
    label: 'what the text shows',
    values: INTENTS,
    read: (assessment) => assessment.intents.map((found) => found.intent),
  },
  {
    ...number('risk_score', 'risk score', { range: [0, 100] }),
    read: (assessment) => assessment.riskScore,
  },
  {
    ...number('risk_change', 'change of the risk score by this signal', { range: [-100, 100] }),
    read: (assessment) =>
      assessment.riskScoreBefore === undefined
        ? undefined
        : assessment.riskScore - assessment.riskScoreBefore,
  },
];

/** One line per field of `Profile`; exhaustive for the same reason. */
const PROFILE: { readonly [K in keyof Required<Profile>]: Entry } = {
  name: string('name', 'name'),
  valueTier: string('value_tier', 'customer tier'),
  valuePerYear: number('value_per_year', 'value per year'),
  tenureMonths: number('tenure_months', 'months as a customer'),
  contract: string('contract', 'contract'),
  renewalAt: instant('renewal_at', 'renewal date'),
  daysToRenewal: number('days_to_renewal', 'days to renewal'),
  accountManager: string('account_manager', 'account manager'),
  product: string('product', "customer's product"),
  region: string('region', "customer's region"),
  timezone: string('timezone', "customer's time zone"),
  language: string('language', "customer's language"),
  preferredChannel: string('preferred_channel', 'preferred channel', CHANNELS),
  active: boolean('active', 'active customer'),
  flags: { as: 'flags', type: 'list', label: 'flags' },
  usageTrend: number('usage_trend', 'usage in 30 days', { range: [-1, 100], show: 'change' }),
  churnRisk: number('churn_risk', 'churn risk', { range: [0, 1], show: 'percent' }),
  sentiment: number('sentiment', 'mood over all texts', { range: [-1, 1], show: 'score' }),
  complaints30d: number('complaints_30d', 'complaints in the last 30 days'),
  openComplaints: number('open_complaints', 'open complaints'),
  contacts30d: number('contacts_30d', 'contacts in the last 30 days'),
  transfers30d: number('transfers_30d', 'transfers in the last 30 days'),
  daysSinceContact: number('days_since_contact', 'days since we last spoke to the customer'),
};

const eventFields = new Map<string, Field>();
for (const [key, entry] of Object.entries(SIGNAL)) {
  if (entry === 'not for rules') continue;
  eventFields.set(entry.as, {
    ...entry,
    // The key is one of Signal's own, and the entry says what that field holds; null stands for absent in Avro.
    read: (assessment) => (assessment.signal[key as keyof Signal] as Value | null | undefined) ?? undefined,
  });
}
for (const field of ASSESSED) eventFields.set(field.as, field);

const profileFields = new Map<string, Field>();
for (const [key, entry] of Object.entries(PROFILE)) {
  profileFields.set(entry.as, {
    ...entry,
    // The key is one of Profile's own, and the entry says what that field holds; null stands for absent in Avro.
    read: (assessment) => (assessment.profile[key as keyof Profile] as Value | null | undefined) ?? undefined,
  });
}

/** What the triggering signal says: `event.<name>` in conditions, `<name>` in windows. */
export const EVENT_FIELDS: ReadonlyMap<string, Field> = eventFields;
/** What is known of the customer: `profile.<name>`. */
export const PROFILE_FIELDS: ReadonlyMap<string, Field> = profileFields;

/** Past signals are remembered without these, to keep a customer's state small. */
export const NOT_REMEMBERED: ReadonlySet<string> = new Set(['text', 'url', 'occurred_at', 'received_at']);
