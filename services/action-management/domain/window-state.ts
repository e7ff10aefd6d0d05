import type { Evidence } from '../../contracts/alert-request.ts';
import type { Assessment } from '../../contracts/assessment.ts';
import type { SignalType } from '../../contracts/signal.ts';
import { evidenceOf } from './evidence.ts';
import type { Value } from './language/fields.ts';
import { waitedWith } from './waits.ts';

/**
 * What action-management remembers of one customer: one list of recent signals that the windows of all rules
 * share, with only the fields that some window reads.
 *
 * Bounded: at most `MAX_SIGNALS` signals, none older than `Retention` says for its type, at most
 * `MAX_QUOTED` of them with the customer's words. A customer with more loses the oldest signal of the type
 * that is most frequent, so that a flood of posts does not push out the one complaint; not one that is yet to be judged.
 */
export interface WindowState {
  /** In order of `at`; for one instant, in order of arrival. */
  readonly signals: readonly RememberedSignal[];
  /** The latest signals as evidence, oldest first. */
  readonly quoted: readonly Evidence[];
  /** Ids of the last assessments, newest last: a repeat is recognised here or among `signals`. */
  readonly seen: readonly string[];
  /** The latest `at` of any judged signal. */
  readonly newestAt: number;
  /** The earliest `at` of any judged signal; kept while some window has a warm-up. */
  readonly since?: number;
  /** What rules with a sequence wait for; absent while they wait for nothing. */
  readonly waiting?: Waiting;
  /** `<rule>/<first signal>` of the last sequences that were judged, newest last: each is judged once. */
  readonly judged?: readonly string[];
}

/** Sequences that are complete but for something that must not come until its time has passed. */
export interface Waiting {
  /** When each is over, by the name of its timer. */
  readonly timers: Readonly<Record<string, number>>;
  /** What is known of the customer now: the sequence is judged by it when the time has passed. */
  readonly latest: Pick<Assessment, 'riskScore' | 'riskContributions' | 'profile' | 'modelVersion'>;
}

export interface RememberedSignal {
  readonly id: string;
  readonly type: SignalType;
  /** See `happenedAt`. */
  readonly at: number;
  readonly fields?: Readonly<Record<string, Value>>;
}

/** Most customers have fewer than ten signals a month; 200 keep a bot's state below 40 kB, what it waits for included. */
export const MAX_SIGNALS = 200;
/** Five pieces of evidence tell the story; the rest stays with the records. */
export const MAX_QUOTED = 5;
/** Repeats come from retries within seconds. */
const MAX_SEEN = 8;

/** What is kept of each signal, and how long; derived from the windows of all active rules. */
export interface Retention {
  /**
   * How far back any window that counts the type reaches, plus the allowed lateness. A type that no window
   * counts is not remembered.
   */
  readonly keepMs: ReadonlyMap<SignalType, number>;
  readonly fields: ReadonlyMap<SignalType, readonly FieldReader[]>;
  /** Whether some window has a warm-up. */
  readonly tracksSince: boolean;
}

export interface FieldReader {
  readonly name: string;
  readonly read: (assessment: Assessment) => Value | undefined;
}

export const EMPTY: WindowState = { signals: [], quoted: [], seen: [], newestAt: 0 };

/**
 * When the signal happened, for windows. A source whose clock runs ahead is taken at the time of arrival:
 * otherwise one record from tomorrow would empty all windows of today.
 */
export const happenedAt = ({ signal }: Assessment): number => Math.min(signal.occurredAt, signal.receivedAt);

export const isRepeat = (state: WindowState, id: string): boolean =>
  state.seen.includes(id) || state.signals.some((signal) => signal.id === id);

/** The state with the assessment in it. The old state is not touched. */
export function remember(state: WindowState, assessment: Assessment, retention: Retention): WindowState {
  const { type } = assessment.signal;
  const at = happenedAt(assessment);
  const newestAt = Math.max(state.newestAt, at);
  const seen = [...state.seen.slice(-(MAX_SEEN - 1)), assessment.id];
  const keepMs = retention.keepMs.get(type);
  const known = retention.tracksSince ? { since: Math.min(state.since ?? at, at) } : {};
  if (keepMs === undefined || at <= newestAt - keepMs) return { ...state, ...known, seen, newestAt };
  const fields = readFields(assessment, retention.fields.get(type) ?? []);
  const entry: RememberedSignal = {
    id: assessment.id,
    type,
    at,
    ...(fields === undefined ? {} : { fields }),
  };
  const kept = dropExpired(state.signals, newestAt, retention);
  return {
    ...state,
    ...known,
    signals: bounded(insertInOrder(kept, entry), state.waiting),
    quoted: [...state.quoted.slice(-(MAX_QUOTED - 1)), evidenceOf(assessment, 'remembered')],
    seen,
    newestAt,
  };
}

/** Texts of people can be long; a window only compares and counts them. */
const MAX_FIELD_CHARACTERS = 80;

function readFields(
  assessment: Assessment,
  readers: readonly FieldReader[],
): Readonly<Record<string, Value>> | undefined {
  let fields: Record<string, Value> | undefined;
  for (const { name, read } of readers) {
    const value = read(assessment);
    if (value === undefined) continue;
    fields ??= {};
    fields[name] = typeof value === 'string' ? value.slice(0, MAX_FIELD_CHARACTERS) : value;
  }
  return fields;
}

function dropExpired(
  signals: readonly RememberedSignal[],
  newestAt: number,
  { keepMs }: Retention,
): readonly RememberedSignal[] {
  const current = ({ type, at }: RememberedSignal) => at > newestAt - (keepMs.get(type) ?? 0);
  return signals.every(current) ? signals : signals.filter(current);
}

function insertInOrder(signals: readonly RememberedSignal[], entry: RememberedSignal): RememberedSignal[] {
  if (entry.at >= (signals.at(-1)?.at ?? 0)) return [...signals, entry];
  let place = signals.length;
  while (place > 0 && (signals[place - 1]?.at ?? 0) > entry.at) place -= 1;
  return [...signals.slice(0, place), entry, ...signals.slice(place)];
}

function bounded(signals: RememberedSignal[], waiting: Waiting | undefined): RememberedSignal[] {
  if (signals.length <= MAX_SIGNALS) return signals;
  const unjudged = waitedWith(waiting);
  const judged = signals.filter(({ id }) => !unjudged.has(id));
  const counts = new Map<SignalType, number>();
  for (const { type } of judged) counts.set(type, (counts.get(type) ?? 0) + 1);
  const [[frequent] = []] = [...counts].sort((a, b) => b[1] - a[1]);
  const oldest = judged.find(({ type }) => type === frequent);
  return signals.filter((signal) => signal !== oldest);
}
