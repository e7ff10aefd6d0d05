import { INTENTS, type Intent } from '../../contracts/assessment.ts';
import type { Signal, SignalType } from '../../contracts/signal.ts';
import type { CustomerAttributes } from '../../contracts/sources.ts';
import { DAY, HOUR } from '../../platform/time/clock.ts';
import type { TextReading } from './read-text.ts';

/**
 * What scoring remembers of one customer.
 *
 * Everything is kept by the time at which it happened, so that a late record changes the picture as if it
 * had come in time, and a replay gives the same numbers. Bounded: the newest `MAX_RECENT` happenings in
 * full, older ones folded into `past`. Typically some 300 bytes of JSON.
 */
export interface CustomerState {
  /** Time of the newest signal, epoch ms: "now" for all ages. */
  readonly at: number;
  readonly attributes?: CustomerAttributes;
  /** When the CRM last spoke; an older record that comes late only fills gaps. */
  readonly attributesAt?: number;
  /** Oldest first. */
  readonly recent: readonly Happening[];
  readonly past?: Past;
  /** Complaints that nobody has resolved, oldest first. */
  readonly open: readonly OpenComplaint[];
  /** Fingerprints of the last signals, to recognise a repeat. */
  readonly seen: string;
}

/** One thing that happened. Keys are short, as each customer has many. */
export interface Happening {
  readonly at: number;
  readonly type: SignalType;
  /** Mood of its text, −1…1. */
  readonly mood?: number;
  /** Intents as a set of bits, in the order of `INTENTS`. */
  readonly intents?: number;
  readonly transfers?: number;
  readonly satisfaction?: number;
  /** Followers of the author of a post. */
  readonly reach?: number;
  readonly daysLate?: number;
  /** Whether we spoke to the customer. */
  readonly spoke?: true;
  /** The identity through which it came: what a separation takes back. */
  readonly via?: string;
}

export interface OpenComplaint {
  readonly id: string;
  readonly at: number;
  readonly via?: string;
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
/** More open complaints than this make no difference to anybody; the oldest stay, as their age counts. */
const MAX_OPEN = 8;
/** The log removes repeats; this guards against what still comes twice in short order. */
const SEEN = 12;
const FINGERPRINT = 8;
export const MOOD_HALF_LIFE_MS = 30 * DAY;

const EMPTY: CustomerState = { at: 0, recent: [], open: [], seen: '' };

/** Whether this very signal has just been taken in. Looks back over the last twelve signals. */
export function isRepeat(state: CustomerState | undefined, signal: Signal): boolean {
  if (state === undefined) return false;
  const mark = fingerprint(signal.id);
  for (let position = 0; position < state.seen.length; position += FINGERPRINT) {
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
  const recent = happening === undefined ? state.recent : insert(state.recent, happening);
  const kept = fold(recent, state.past, at);
  return {
    at,
    ...takeAttributes(state, signal),
    recent: kept.recent,
    ...(kept.past === undefined ? {} : { past: kept.past }),
    open: takeComplaint(state.open, signal),
    seen: mark(state.seen, signal),
  };
}

const mark = (seen: string, signal: Signal): string =>
  (fingerprint(signal.id) + seen).slice(0, SEEN * FINGERPRINT);

/** Takes back what came through an identity that turned out to be somebody else's. */
function forgetIdentity(state: CustomerState, signal: Signal): CustomerState {
  const theirs = (entry: { readonly via?: string }): boolean => entry.via === signal.identity;
  return {
    ...state,
    at: Math.max(state.at, signal.occurredAt),
    recent: state.recent.filter((happening) => !theirs(happening)),
    open: state.open.filter((complaint) => !theirs(complaint)),
    seen: mark(state.seen, signal),
  };
}

/** CRM records that only say what the customer is, and joins, are no happenings. */
function happeningOf(signal: Signal, reading: TextReading | undefined): Happening | undefined {
  if (signal.type === 'profile.updated' || signal.type === 'identity.joined') return undefined;
  const mood = reading?.sentiment.score;
  const intents = reading === undefined ? 0 : intentBits(reading);
  return {
    at: signal.occurredAt,
    type: signal.type,
    ...(mood === undefined ? {} : { mood }),
    ...(intents === 0 ? {} : { intents }),
    ...(signal.transfers ? { transfers: signal.transfers } : {}),
    ...(signal.satisfaction === undefined ? {} : { satisfaction: signal.satisfaction }),
    ...(signal.followers === undefined ? {} : { reach: signal.followers }),
    ...(signal.daysLate === undefined ? {} : { daysLate: signal.daysLate }),
    ...(signal.type === 'contact.logged' && signal.reached === true ? { spoke: true } : {}),
    ...(signal.via === undefined ? {} : { via: signal.via }),
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

/** Keeps the list in order of time; almost always the new one is the newest. */
function insert(recent: readonly Happening[], happening: Happening): readonly Happening[] {
  let position = recent.length;
  while (position > 0 && (recent[position - 1]?.at ?? 0) > happening.at) position--;
  return recent.toSpliced(position, 0, happening);
}

function fold(
  recent: readonly Happening[],
  past: Past | undefined,
  now: number,
): { recent: readonly Happening[]; past: Past | undefined } {
  let first = Math.max(0, recent.length - MAX_RECENT);
  while (first < recent.length && (recent[first]?.at ?? 0) < now - REMEMBERED_MS) first++;
  if (first === 0) return { recent, past };
  let folded = past;
  for (const happening of recent.slice(0, first)) folded = foldOne(folded, happening);
  return { recent: recent.slice(first), past: folded };
}

const NO_PAST: Past = { mood: 0, texts: 0, moodAt: 0 };

function foldOne(before: Past | undefined, happening: Happening): Past {
  const past = before ?? NO_PAST;
  const mood = happening.mood === undefined ? past : foldMood(past, happening.at, happening.mood);
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

function takeComplaint(open: readonly OpenComplaint[], signal: Signal): readonly OpenComplaint[] {
  const id = signal.complaintId ?? signal.id;
  if (signal.type === 'complaint.resolved') {
    return open.some((complaint) => complaint.id === id)
      ? open.filter((complaint) => complaint.id !== id)
      : open;
  }
  if (signal.type !== 'complaint.received' || open.some((complaint) => complaint.id === id)) return open;
  const complaint = {
    id,
    at: signal.occurredAt,
    ...(signal.via === undefined ? {} : { via: signal.via }),
  };
  return [...open, complaint].sort((a, b) => a.at - b.at).slice(0, MAX_OPEN);
}

/**
 * 48 bits of a signal's id as eight characters. Two of a customer's last twelve signals share it by chance
 * once in some 10^13 signals.
 */
function fingerprint(id: string): string {
  // Two rounds of FNV-1a with different offsets.
  let one = 0x811c9dc5;
  let two = 0x050c5d1f;
  for (let index = 0; index < id.length; index++) {
    const code = id.charCodeAt(index);
    one = Math.imul(one ^ code, 0x01000193);
    two = Math.imul(two ^ code, 0x01000193) + 0x9e37;
  }
  return encode24(one ^ (one >>> 24)) + encode24(two ^ (two >>> 24));
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const encode24 = (bits: number): string =>
  ALPHABET.charAt(bits & 63) +
  ALPHABET.charAt((bits >>> 6) & 63) +
  ALPHABET.charAt((bits >>> 12) & 63) +
  ALPHABET.charAt((bits >>> 18) & 63);
