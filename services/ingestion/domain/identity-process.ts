import type { Identity, IdentityEntry } from '../../contracts/identity.ts';
import type { Signal } from '../../contracts/signal.ts';
import {
  type DueTimer,
  type Emit,
  HANDLED,
  type KeyedProcess,
  type Step,
  skipped,
  type TimerChange,
} from '../../platform/keyed-process/keyed-process.ts';
import { DAY } from '../../platform/time/clock.ts';
import { quarantineId } from './identity.ts';

/**
 * What is known of one identity. It is in one of three modes:
 *
 * - unclaimed: no `owner`. What is said goes out under `quarantine:<identity>`, and the newest of it is kept
 *   in `waiting`. Entered by the first word, left by a claim.
 * - owned: a CRM record claimed it. What is said goes to the owner. Left by a separation.
 * - separated: no `owner`, but `separatedFrom` says who may not have it back without a person's word: their
 *   CRM record still names the identity and would otherwise undo the separation at its next update. Any
 *   other customer's claim is heard.
 */
export interface IdentityState {
  readonly owner?: Owner;
  /** Signals said while nobody owned the identity, oldest first. */
  readonly waiting?: readonly Signal[];
  readonly separatedFrom?: readonly string[];
  /** Claims by others while it was owned: newest last, for the person who sorts it out. */
  readonly conflicts?: readonly Owner[];
}

interface Owner {
  readonly customerId: string;
  readonly recordId: string;
  /** When the claim was received, epoch ms. */
  readonly at: number;
}

/** What a join hands over: enough for a story, little enough that no handle fills a state. */
export const MAX_WAITING = 50;
/** Characters of text over all waiting signals; the oldest go first. */
export const MAX_WAITING_TEXT = 32 * 1024;
/** Unclaimed words older than this tell no one about a customer who might still be saved. */
export const QUARANTINE_MS = 90 * DAY;
const MAX_SEPARATED = 10;
const MAX_CONFLICTS = 5;
const EXPIRY = 'quarantine';

/**
 * Decides whose words an identity's words are, by claims of CRM records alone.
 *
 * Promises: a join hands over at most fifty waiting signals, each with `+joined` after its id and `via` set,
 * behind one `identity.joined` signal that audits it; the first owner keeps the identity against later claims
 * of others (skipped `identity_conflict`, kept in `conflicts`) until a person separates them; a separation
 * emits `identity.separated` with who decided and why, and what is said afterwards is quarantined again.
 * Does not promise to take back what was handed over: signals are facts. They stay recognisable by `via`.
 * A claim that finds nothing waiting joins nothing, and so emits nothing: the CRM record itself is the audit.
 */
export const identityProcess: KeyedProcess<IdentityState> = {
  name: 'identity',
  keySpace: 'identity',
  inputs: ['identities'],
  onInput: (state, input) =>
    input.topic === 'identities'
      ? decide(state ?? {}, input.value, input.appendedAt)
      : skipped('not_an_identity'),
  onTimer: (state, timer, now) => expire(state ?? {}, timer, now),
};

function decide(state: IdentityState, entry: IdentityEntry, receivedAt: number): Step<IdentityState> {
  switch (entry.type) {
    case 'said':
      return state.owner === undefined
        ? quarantine(state, entry.identity, entry.signal)
        : { outcome: HANDLED, emit: [signalFor(state.owner.customerId, entry.identity, entry.signal)] };
    case 'claim':
      return claim(state, entry);
    case 'separate':
      return separate(state, entry, receivedAt);
  }
}

function quarantine(state: IdentityState, identity: Identity, said: Signal): Step<IdentityState> {
  const customerId = quarantineId(identity);
  const signal: Signal = { ...said, customerId, quarantined: true, via: identity };
  const waiting = newest([...(state.waiting ?? []), signal]);
  const step = {
    outcome: { ...HANDLED, reason: 'quarantined' },
    state: { ...state, waiting },
    emit: [{ topic: 'signals', key: customerId, value: signal }],
  } as const;
  // The timer is set with the first word and renews itself when it finds younger ones.
  return state.waiting === undefined ? { ...step, timers: [expiresAt(signal.receivedAt)] } : step;
}

function newest(signals: readonly Signal[]): readonly Signal[] {
  let from = Math.max(0, signals.length - MAX_WAITING);
  let length = 0;
  for (const signal of signals.slice(from)) length += signal.text?.length ?? 0;
  while (length > MAX_WAITING_TEXT && from < signals.length - 1) length -= signals[from++]?.text?.length ?? 0;
  return from === 0 ? signals : signals.slice(from);
}

function claim(state: IdentityState, entry: Extract<IdentityEntry, { type: 'claim' }>): Step<IdentityState> {
  const { identity, customerId, recordId, at } = entry;
  if (state.owner?.customerId === customerId) return skipped('already_claimed');
  const owner: Owner = { customerId, recordId, at };
  if (state.owner !== undefined) return { ...skipped('identity_conflict'), ...conflict(state, owner) };
  if (state.separatedFrom?.includes(customerId)) return skipped('separated_before');
  const { waiting = [], ...rest } = state;
  const claimed: IdentityState = { ...rest, owner };
  if (waiting.length === 0) return { outcome: HANDLED, state: claimed };
  const joined = audit('identity.joined', identity, owner, recordId);
  return {
    outcome: { ...HANDLED, reason: 'joined' },
    state: claimed,
    emit: [joined, ...waiting.map((signal) => joinedSignal(customerId, identity, signal))],
    timers: [{ name: EXPIRY, dueAt: null }],
  };
}

function conflict(state: IdentityState, by: Owner): { readonly state?: IdentityState } {
  const known = state.conflicts ?? [];
  if (known.some((each) => each.customerId === by.customerId)) return {};
  return { state: { ...state, conflicts: [...known, by].slice(-MAX_CONFLICTS) } };
}

function separate(
  state: IdentityState,
  entry: Extract<IdentityEntry, { type: 'separate' }>,
  receivedAt: number,
): Step<IdentityState> {
  const { owner, ...rest } = state;
  if (owner?.customerId !== entry.customerId) return skipped('not_joined');
  const separatedFrom = [...(state.separatedFrom ?? []), entry.customerId].slice(-MAX_SEPARATED);
  const line = audit('identity.separated', entry.identity, { ...owner, at: entry.at }, String(entry.at));
  // `agent` and `category` carry who decided and why: `text` would be scored as the customer's own words.
  const value: Signal = { ...line.value, receivedAt, agent: entry.by.id, category: entry.reason };
  return {
    outcome: { ...HANDLED, reason: 'separated' },
    state: { ...rest, separatedFrom },
    emit: [{ ...line, value }],
  };
}

function expire(state: IdentityState, timer: DueTimer, now: number): Step<IdentityState> {
  const { waiting = [], ...rest } = state;
  const youngest = waiting.at(-1);
  if (youngest === undefined) return skipped('nothing_waiting');
  const dueAt = youngest.receivedAt + QUARANTINE_MS;
  if (dueAt > Math.max(timer.dueAt, now)) return { outcome: HANDLED, timers: [{ name: EXPIRY, dueAt }] };
  return { outcome: HANDLED, state: Object.keys(rest).length === 0 ? null : rest };
}

const expiresAt = (receivedAt: number): TimerChange => ({ name: EXPIRY, dueAt: receivedAt + QUARANTINE_MS });

const signalFor = (customerId: string, via: Identity, signal: Signal): Emit => ({
  topic: 'signals',
  key: customerId,
  value: { ...signal, customerId, quarantined: false, via },
});

const joinedSignal = (customerId: string, via: Identity, signal: Signal): Emit =>
  signalFor(customerId, via, { ...signal, id: `${signal.id}+joined` });

/** The signal by which a customer's own story shows that an identity came to them, or was taken away. */
function audit(
  type: 'identity.joined' | 'identity.separated',
  identity: Identity,
  owner: Owner,
  occasion: string,
): Extract<Emit, { topic: 'signals' }> {
  const id = `identities/${identity}/${type}/${occasion}`;
  const { customerId, at } = owner;
  return {
    topic: 'signals',
    key: customerId,
    value: {
      id,
      type,
      customerId,
      quarantined: false,
      occurredAt: at,
      receivedAt: at,
      source: 'crm-records',
      channel: 'crm',
      via: identity,
      identity,
    },
  };
}
