import { INTENTS, type Intent } from '../../contracts/assessment.ts';
import type { Signal } from '../../contracts/signal.ts';
import type { CustomerAttributes } from '../../contracts/sources.ts';
import { DAY, HOUR } from '../../platform/time/clock.ts';
import { extend, type Happening, type History, HistoryReader, withoutIdentity } from './history.ts';
import { type OpenComplaints, opened, resolved, withoutThrough } from './open-complaints.ts';
import { MARK, markOf } from './packed.ts';
import type { TextReading } from './read-text.ts';

/**
 * What scoring remembers of one customer.
 *
 * Everything is kept by the time at which it happened, so that a late record changes the picture as if it
 * had come in time, and a replay gives the same numbers. Bounded: the newest `MAX_RECENT` happenings, older ones
 * folded into `past`. Lists are packed text: every record brings all of it from memory to the database.
 */
export interface CustomerState {
  /** Time of the newest signal, epoch ms: "now" for all ages. */
  readonly at: number;
  readonly attributes?: CustomerAttributes;
  /** When the CRM last spoke; an older record that comes late only fills gaps. */
  readonly attributesAt?: number;
  readonly history: History;
  readonly past?: Past;
  readonly open: OpenComplaints;
  /** Marks of the last signals, newest first, to recognise a repeat. */
  readonly seen: string;
}

/** What became too old or too much to keep in full. Separations cannot take it back. */
export interface Past {
  /** Sum of moods and number of texts, both as worth at `moodAt`. */
  readonly mood: number;
  readonly texts: number;
  readonly moodAt: number;
  readonly spokeAt?: number;
}

/** Enough for thirty days of all but the busiest customers; windowed counts stop growing here. */
export const MAX_RECENT = 20;
/** Happenings older than this are folded: no feature looks further back. */
const REMEMBERED_MS = 90 * DAY;
/** The log removes repeats; this guards against what still comes twice in short order. */
const SEEN = 12;
export const MOOD_HALF_LIFE_MS = 30 * DAY;

const EMPTY: CustomerState = { at: 0, history: '', open: '', seen: '' };

/** Whether this very signal has just been taken in. Looks back over the last twelve signals. */
export function isRepeat(state: CustomerState | undefined, signal: Signal): boolean {
  if (state === undefined) return false;
  const mark = markOf(signal.id);
  for (let position = 0; position < state.seen.length; position += MARK) {
    if (state.seen.startsWith(mark, position)) return true;
  }
  return false;
}

/** The state after a signal. `reading` is what its text said, when it has one in the customer's words. */
export function remember(
  before: CustomerState | undefined,
  signal: Signal,
  reading: TextReading | undefined,
): CustomerState {
  const state = before ?? EMPTY;
  if (signal.type === 'identity.separated') return forgetIdentity(state, signal);
  const at = Math.max(state.at, signal.occurredAt);
  const happening = happeningOf(signal, reading);
  const { over, kept } = extend(state.history, happening, { most: MAX_RECENT, since: at - REMEMBERED_MS });
  const past = fold(state.past, over);
  return {
    at,
    ...takeAttributes(state, signal),
    history: kept,
    ...(past === undefined ? {} : { past }),
    open: takeComplaint(state.open, signal),
    seen: mark(state.seen, signal),
  };
}

const mark = (seen: string, signal: Signal): string => (markOf(signal.id) + seen).slice(0, SEEN * MARK);

/** Takes back what came through an identity that turned out to be somebody else's. */
function forgetIdentity(state: CustomerState, signal: Signal): CustomerState {
  const { identity } = signal;
  return {
    ...state,
    at: Math.max(state.at, signal.occurredAt),
    history: identity === undefined ? state.history : withoutIdentity(state.history, identity),
    open: identity === undefined ? state.open : withoutThrough(state.open, identity),
    seen: mark(state.seen, signal),
  };
}

/** CRM records that only say what the customer is, and joins, are no happenings. */
function happeningOf(signal: Signal, reading: TextReading | undefined): Happening | undefined {
  if (signal.type === 'profile.updated' || signal.type === 'identity.joined') return undefined;
  return {
    at: signal.occurredAt,
    type: signal.type,
    mood: reading?.sentiment.score,
    intents: reading === undefined ? 0 : intentBits(reading),
    transfers: signal.transfers,
    satisfaction: signal.satisfaction,
    reach: signal.followers,
    spoke: signal.type === 'contact.logged' && signal.reached === true,
    via: signal.via,
  };
}

const BIT = Object.fromEntries(INTENTS.map((intent, index) => [intent, index])) as Readonly<
  // Every intent is a key: the entries come from the list itself.
  Record<Intent, number>
>;

/** Position of an intent in the set of bits. */
export const bitOf = (intent: Intent): number => BIT[intent];

function intentBits(reading: TextReading): number {
  let bits = 0;
  for (const { intent } of reading.intents) bits |= 1 << BIT[intent];
  return bits;
}

function fold(before: Past | undefined, over: History): Past | undefined {
  let past = before;
  for (const reader = new HistoryReader(over); reader.next(); ) past = foldOne(past, reader);
  return past;
}

const NO_PAST: Past = { mood: 0, texts: 0, moodAt: 0 };

function foldOne(before: Past | undefined, happening: HistoryReader): Past {
  const past = before ?? NO_PAST;
  const mood = happening.hasMood ? foldMood(past, happening.at, happening.mood) : past;
  const spokeAt = happening.spoke ? Math.max(past.spokeAt ?? 0, happening.at) : past.spokeAt;
  return {
    mood: mood.mood,
    texts: mood.texts,
    moodAt: mood.moodAt,
    ...(spokeAt === undefined ? {} : { spokeAt }),
  };
}

function foldMood(past: Past, at: number, mood: number): Pick<Past, 'mood' | 'texts' | 'moodAt'> {
  const moodAt = Math.max(past.moodAt, at);
  const old = halved(moodAt - past.moodAt);
  const added = halved(moodAt - at);
  return {
    mood: thousandths(past.mood * old + mood * added),
    texts: thousandths(past.texts * old + added),
    moodAt,
  };
}

/** What a text still counts after `ageMs`: 1 when new, one half after thirty days. Exact to the hour. */
export function halved(ageMs: number): number {
  const hours = Math.floor(ageMs / HOUR);
  return WEIGHTS[hours] ?? 2 ** (-ageMs / MOOD_HALF_LIFE_MS);
}

/** The weights of all ages that are kept in full: a power costs ten times as much as a look-up. */
const WEIGHTS = Float64Array.from(
  { length: REMEMBERED_MS / HOUR },
  (_, hours) => 2 ** ((-hours * HOUR) / MOOD_HALF_LIFE_MS),
);

const thousandths = (value: number): number => Math.round(value * 1000) / 1000;

function takeAttributes(
  state: CustomerState,
  signal: Signal,
): Pick<CustomerState, 'attributes' | 'attributesAt'> {
  const named = signal.attributes;
  const known = state.attributes;
  const at = state.attributesAt;
  if (named === undefined) {
    return known === undefined || at === undefined ? {} : { attributes: known, attributesAt: at };
  }
  if (known === undefined || at === undefined) return { attributes: named, attributesAt: signal.occurredAt };
  const late = signal.occurredAt < at;
  return { attributes: merge(known, named, late), attributesAt: late ? at : signal.occurredAt };
}

/** Later words overwrite earlier ones, field by field; those that come late only fill gaps. */
function merge(known: CustomerAttributes, named: CustomerAttributes, late: boolean): CustomerAttributes {
  const extra = late ? { ...named.extra, ...known.extra } : { ...known.extra, ...named.extra };
  const merged = late ? { ...named, ...known } : { ...known, ...named };
  return Object.keys(extra).length === 0 ? merged : { ...merged, extra };
}

function takeComplaint(open: OpenComplaints, signal: Signal): OpenComplaints {
  const id = signal.complaintId ?? signal.id;
  if (signal.type === 'complaint.resolved') return resolved(open, id);
  if (signal.type !== 'complaint.received') return open;
  return opened(open, { id, at: signal.occurredAt, via: signal.via });
}
