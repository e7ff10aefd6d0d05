import type { Signal, SignalType } from '../../contracts/signal.ts';
import type {
  CallNote,
  Complaint,
  CrmEvent,
  CrmRecord,
  SocialPost,
  Source,
  SourceRecords,
} from '../../contracts/sources.ts';
import type { Emit } from '../../platform/keyed-process/keyed-process.ts';
import { claimedIdentities, leadingIdentity, quarantineId } from './identity.ts';

type Draft = { -readonly [K in keyof Signal]: Signal[K] };

const CRM_SIGNALS: { readonly [E in CrmEvent]: SignalType } = {
  profile_updated: 'profile.updated',
  order_delayed: 'order.delayed',
  payment_failed: 'payment.failed',
  usage_dropped: 'usage.dropped',
  contract_ending: 'contract.ending',
  price_raised: 'price.raised',
  outage_reported: 'outage.reported',
  survey_answered: 'survey.answered',
  purchase_made: 'purchase.made',
};

/**
 * What a record makes known: its signal when it names the customer, otherwise the same signal under the
 * identity that it names, for the identity process to place. A CRM record also claims its identities.
 * Undefined when the record names nobody. `receivedAt` is epoch ms.
 */
export function toFacts<S extends Source>(
  source: S,
  record: SourceRecords[S],
  receivedAt: number,
): readonly Emit[] | undefined {
  const identity = record.customerId === undefined ? leadingIdentity(record) : undefined;
  const customerId = record.customerId ?? (identity === undefined ? undefined : quarantineId(identity));
  if (customerId === undefined) return undefined;
  const signal: Draft = {
    id: `${source}/${record.id}`,
    type: 'post.published',
    customerId,
    quarantined: identity !== undefined,
    occurredAt: record.occurredAt,
    receivedAt,
    source,
    channel: 'social',
  };
  if (record.language !== undefined) signal.language = record.language;
  if (record.text !== undefined) signal.text = record.text;
  if (record.product !== undefined) signal.product = record.product;
  if (record.region !== undefined) signal.region = record.region;
  describe[source](signal, record);
  if (identity !== undefined) {
    signal.via = identity;
    return [{ topic: 'identities', key: identity, value: { type: 'said', identity, signal } }];
  }
  const said: Emit = { topic: 'signals', key: customerId, value: signal };
  return source === 'crm-records' ? withClaims(said, record, receivedAt) : [said];
}

/** What each source adds to the common part. */
const describe: { readonly [S in Source]: (signal: Draft, record: SourceRecords[Source]) => void } = {
  'crm-records': (signal, record) => describeCrmRecord(signal, record as CrmRecord),
  complaints: (signal, record) => describeComplaint(signal, record as Complaint),
  'call-notes': (signal, record) => describeCallNote(signal, record as CallNote),
  'social-posts': (signal, record) => describeSocialPost(signal, record as SocialPost),
};

function describeCrmRecord(signal: Draft, record: CrmRecord): void {
  signal.type = CRM_SIGNALS[record.event];
  signal.channel = 'crm';
  if (record.attributes !== undefined) signal.attributes = record.attributes;
  if (record.amount !== undefined) signal.amount = record.amount;
  if (record.daysLate !== undefined) signal.daysLate = record.daysLate;
  if (record.satisfaction !== undefined) signal.satisfaction = record.satisfaction;
}

/** A complaint came by `web` unless the source says otherwise: a form is where most of them are made. */
function describeComplaint(signal: Draft, record: Complaint): void {
  signal.type = record.status === 'resolved' ? 'complaint.resolved' : 'complaint.received';
  signal.channel = record.channel ?? 'web';
  signal.complaintId = record.complaintId ?? record.id;
  if (record.category !== undefined) signal.category = record.category;
}

/** Outbound is our own contact with the customer; inbound, or not said, is the customer's. */
function describeCallNote(signal: Draft, record: CallNote): void {
  signal.type = record.direction === 'outbound' ? 'contact.logged' : 'call_note.received';
  signal.channel = record.channel ?? 'phone';
  signal.direction = record.direction ?? 'inbound';
  if (record.reached !== undefined) signal.reached = record.reached;
  if (record.agent !== undefined) signal.agent = record.agent;
  if (record.category !== undefined) signal.category = record.category;
  if (record.complaintId !== undefined) signal.complaintId = record.complaintId;
  if (record.transfers !== undefined) signal.transfers = record.transfers;
  if (record.durationSeconds !== undefined) signal.durationSeconds = record.durationSeconds;
  if (record.satisfaction !== undefined) signal.satisfaction = record.satisfaction;
}

function describeSocialPost(signal: Draft, record: SocialPost): void {
  const colon = record.handle?.indexOf(':') ?? -1;
  const network = record.network ?? (colon > 0 ? record.handle?.slice(0, colon) : undefined);
  if (network !== undefined) signal.network = network.toLowerCase();
  if (record.url !== undefined) signal.url = record.url;
  if (record.category !== undefined) signal.category = record.category;
  if (record.followers !== undefined) signal.followers = record.followers;
  if (record.shares !== undefined) signal.shares = record.shares;
}

/** The claims follow the signal, so that the profile stands before older posts are joined to it. */
function withClaims(said: Emit, record: SourceRecords[Source], at: number): readonly Emit[] {
  // Only called for `crm-records`, whose records are CRM records.
  const crm = record as CrmRecord;
  const identities = claimedIdentities(crm);
  if (identities.length === 0) return [said];
  return [
    said,
    ...identities.map(
      (identity): Emit => ({
        topic: 'identities',
        key: identity,
        value: { type: 'claim', identity, customerId: crm.customerId, recordId: crm.id, at },
      }),
    ),
  ];
}
