import type { Assessment, Sentiment } from '../../contracts/assessment.ts';
import { INTENT_WORDS } from '../../contracts/intent-words.ts';
import type { Names } from '../../settings/names.ts';
import { templateInWords } from '../../settings/templates.ts';
import type { DeliveryRow } from './alert-view.ts';
import type { AuditRow } from './audit.ts';
import {
  CHANNEL_WORDS,
  count,
  DEADLINE_WORDS,
  EVENT_WORDS,
  HELD_WORDS,
  instantInWords,
  ownersNamed,
  plain,
  REFUSAL_WORDS,
  SIGNAL_WORDS,
  stepInWords,
  viaInWords,
} from './words.ts';

/** One line of a customer's story: what they said or met, what Tocsin did, and what people did about it. */
export interface StoryEntry {
  readonly at: number;
  /** Whose doing it was: the customer's, a person's at the company, or Tocsin's own. */
  readonly who: 'customer' | 'person' | 'tocsin';
  /** Name of who did it, where it was a person. */
  readonly actor?: string;
  /** What happened, in words, without the customer's own. */
  readonly words: string;
  /** The customer's or agent's own words, at most 600 characters. */
  readonly quote?: string;
  readonly sentiment?: Sentiment;
  /** What the quote shows that the customer wants, in words. */
  readonly wants?: readonly string[];
  /** Churn risk (0–100) after it, before it, and the strongest reasons. */
  readonly risk?: { readonly score: number; readonly before?: number; readonly because: readonly string[] };
  readonly alertId?: string;
  readonly label?: string;
  readonly url?: string;
  /** Id of the signal, alert event or delivery behind the line. */
  readonly ref: string;
}

export interface StorySources {
  readonly assessments: readonly Assessment[];
  readonly events: readonly AuditRow[];
  readonly deliveries: readonly DeliveryRow[];
  readonly wording: Wording;
}

/** How people are called, and by whose clock they read the times within words. */
export interface Wording {
  readonly names: Names;
  /** Default: UTC. */
  readonly zone?: string;
}

/**
 * The customer's story, oldest first. Lines of the same moment keep the order cause, alert, message. Shadow
 * alerts told nobody and changed nothing for the customer, so they are no part of it.
 */
export const tellStory = ({
  assessments,
  events,
  deliveries,
  wording,
}: StorySources): readonly StoryEntry[] =>
  [
    ...assessments.map((assessment) => heard(assessment, wording)),
    ...events.filter(isReal).map((event) => happened(event, wording)),
    ...deliveries.flatMap((delivery) => told(delivery, wording)),
  ]
    // Array sort is stable, so cause stays before consequence within one millisecond.
    .sort((a, b) => a.at - b.at);

const isReal = ({ stage }: AuditRow): boolean => stage === 'live' || stage === 'canary';

/** Longest quote in a story. A page shows whole paragraphs, but not a pasted mail thread. */
const QUOTE_LENGTH = 600;
/** Reasons for the risk that a line names. */
const REASONS = 3;
/** A change of risk below this many points is noise and is not worth a reason. */
const RISK_STEP = 1;

const heard = (assessment: Assessment, { names }: Wording): StoryEntry => {
  const { signal, sentiment, intents } = assessment;
  return {
    at: signal.occurredAt,
    who: signal.type === 'contact.logged' ? 'person' : 'customer',
    ...(signal.agent === undefined ? {} : { actor: names.person(signal.agent) }),
    words: signalInWords(assessment),
    ...(signal.text === undefined ? {} : { quote: shortened(signal.text) }),
    ...(sentiment === undefined ? {} : { sentiment }),
    ...(intents.length === 0
      ? {}
      : { wants: [...new Set(intents.map(({ intent }) => INTENT_WORDS[intent]))] }),
    risk: riskOf(assessment),
    ...(signal.url === undefined ? {} : { url: signal.url }),
    ref: signal.id,
  };
};

const signalInWords = ({ signal }: Assessment): string => {
  const details = [
    signal.category,
    signal.product,
    signal.daysLate === undefined ? undefined : `${signal.daysLate} days late`,
    signal.satisfaction === undefined ? undefined : `satisfaction ${signal.satisfaction} of 5`,
    signal.transfers === undefined || signal.transfers === 0
      ? undefined
      : `passed on ${count(signal.transfers, 'time')}`,
    signal.followers === undefined ? undefined : `${signal.followers} followers`,
    signal.type === 'contact.logged' ? contactInWords(signal.reached) : undefined,
  ].filter((detail) => detail !== undefined);
  const by = `${SIGNAL_WORDS[signal.type]} (${CHANNEL_WORDS[signal.channel]})`;
  return details.length === 0 ? by : `${by}: ${details.join(', ')}`;
};

const contactInWords = (reached: boolean | undefined): string | undefined => {
  if (reached === undefined) return undefined;
  return reached ? 'spoke to the customer' : 'did not reach the customer';
};

const riskOf = (assessment: Assessment): NonNullable<StoryEntry['risk']> => {
  const before = assessment.riskScoreBefore;
  const moved = before === undefined || Math.abs(assessment.riskScore - before) >= RISK_STEP;
  return {
    score: assessment.riskScore,
    ...(before === undefined ? {} : { before }),
    because: moved ? assessment.riskContributions.slice(0, REASONS).map(({ words }) => words) : [],
  };
};

const happened = (event: AuditRow, wording: Wording): StoryEntry => {
  const quote = ownWords(event);
  return {
    at: event.at,
    who: event.actorKind === 'person' ? 'person' : 'tocsin',
    ...(event.actorKind === 'system' ? {} : { actor: wording.names.person(event.actorId) }),
    words: eventInWords(event, wording),
    ...(quote === undefined ? {} : { quote: shortened(quote) }),
    alertId: event.alertId,
    label: event.label,
    ref: event.id,
  };
};

/** What a person wrote about what they did. The notes of other events are Tocsin's remarks, and no quote. */
export const ownWords = ({ action, note }: AuditRow): string | undefined =>
  action === 'contacted' || action === 'contact_attempted' || action === 'snoozed' || action === 'closed'
    ? note
    : undefined;

/** An alert's event as a line: `missed a deadline: speak to the customer`. */
export const eventInWords = (event: AuditRow, wording: Wording): string => {
  const words = `${EVENT_WORDS[event.action]}${event.via === undefined ? '' : ` (${viaInWords(event.via)})`}`;
  const detail = detailOf(event, wording);
  const remark = event.note === undefined || ownWords(event) !== undefined ? '' : ` (${event.note})`;
  return `${words}${detail === undefined ? '' : `: ${detail}`}${remark}`;
};

const detailOf = (event: AuditRow, { names, zone }: Wording): string | undefined => {
  switch (event.action) {
    case 'held_back':
      return [event.held === undefined ? undefined : HELD_WORDS[event.held], event.heldBy]
        .filter((part) => part !== undefined)
        .join(' – ');
    case 'refused':
      return event.refusal === undefined ? undefined : REFUSAL_WORDS[event.refusal];
    case 'breached':
      return event.milestone === undefined ? undefined : DEADLINE_WORDS[event.milestone];
    case 'escalated':
      return event.told === undefined ? stepInWords(event.step) : `told ${toldInWords(event.told, names)}`;
    case 'reassigned':
      return event.detail === undefined ? undefined : ownersNamed(event.detail, names);
    case 'snoozed':
      return event.detail === undefined ? undefined : untilInWords(event.detail, zone);
    default:
      return event.detail;
  }
};

/** `slack U07ANA, email lead@example.com`, as the audit keeps it, for people. */
const toldInWords = (told: string, names: Names): string =>
  told
    .split(', ')
    .map((target) => {
      const [channel = '', address = ''] = target.split(/ (.*)/s);
      return byChannel(names.person(address), channel);
    })
    .join(', ');

const byChannel = (whom: string, channel: string): string =>
  `${whom} by ${channel === 'slack' ? 'Slack' : 'e-mail'}`;

/** The audit keeps the end of a snooze in UTC; whoever reads it has another clock. */
const untilInWords = (detail: string, zone: string | undefined): string => {
  const until = Date.parse(detail.replace(/^until /, ''));
  return Number.isNaN(until) ? detail : `until ${instantInWords(until, zone)}`;
};

/** Only what people need to know: a message that arrived, and one that never did. Retries are the audit's. */
const told = (delivery: DeliveryRow, { names }: Wording): readonly StoryEntry[] => {
  const words = deliveryInWords(delivery, byChannel(names.person(delivery.address), delivery.channel));
  if (words === undefined) return [];
  return [{ at: delivery.at, who: 'tocsin', words, alertId: delivery.alertId, ref: delivery.id }];
};

const deliveryInWords = (delivery: DeliveryRow, whom: string): string | undefined => {
  switch (delivery.outcome) {
    case 'delivered':
      return delivery.template === 'update'
        ? undefined
        : `told ${whom} (${templateInWords(delivery.template)})`;
    case 'uncertain':
      return `may have told ${whom}: the answer was lost`;
    case 'gave_up':
      return delivery.reason === 'superseded'
        ? undefined
        : `could not tell ${whom}: ${plain(delivery.reason)}`;
    case 'failed':
      return undefined;
  }
};

const shortened = (text: string): string =>
  text.length <= QUOTE_LENGTH ? text : `${text.slice(0, QUOTE_LENGTH - 1).toWellFormed()}…`;
