import { expect, test } from 'vitest';
import {
  type Actor,
  ALERT_EVENT_TYPES,
  type AlertCommand,
  type AlertDeadline,
  type AlertStatus,
  REFUSALS,
  type ResolvedTarget,
} from '../../../services/contracts/alert.ts';
import {
  type AlertPlan,
  type AlertRequest,
  type Deadline,
  type EscalationStep,
  HELD_REASONS,
  MILESTONES,
  SEVERITIES,
  STAGES,
  type TimeBoxDuration,
} from '../../../services/contracts/alert-request.ts';
import { INTENTS, type SentimentLabel } from '../../../services/contracts/assessment.ts';
import { DEAD_LETTER_REASONS } from '../../../services/contracts/dead-letter.ts';
import type { IdentityEntry } from '../../../services/contracts/identity.ts';
import { DELIVERY_REASONS, type NotificationOutcome } from '../../../services/contracts/notification.ts';
import type { SegmentEntry } from '../../../services/contracts/segment.ts';
import { SIGNAL_TYPES, type Signal } from '../../../services/contracts/signal.ts';
import { CHANNELS, type Complaint, CRM_EVENTS, SOURCES } from '../../../services/contracts/sources.ts';
import { loadSchemas, newestSchemas } from '../../../services/platform/codec/schema-files.ts';
import { recordsIn } from './schema-tree.ts';

/** All words of a union: the type asks for each of them, so that a new one is missed here. */
const words = <Word extends string>(all: Record<Word, true>): readonly string[] => Object.keys(all);

const DIRECTIONS = words<NonNullable<Signal['direction']>>({ inbound: true, outbound: true });
const SCOPES = words<AlertRequest['scope']>({ customer: true, segment: true });
const CLOCKS = words<AlertDeadline['clock']>({ business: true, wall: true });
const TOLD_ON = words<ResolvedTarget['channel']>({ slack: true, email: true });

/** Which words each `One of:` in the schemas lists. */
const CLOSED: Readonly<Record<string, readonly string[]>> = {
  'Actor.kind': words<Actor['kind']>({ person: true, system: true, record: true }),
  'Alert.answerOn': CHANNELS,
  'Alert.scope': SCOPES,
  'Alert.severity': SEVERITIES,
  'Alert.stage': STAGES,
  'Alert.status': words<AlertStatus>({ open: true, acknowledged: true, snoozed: true, closed: true }),
  'AlertCommand.channel': CHANNELS,
  'AlertCommand.type': words<AlertCommand['type']>({
    acknowledge: true,
    contact: true,
    snooze: true,
    reassign: true,
    close: true,
  }),
  'AlertCommand.via': words<AlertCommand['via']>({
    slack: true,
    email: true,
    api: true,
    page: true,
    cli: true,
    demo: true,
  }),
  'AlertDeadline.clock': CLOCKS,
  'AlertEvent.held': HELD_REASONS,
  'AlertEvent.milestone': words<Deadline>({ ack_by: true, contact_by: true, close_by: true }),
  'AlertEvent.refusal': REFUSALS,
  'AlertEvent.type': ALERT_EVENT_TYPES,
  'AlertPlan.closeRequires': words<AlertPlan['closeRequires'][number]>({
    'contact.logged': true,
    outcome: true,
    root_cause: true,
  }),
  'AlertRequest.answerOn': CHANNELS,
  'AlertRequest.held': HELD_REASONS,
  'AlertRequest.scope': SCOPES,
  'AlertRequest.severity': SEVERITIES,
  'AlertRequest.stage': STAGES,
  'CallNote.channel': CHANNELS,
  'CallNote.direction': DIRECTIONS,
  'Complaint.channel': CHANNELS,
  'Complaint.status': words<NonNullable<Complaint['status']>>({ received: true, resolved: true }),
  'Contact.channel': CHANNELS,
  'CrmRecord.event': CRM_EVENTS,
  'CustomerAttributes.preferredChannel': CHANNELS,
  'CustomerCard.preferredChannel': CHANNELS,
  'DeadLetter.reason': DEAD_LETTER_REASONS,
  'EscalationStep.at': MILESTONES,
  'EscalationStep.reassign': words<NonNullable<EscalationStep['reassign']>>({ next_on_shift: true }),
  'EscalationStep.unless': words<NonNullable<EscalationStep['unless']>>({
    acked: true,
    contacted: true,
    closed: true,
  }),
  'Evidence.channel': CHANNELS,
  'Evidence.source': SOURCES,
  'Evidence.type': SIGNAL_TYPES,
  'IdentityEntry.type': words<IdentityEntry['type']>({ claim: true, said: true, separate: true }),
  'IntentFound.intent': INTENTS,
  'NotificationOutcome.channel': TOLD_ON,
  'NotificationOutcome.outcome': words<NotificationOutcome['outcome']>({
    delivered: true,
    failed: true,
    uncertain: true,
    gave_up: true,
  }),
  'NotificationOutcome.reason': DELIVERY_REASONS,
  'Profile.preferredChannel': CHANNELS,
  'ResolvedTarget.channel': TOLD_ON,
  'SegmentEntry.type': words<SegmentEntry['type']>({ signal: true, request: true }),
  'Sentiment.label': words<SentimentLabel>({ negative: true, neutral: true, positive: true, unknown: true }),
  'Signal.channel': CHANNELS,
  'Signal.direction': DIRECTIONS,
  'Signal.source': SOURCES,
  'Signal.type': SIGNAL_TYPES,
  'TimeBoxDuration.clock': CLOCKS,
  'TimeBoxDuration.unit': words<TimeBoxDuration['unit']>({ ms: true, business_days: true }),
};

/**
 * Closed lists are strings in Avro, not enums: a reader of an older version still reads a new word. So the
 * doc is where the words are listed, and this is what keeps the doc true.
 */
test('every list of words in a schema is the list in the code', () => {
  expect(listedInSchemas()).toEqual(CLOSED);
});

function listedInSchemas(): Readonly<Record<string, readonly string[]>> {
  const records = [...newestSchemas(loadSchemas('schemas')).values()].flatMap(({ json }) => recordsIn(json));
  const fields = records.flatMap((record) =>
    record.fields.map((field) => [`${record.name}.${field.name}`, listed(field.doc ?? '')] as const),
  );
  return Object.fromEntries(fields.filter(([, list]) => list.length > 0));
}

/** `… one of: a, b, c. …` → a, b, c. A dot within a word, as in `contact.logged`, does not end the list. */
function listed(doc: string): readonly string[] {
  const list = /one of: (.*?)(?:\.\s|\.$)/i.exec(doc)?.[1];
  return list === undefined ? [] : list.split(', ');
}
