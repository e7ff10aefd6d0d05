import type { Actor, Alert, AlertDeadline } from '../../contracts/alert.ts';
import type { CustomerCard, Deadline, Evidence } from '../../contracts/alert-request.ts';
import { subjectInWords } from '../../contracts/identity.ts';
import type { Names } from '../../settings/names.ts';
import { oneLine } from './slack-text.ts';
import { dateInZone, inCustomersZone, inZone } from './when.ts';

/**
 * What an agent must know, in words and without any channel's markup. Slack and e-mail are both written from
 * it, so that neither says less than the other.
 */
export interface Briefing {
  readonly label: string;
  readonly severity: string;
  readonly title: string;
  /** The customer's name, or whatever stands for the subject. */
  readonly who: string;
  readonly status: string;
  readonly owner: string;
  readonly because: readonly string[];
  readonly quotes: readonly Quote[];
  /** Quotes and events that are not shown. */
  readonly quotesLeftOut: number;
  readonly risk?: { readonly score: number; readonly contributions: readonly string[] };
  readonly customer: readonly (readonly [label: string, value: string])[];
  readonly playbook: readonly string[];
  readonly due: readonly DueLine[];
  readonly answerOn: string;
  readonly ruleId: string;
  readonly url: string;
}

export interface Quote {
  /** The customer's own words; absent when something happened without a word being said. */
  readonly words?: string;
  /** `complaint by email, Sun 22 Nov, 09:12 CET`. */
  readonly said: string;
  /** The words that made the mood, for example `useless −0.4`. */
  readonly mood: readonly string[];
  readonly url?: string;
}

export interface DueLine {
  readonly deadline: Deadline;
  /** `Acknowledge`, `Speak to the customer`, `Close the loop`. */
  readonly what: string;
  /** On the team's clock. */
  readonly by: string;
  /** On the customer's clock, when it is known and says something else. */
  readonly customersClock?: string;
  /** As the rule says it: `30m, business time`. */
  readonly rule: string;
  readonly state: 'ahead' | 'met' | 'missed' | 'met_late';
  readonly dueAt: number;
}

export interface BriefingSettings {
  /** Where the pages are, without a slash at the end. */
  readonly publicUrl: string;
  /** IANA zone of a named calendar. */
  zoneOf(calendar: string): string;
  readonly names: Names;
}

export function brief(alert: Alert, settings: BriefingSettings): Briefing {
  const zone = settings.zoneOf(alert.plan.calendar);
  const shown = alert.evidence.slice(-SHOWN_EVIDENCE);
  const risk = riskOf(alert.customer);
  return {
    label: alert.label,
    severity: alert.severity,
    title: oneLine(alert.ruleTitle),
    who: oneLine(alert.customer?.name ?? subjectInWords(alert.subject)),
    status: oneLine(statusOf(alert, zone, settings.names)),
    owner: oneLine(ownerOf(alert, settings.names)),
    because: alert.because.map(oneLine),
    quotes: shown.map((evidence) => quoteOf(evidence, zone)),
    quotesLeftOut: Math.max(0, alert.evidenceCount - shown.length),
    ...(risk === undefined ? {} : { risk }),
    customer: customerFacts(alert, zone, settings.names),
    playbook: alert.plan.playbook.map((step) => oneLine(fill(step, alert.customer))),
    due: dueLines(alert, zone),
    answerOn: ANSWER_ON[alert.answerOn],
    ruleId: alert.ruleId,
    url: alertUrl(settings.publicUrl, alert),
  };
}

/** The page of an alert. */
export const alertUrl = (publicUrl: string, alert: Pick<Alert, 'alertId'>): string =>
  `${publicUrl}/alerts/${encodeURIComponent(alert.alertId)}`;

/** More quotes make a message that nobody reads; the page has them all. */
const SHOWN_EVIDENCE = 3;

const DUE_WORDS: { readonly [D in Deadline]: string } = {
  ack_by: 'Acknowledge',
  contact_by: 'Speak to the customer',
  close_by: 'Close the loop',
};
const DEADLINES: readonly Deadline[] = ['ack_by', 'contact_by', 'close_by'];

const ANSWER_ON: { readonly [C in Alert['answerOn']]: string } = {
  email: 'e-mail',
  phone: 'the phone',
  chat: 'the chat',
  web: 'the web form they used',
  letter: 'paper: they wrote a letter',
  social: 'the network where they posted; take details to a private message',
  in_person: 'the shop or visit: in person',
  crm: 'the phone or e-mail: they have not written to us',
};

const SAID: { readonly [type: string]: string } = {
  'complaint.received': 'complaint',
  'complaint.resolved': 'complaint resolved',
  'call_note.received': 'call note',
  'contact.logged': 'contact',
  'post.published': 'public post',
};

const ownerOf = ({ owner: { person, team } }: Alert, names: Names): string =>
  person === undefined ? names.team(team) : `${names.person(person)} (${names.team(team)})`;

function statusOf(alert: Alert, zone: string, names: Names): string {
  const nameOf = (actor: Actor | undefined) => (actor === undefined ? 'somebody' : names.person(actor.id));
  switch (alert.status) {
    case 'open':
      return 'Open, nobody has taken it yet';
    case 'acknowledged': {
      const taken = `Taken by ${nameOf(alert.acknowledgedBy)}${at(alert.acknowledgedAt, zone)}`;
      return alert.contact?.reached === true
        ? `${taken}; customer spoken to${at(alert.contact.at, zone)}`
        : taken;
    }
    case 'snoozed':
      return `Snoozed by ${nameOf(alert.snooze?.by)}${
        alert.snooze === undefined
          ? ''
          : ` until ${inZone(alert.snooze.until, zone)}: ${oneLine(alert.snooze.reason)}`
      }`;
    case 'closed':
      return `Closed by ${nameOf(alert.closedBy)}${at(alert.closedAt, zone)}: ${words(alert.outcome)}${
        alert.rootCause === undefined ? '' : `, because of ${words(alert.rootCause)}`
      }`;
  }
}

const at = (instant: number | undefined, zone: string): string =>
  instant === undefined ? '' : `, ${inZone(instant, zone)}`;

/** `not_at_risk` as people say it. */
const words = (name: string | undefined): string =>
  name === undefined ? 'no outcome given' : oneLine(name.replaceAll('_', ' '));

function quoteOf(evidence: Evidence, zone: string): Quote {
  const what = SAID[evidence.type] ?? evidence.type.replace('.', ' ');
  const on = evidence.channel === 'crm' ? 'in the CRM' : `by ${evidence.channel.replaceAll('_', ' ')}`;
  return {
    ...(evidence.quote === undefined ? {} : { words: oneLine(evidence.quote) }),
    said: `${what} ${on}, ${inZone(evidence.occurredAt, zone)}`,
    mood: evidence.words
      .slice(0, SHOWN_MOOD_WORDS)
      .map(({ word, effect }) => `${oneLine(word)} ${signed(effect)}`),
    ...(evidence.url === undefined ? {} : { url: evidence.url }),
  };
}

const SHOWN_MOOD_WORDS = 5;

/** With a real minus sign, and no more digits than mean something. */
const signed = (value: number): string => {
  const rounded = Math.round(value * 10) / 10;
  return rounded < 0 ? `−${Math.abs(rounded)}` : `+${rounded}`;
};

function riskOf(customer: CustomerCard | undefined): Briefing['risk'] {
  if (customer === undefined) return undefined;
  return {
    score: Math.round(customer.riskScore),
    contributions: customer.riskContributions.map(
      ({ points, words: said }) => `${signed(points)}: ${oneLine(said)}`,
    ),
  };
}

function customerFacts(alert: Alert, zone: string, names: Names): Briefing['customer'] {
  const card = alert.customer;
  if (card === undefined) return [['Segment', oneLine(alert.subject)]];
  const facts: (readonly [string, string | undefined])[] = [
    ['Customer', whoIs(card)],
    ['Value', valueWords(card)],
    ['Customer for', card.tenureMonths === undefined ? undefined : tenure(card.tenureMonths)],
    ['Contract', contractWords(card, zone)],
    ['Product', card.product],
    ['Region', card.region],
    ['Language', card.language],
    ['Prefers', card.preferredChannel?.replaceAll('_', ' ')],
    ['Account manager', card.accountManager && names.person(card.accountManager)],
    ['Flags', card.flags === undefined || card.flags.length === 0 ? undefined : card.flags.join(', ')],
  ];
  return facts.flatMap(([label, value]) => (value === undefined ? [] : [[label, oneLine(value)] as const]));
}

function whoIs({ customerId, name }: CustomerCard): string {
  if (name !== undefined) return `${name} (${customerId})`;
  const words = subjectInWords(customerId);
  return words === customerId ? customerId : `${words}, not known as a customer`;
}

function valueWords({ valueTier, valuePerYear }: CustomerCard): string | undefined {
  const money = valuePerYear === undefined ? undefined : `${NUMBER.format(valuePerYear)} a year`;
  return [valueTier, money].filter((part) => part !== undefined).join(', ') || undefined;
}

function contractWords(
  { contract, renewalAt, daysToRenewal }: CustomerCard,
  zone: string,
): string | undefined {
  const renews =
    renewalAt === undefined
      ? undefined
      : `renews ${dateInZone(renewalAt, zone)}${daysToRenewal === undefined ? '' : ` (${Math.round(daysToRenewal)} days)`}`;
  return (
    [contract?.replaceAll('_', ' '), renews].filter((part) => part !== undefined).join(', ') || undefined
  );
}

const NUMBER = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });

const tenure = (months: number): string =>
  months < 24 ? `${Math.round(months)} months` : `${Math.round(months / 12)} years`;

/** All in the team's zone, those that are counted around the clock as well: nobody works in UTC. */
function dueLines(alert: Alert, zone: string): readonly DueLine[] {
  return DEADLINES.flatMap((deadline) => {
    const box = alert.deadlines[deadline];
    return box === undefined ? [] : [dueLine(deadline, box, zone, alert.customer?.timezone)];
  });
}

function dueLine(
  deadline: Deadline,
  box: AlertDeadline,
  zone: string,
  customersZone: string | undefined,
): DueLine {
  const by = inZone(box.dueAt, zone);
  const theirs = inCustomersZone(box.dueAt, customersZone);
  return {
    deadline,
    what: DUE_WORDS[deadline],
    by,
    ...(theirs === undefined || theirs === by ? {} : { customersClock: theirs }),
    rule: `${box.text}, ${box.clock === 'business' ? 'business time' : 'around the clock'}`,
    state: stateOf(box),
    dueAt: box.dueAt,
  };
}

function stateOf({ metAt, breachedAt }: AlertDeadline): DueLine['state'] {
  if (breachedAt !== undefined) return metAt === undefined ? 'missed' : 'met_late';
  return metAt === undefined ? 'ahead' : 'met';
}

/** Fills `{profile.value_tier}` and its like. What is not known is said to be unknown, never left out. */
function fill(step: string, customer: CustomerCard | undefined): string {
  return step.replace(/\{profile\.([a-z_0-9]{1,40})\}/g, (_, name: string) => {
    const field = name.replace(/_([a-z0-9])/g, (__, letter: string) => letter.toUpperCase());
    const value = Object.entries(customer ?? {}).find(([key]) => key === field)?.[1];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : 'unknown';
  });
}
