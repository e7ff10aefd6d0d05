import type { Channel, CustomerAttributes, Source } from './sources.ts';

/** What a customer did or had happen to them. Rules listen to these names; scoring stores their places: new ones go to the end. */
export const SIGNAL_TYPES = [
  'complaint.received',
  'complaint.resolved',
  'call_note.received',
  'contact.logged',
  'post.published',
  'profile.updated',
  'order.delayed',
  'payment.failed',
  'usage.dropped',
  'contract.ending',
  'price.raised',
  'outage.reported',
  'survey.answered',
  'purchase.made',
  'identity.joined',
  'identity.separated',
] as const;
export type SignalType = (typeof SIGNAL_TYPES)[number];

/**
 * A known, or quarantined, customer said or did something.
 *
 * Written by ingestion, keyed by `customerId`. Its `id` is made from the record it stems from, so the same
 * record always yields the same signal. Absent fields were not said by the source.
 */
export interface Signal {
  /** `<source>/<record id>`; a post that a join hands to its owner gets `+joined` appended. */
  readonly id: string;
  readonly type: SignalType;
  /** The customer, or `quarantine:<identity>` while nobody has claimed the identity. */
  readonly customerId: string;
  readonly quarantined: boolean;
  /** When it happened, epoch ms. */
  readonly occurredAt: number;
  /** When Tocsin accepted it, epoch ms. */
  readonly receivedAt: number;
  readonly source: Source;
  readonly channel: Channel;
  /** The identity that led to the customer, when the record did not name the customer itself. */
  readonly via?: string;
  readonly text?: string;
  readonly language?: string;
  readonly product?: string;
  readonly region?: string;
  readonly category?: string;
  readonly complaintId?: string;
  readonly direction?: 'inbound' | 'outbound';
  /** `contact.logged`: whether the customer was spoken to. */
  readonly reached?: boolean;
  readonly agent?: string;
  readonly transfers?: number;
  readonly durationSeconds?: number;
  /** 1 (bad) to 5 (good). */
  readonly satisfaction?: number;
  readonly network?: string;
  readonly url?: string;
  readonly followers?: number;
  readonly shares?: number;
  /** Money in the company's currency unit. */
  readonly amount?: number;
  readonly daysLate?: number;
  /** `profile.updated` and other CRM events: the attributes that the record named. */
  readonly attributes?: CustomerAttributes;
  /** `identity.joined`, `identity.separated`: which identity. */
  readonly identity?: string;
}
