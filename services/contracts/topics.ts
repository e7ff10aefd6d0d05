import type { AlertCommand, AlertEvent, ContactHold } from './alert.ts';
import type { AlertRequest } from './alert-request.ts';
import type { Assessment } from './assessment.ts';
import type { DeadLetter } from './dead-letter.ts';
import type { ContactProof, CustomerLoop, IdentityEntry } from './identity.ts';
import type { NotificationOutcome } from './notification.ts';
import type { SegmentEntry, SegmentLoop } from './segment.ts';
import type { Signal } from './signal.ts';
import type { Silence } from './silence.ts';
import type { SourceRecords } from './sources.ts';

/** The value type of every topic. */
export interface TopicValues extends SourceRecords {
  identities: IdentityEntry;
  signals: Signal;
  assessments: Assessment;
  'segment-entries': SegmentEntry;
  'segment-loops': SegmentLoop;
  silences: Silence;
  'alert-requests': AlertRequest;
  'alert-commands': AlertCommand;
  'customer-loops': CustomerLoop;
  'contact-proofs': ContactProof;
  alerts: AlertEvent;
  'notification-outcomes': NotificationOutcome;
  'contact-holds': ContactHold;
  'dead-letters': DeadLetter;
}
export type Topic = keyof TopicValues;

export interface TopicFacts {
  readonly says: string;
  /** The only part of Tocsin that writes it; `anyone` for source topics. */
  readonly writer: string;
  /** What the records are keyed, partitioned and ordered by. */
  readonly key: string;
  /** Internal topics belong to one service and may change without notice. */
  readonly internal: boolean;
  readonly compacted: boolean;
}

const source = (says: string): TopicFacts => ({
  says,
  writer: 'anyone',
  key: "the source's natural key",
  internal: false,
  compacted: false,
});
const fact = (writer: string, key: string, says: string): TopicFacts => ({
  says,
  writer,
  key,
  internal: false,
  compacted: false,
});

/** The one topic table: everything that needs a topic's name, key, writer or schema reads it here. */
export const TOPICS: { readonly [T in Topic]: TopicFacts } = {
  'crm-records': source('what the CRM knows and what happened to a customer'),
  complaints: source('what a customer complained about'),
  'call-notes': source('what was said in a call, chat or visit'),
  'social-posts': source('what somebody wrote in public'),
  identities: {
    ...fact('ingestion', 'identity', 'claims of identities, and what was said under them'),
    internal: true,
  },
  signals: fact('ingestion', 'customer id', 'a known or quarantined customer said or did something'),
  assessments: fact('scoring', 'customer id', 'sentiment and churn risk now, with contributions'),
  'segment-entries': {
    ...fact('action-management', 'segment', 'what happened in a segment, and requests on their way past it'),
    internal: true,
  },
  'segment-loops': {
    ...fact('alerting', 'segment', 'which alerts about a segment are open'),
    internal: true,
  },
  silences: {
    ...fact('action-management', 'silence id', 'matches that nobody is to be bothered with for a while'),
    compacted: true,
  },
  'alert-requests': fact('action-management', 'alert key', 'a rule wants an alert: evidence, rule version'),
  'alert-commands': fact(
    'loop-closure',
    'alert key',
    'a person acknowledged, contacted, snoozed, reassigned or closed',
  ),
  'customer-loops': {
    ...fact('alerting', 'customer id', "which of a customer's loops are open"),
    internal: true,
  },
  'contact-proofs': {
    ...fact('alerting', 'alert key', 'an outbound record shows a contact'),
    internal: true,
  },
  alerts: fact(
    'alerting',
    'alert key',
    'raised, acknowledged, escalated, breached, contacted, closed, reopened',
  ),
  'notification-outcomes': fact('notification', 'alert key', 'delivered, failed, uncertain, gave up'),
  'contact-holds': {
    ...fact('alerting', 'customer id', 'customers with an open loop: surveys and marketing leave them alone'),
    compacted: true,
  },
  'dead-letters': fact('platform', 'origin', 'could not be processed: reason, origin, payload'),
};

export const isTopic = (name: string): name is Topic => Object.hasOwn(TOPICS, name);
