/**
 * What a source sends, in Tocsin's own words. Field mappings turn a company's columns into these.
 *
 * Instants are epoch milliseconds here and in Avro; the HTTP gateway and file mappings also take RFC 3339
 * text and turn it into this. An absent field means "the source did not say": it is never guessed.
 */

export const SOURCES = ['crm-records', 'complaints', 'call-notes', 'social-posts'] as const;
export type Source = (typeof SOURCES)[number];

/** Where a customer and the company met. The answer belongs on the channel the customer used. */
export const CHANNELS = ['email', 'phone', 'chat', 'web', 'letter', 'social', 'in_person', 'crm'] as const;
export type Channel = (typeof CHANNELS)[number];

/** Ways in which a record names the person it is about. At least one is present on every accepted record. */
export interface Identified {
  /** The company's own number for the customer. Wins over every other identity. */
  readonly customerId?: string;
  readonly email?: string;
  /** As dialled; normalised to digits with a leading `+` where the source gives one. */
  readonly phone?: string;
  /** Account on `network`, with or without `@`. Two handles are never taken for one person by guessing. */
  readonly handle?: string;
  readonly network?: string;
  /** A contract or account number that a CRM record may claim for a customer. */
  readonly accountId?: string;
}

interface SourceRecord extends Identified {
  /** The source's own id of the record. The same id from the same source is a repeat. */
  readonly id: string;
  /** When it happened, epoch ms. */
  readonly occurredAt: number;
  /** BCP 47 tag when the source knows it. */
  readonly language?: string;
}

/** What happened in a customer's life, as the CRM tells it. */
export const CRM_EVENTS = [
  'profile_updated',
  'order_delayed',
  'payment_failed',
  'usage_dropped',
  'contract_ending',
  'price_raised',
  'outage_reported',
  'survey_answered',
  'purchase_made',
] as const;
export type CrmEvent = (typeof CRM_EVENTS)[number];

/** What a CRM record may say about a customer. Each later record overwrites the fields that it names. */
export interface CustomerAttributes {
  readonly name?: string;
  /** The company's own tier, for example `gold`. */
  readonly valueTier?: string;
  /** Revenue a year, in the company's one currency unit. */
  readonly valuePerYear?: number;
  readonly tenureMonths?: number;
  /** `monthly`, `one_year`, `two_year`, or the company's own word. */
  readonly contract?: string;
  /** When the contract renews or ends, epoch ms. */
  readonly renewalAt?: number;
  readonly accountManager?: string;
  readonly product?: string;
  readonly region?: string;
  /** IANA zone of the customer. */
  readonly timezone?: string;
  readonly language?: string;
  readonly preferredChannel?: Channel;
  /** False once the customer has left. */
  readonly active?: boolean;
  /** `deceased`, `in_collections`, `legal_hold`, `do_not_contact` … */
  readonly flags?: readonly string[];
  /** Change of usage over the last thirty days as a ratio: −0.4 is forty per cent less. */
  readonly usageTrend?: number;
  /** Further columns of the company, by their own name. Scoring models may use them; rules may not. */
  readonly extra?: Readonly<Record<string, string | number | boolean>>;
}

export interface CrmRecord extends SourceRecord {
  readonly customerId: string;
  readonly event: CrmEvent;
  /** E-mail addresses, phones, handles (`network:handle`) and account ids that belong to this customer. */
  readonly emails?: readonly string[];
  readonly phones?: readonly string[];
  readonly handles?: readonly string[];
  readonly accountIds?: readonly string[];
  readonly attributes?: CustomerAttributes;
  /** What the event is about, in the company's words. */
  readonly text?: string;
  readonly product?: string;
  readonly region?: string;
  /** `payment_failed`, `price_raised`, `purchase_made`: money in the company's currency unit. */
  readonly amount?: number;
  /** `order_delayed`: days late, as known now. */
  readonly daysLate?: number;
  /** `survey_answered`: 1 (bad) to 5 (good). */
  readonly satisfaction?: number;
}

export interface Complaint extends SourceRecord {
  readonly text?: string;
  readonly channel?: Channel;
  readonly category?: string;
  readonly product?: string;
  readonly region?: string;
  /** The complaint's own number, when the record is a later word on an earlier complaint. Default: `id`. */
  readonly complaintId?: string;
  /** `resolved` says that the source closed it; it then counts as a resolution, not as a complaint. */
  readonly status?: 'received' | 'resolved';
}

export interface CallNote extends SourceRecord {
  /** Notes in the agent's words. */
  readonly text?: string;
  readonly channel?: Channel;
  /** Who called whom. An outbound note that reached the customer proves a contact. */
  readonly direction?: 'inbound' | 'outbound';
  /** Outbound only: whether the customer was spoken to. */
  readonly reached?: boolean;
  readonly agent?: string;
  readonly category?: string;
  readonly product?: string;
  readonly region?: string;
  readonly complaintId?: string;
  /** How often the customer was passed on in this contact. */
  readonly transfers?: number;
  readonly durationSeconds?: number;
  /** 1 (bad) to 5 (good), when the customer was asked. */
  readonly satisfaction?: number;
}

export interface SocialPost extends SourceRecord {
  readonly text: string;
  readonly network?: string;
  readonly url?: string;
  readonly product?: string;
  readonly region?: string;
  readonly category?: string;
  /** Followers of the author: how many may read it. */
  readonly followers?: number;
  /** Times it was shared so far. */
  readonly shares?: number;
  /** Written by the company itself. Such posts are ignored. */
  readonly own?: boolean;
}

/** The value type of each source topic. */
export interface SourceRecords {
  'crm-records': CrmRecord;
  complaints: Complaint;
  'call-notes': CallNote;
  'social-posts': SocialPost;
}
