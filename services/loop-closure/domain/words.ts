import type { Actor, AlertCommand, AlertEventType, Refusal } from '../../contracts/alert.ts';
import type { Deadline, HeldReason } from '../../contracts/alert-request.ts';
import type { SignalType } from '../../contracts/signal.ts';
import type { Channel } from '../../contracts/sources.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../platform/time/clock.ts';
import type { Names } from '../../settings/names.ts';

/** A length of time as people say it, in its two largest units: `3 d 4 h`, `12 min`, `40 s`. Never negative. */
export const durationInWords = (ms: number): string => {
  const whole = Math.abs(ms);
  if (whole < MINUTE) return `${Math.floor(whole / SECOND)} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min`;
  if (whole < DAY) return twoUnits(whole, HOUR, 'h', MINUTE, 'min');
  return twoUnits(whole, DAY, 'd', HOUR, 'h');
};

/** How far away a deadline is: `in 2 h 5 min`, or `12 min late` once it has passed. */
export const distanceInWords = (dueAt: number, now: number): string =>
  dueAt > now ? `in ${durationInWords(dueAt - now)}` : `${durationInWords(now - dueAt)} late`;

/** A moment as people of that zone read it: `Fri, 27 Mar 2026, 17:30 CET`. An unknown zone is read as UTC. */
export const instantInWords = (at: number, zone = 'UTC'): string => formatterOf(zone).format(at);

/** The same where the zone is said elsewhere: `Fri, 27 Mar 2026, 17:30`. */
export const momentInWords = (at: number, zone: string): string =>
  formatterOf(zone)
    .formatToParts(at)
    .flatMap(({ type, value }) => (type === 'timeZoneName' ? [] : [value]))
    .join('')
    .trim();

/** Owners, which the audit keeps as ids, by their names: in `owner: ana` and in `to team retention`. */
export const ownersNamed = (text: string, names: Names): string =>
  text.replace(
    /((?:^|, )owner: |^to )(team )?([^\s,]+)/g,
    (_, before: string, team: string | undefined, id: string) =>
      `${before}${team === undefined ? names.person(id) : `${team}${names.team(id)}`}`,
  );

/** RFC 3339 in UTC, for machines. Instants beyond what a date can hold are answered as the nearest that is. */
export const rfc3339 = (at: number): string =>
  new Date(Math.min(MAX_INSTANT, Math.max(-MAX_INSTANT, Math.round(at)))).toISOString();

/** Who did it: the person's name, `Tocsin`, or the record that showed it. */
export const actorInWords = (actor: Actor, names: Names): string => {
  switch (actor.kind) {
    case 'person':
      return names.person(actor.id);
    case 'record':
      return `record ${actor.id}`;
    case 'system':
      return 'Tocsin';
  }
};

/** A closed word (`already_acknowledged`, `order.delayed`) as plain text. */
export const plain = (word: string): string => word.replaceAll(/[_.]/g, ' ');

export const DEADLINE_WORDS: Readonly<Record<Deadline, string>> = {
  ack_by: 'acknowledge',
  contact_by: 'speak to the customer',
  close_by: 'close the loop',
};

/** `2:contact_by` is the second step of the rule's ladder, at that milestone. */
export const stepInWords = (step: string | undefined): string | undefined => {
  const [, number, milestone] = /^(\d+):(\w+)$/.exec(step ?? '') ?? [];
  return number === undefined ? step : `step ${number}, at ${plain(milestone ?? '')}`;
};

export const EVENT_WORDS: Readonly<Record<AlertEventType, string>> = {
  raised: 'alert raised',
  evidence_added: 'more evidence',
  held_back: 'held back',
  acknowledged: 'acknowledged',
  snoozed: 'snoozed',
  woken: 'woken from snooze',
  reassigned: 'reassigned',
  contact_attempted: 'tried to reach the customer',
  contacted: 'spoke to the customer',
  escalated: 'escalated',
  breached: 'missed a deadline',
  closed: 'closed',
  reopened: 'reopened',
  refused: 'refused',
};

/** Where a person acted. An order of a later version comes from somewhere that this one has no word for. */
export const viaInWords = (via: string): string => VIA_WORDS[via] ?? via;

const VIA_WORDS: Readonly<Record<string, string>> = {
  slack: 'Slack',
  email: 'mail',
  api: 'API',
  page: 'page',
  cli: 'command line',
  demo: 'demo',
} satisfies Record<AlertCommand['via'], string>;

/** Why a person's wish was not done, and what they can do about it. */
export const REFUSAL_WORDS: Readonly<Record<Refusal, string>> = {
  alert_unknown: 'There is no such alert.',
  alert_closed: 'The alert is closed already. A new signal will reopen it or raise a new one.',
  earlier_cycle: 'The alert has been reopened since you saw it. Look at the new cycle and act on that.',
  already_acknowledged: 'Somebody has acknowledged it already. Reassign it if you are to take it over.',
  contact_missing: 'Closing needs a contact with the customer. Record it first, or log the call.',
  outcome_missing: 'Closing needs an outcome.',
  outcome_unknown: 'This rule does not know that outcome. Choose one of those it lists.',
  root_cause_missing: 'Closing needs a root cause: what made the customer unhappy.',
  snooze_in_past: 'The snooze would end in the past. Choose a later moment.',
  snooze_too_long: 'The snooze is too long. A snooze ends within 30 days and before the alert is forgotten.',
  assignee_unknown: 'There is no such person or team. Use `person/<id>` or `team/<id>` from teams.yaml.',
};

export const HELD_WORDS: Readonly<Record<HeldReason, string>> = {
  mute: 'the rule mutes customers like this one',
  silence: 'somebody silenced it for a time',
  inhibited: 'an alert about the whole segment covers it',
  cooldown: 'the customer was looked after a short while ago',
  storm: 'too many alerts at once: it went into the digest',
  too_old: 'it happened too long ago to act on',
  late: 'the record came later than the source is allowed to be',
  already_answered: 'the customer was answered before the alert was due',
};

export const SIGNAL_WORDS: Readonly<Record<SignalType, string>> = {
  'complaint.received': 'complained',
  'complaint.resolved': 'complaint was resolved',
  'call_note.received': 'talked to us',
  'contact.logged': 'was contacted by us',
  'post.published': 'posted in public',
  'profile.updated': 'CRM profile changed',
  'order.delayed': 'order was delayed',
  'payment.failed': 'payment failed',
  'usage.dropped': 'uses the service less',
  'contract.ending': 'contract is ending',
  'price.raised': 'price was raised',
  'outage.reported': 'had an outage',
  'survey.answered': 'answered a survey',
  'purchase.made': 'bought something',
  'identity.joined': 'earlier words were joined to this customer',
  'identity.separated': 'words were separated from this customer again',
};

export const CHANNEL_WORDS: Readonly<Record<Channel, string>> = {
  email: 'e-mail',
  phone: 'phone',
  chat: 'chat',
  web: 'the web form',
  letter: 'letter',
  social: 'social media',
  in_person: 'in person',
  crm: 'the CRM',
};

/** A number of things: `1 attempt`, `3 attempts`. */
export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** A ratio as a whole percentage, or a dash when there is nothing to divide. */
export const percent = (ratio: number | undefined): string =>
  ratio === undefined ? '–' : `${Math.round(ratio * 100)} %`;

/** ECMAScript: the last instant a Date can hold, in ms. */
const MAX_INSTANT = 8.64e15;

const twoUnits = (ms: number, large: number, largeName: string, small: number, smallName: string): string => {
  const rest = Math.floor((ms % large) / small);
  const words = `${Math.floor(ms / large)} ${largeName}`;
  return rest === 0 ? words : `${words} ${rest} ${smallName}`;
};

/** Making a formatter costs about 50 µs and there are few zones, so they are kept. */
const formatters = new Map<string, Intl.DateTimeFormat>();

const formatterOf = (zone: string): Intl.DateTimeFormat => {
  const known = formatters.get(zone);
  if (known !== undefined) return known;
  const made = makeFormatter(zone);
  formatters.set(zone, made);
  return made;
};

const makeFormatter = (zone: string): Intl.DateTimeFormat => {
  const options = {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  } as const;
  try {
    return new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone });
  } catch {
    // A customer's zone comes from the CRM and may be any text. Showing UTC, named as such, is still true.
    return new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' });
  }
};
