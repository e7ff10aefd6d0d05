import type { Actor } from './alert.ts';
import type { Signal } from './signal.ts';

/** `email:<address>`, `phone:<digits>`, `handle:<network>:<name>` or `account:<id>`, normalised. */
export type Identity = string;

/** Begins the customer id that stands for an identity while nobody has claimed it. */
export const QUARANTINE_PREFIX = 'quarantine:';

/** What an alert is about, for people: an identity that nobody has claimed in words, anything else as it is. */
export function subjectInWords(subject: string): string {
  if (!subject.startsWith(QUARANTINE_PREFIX)) return subject;
  const identity = subject.slice(QUARANTINE_PREFIX.length);
  const [, kind = '', rest = identity] = /^(\w+):(.*)$/s.exec(identity) ?? [];
  const colon = rest.indexOf(':');
  switch (kind) {
    case 'handle':
      return `@${rest.slice(colon + 1)} on ${rest.slice(0, colon)}`;
    case 'account':
      return `account ${rest}`;
    default:
      return rest;
  }
}

/**
 * Ingestion's internal topic, keyed by identity: who claims an identity and what was said under it.
 * `separate` undoes a join that proved wrong; it names the person who decided so.
 */
export type IdentityEntry =
  | {
      readonly type: 'claim';
      readonly identity: Identity;
      readonly customerId: string;
      readonly recordId: string;
      readonly at: number;
    }
  | { readonly type: 'said'; readonly identity: Identity; readonly signal: Signal }
  | {
      readonly type: 'separate';
      readonly identity: Identity;
      readonly customerId: string;
      readonly by: Actor;
      readonly reason: string;
      readonly at: number;
    };

/** Alerting's internal topic, keyed by customer: which of the customer's loops are open. */
export interface CustomerLoop {
  readonly customerId: string;
  readonly alertKey: string;
  readonly alertId: string;
  readonly open: boolean;
  /** Contacts that happened before this do not count for the loop. */
  readonly openedAt: number;
  readonly at: number;
}

/** Alerting's internal topic, keyed by alert key: an outbound record shows that the customer was spoken to. */
export interface ContactProof {
  readonly alertKey: string;
  readonly alertId: string;
  readonly signal: Signal;
}
