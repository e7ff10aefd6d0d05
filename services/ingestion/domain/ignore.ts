import type { Source, SourceRecords } from '../../contracts/sources.ts';
import { emailIdentity, handleIdentity } from './identity.ts';

/** Why a good record says nothing about a customer. `not_relevant` is only said by a file's mapping. */
export const IGNORE_REASONS = ['own_message', 'auto_submitted', 'not_relevant'] as const;
export type IgnoreReason = (typeof IGNORE_REASONS)[number];

/** Who we are: what comes from these is our own voice, not a customer's. */
export interface OwnVoices {
  /** `handle:<network>:<name>`. */
  readonly handles: ReadonlySet<string>;
  /** `email:<address>`. */
  readonly emails: ReadonlySet<string>;
  /** Domains of our own mail, lower-case, without `@`. */
  readonly emailDomains: ReadonlySet<string>;
}

export const NO_OWN_VOICES: OwnVoices = { handles: new Set(), emails: new Set(), emailDomains: new Set() };

/**
 * Settings as people write them to voices. A handle is `network:name`, an e-mail an address or `@domain`.
 * Entries that are neither are returned as `unknown`.
 */
export function ownVoices(
  handles: readonly string[],
  emails: readonly string[],
): OwnVoices & { readonly unknown: readonly string[] } {
  const unknown: string[] = [];
  const keep = (raw: string, identity: string | undefined): string[] => {
    if (identity === undefined) unknown.push(raw);
    return identity === undefined ? [] : [identity];
  };
  const domains = emails.filter((raw) => raw.startsWith('@'));
  const addresses = emails.filter((raw) => !raw.startsWith('@'));
  return {
    handles: new Set(handles.flatMap((raw) => keep(raw, handleIdentity(raw)))),
    emails: new Set(addresses.flatMap((raw) => keep(raw, emailIdentity(raw)))),
    emailDomains: new Set(domains.map((raw) => raw.slice(1).toLowerCase())),
    unknown,
  };
}

/**
 * Whether a record is our own message or one that a machine submitted (absence notes, bounces, automatic
 * replies). Undefined: a customer's, to be taken. Answers only from fields and from the *beginning* of the
 * text, so that a customer who writes about our automatic replies is still heard.
 */
export function ignoreReason<S extends Source>(
  source: S,
  record: SourceRecords[S],
  own: OwnVoices,
): IgnoreReason | undefined {
  // A CRM record is never a message.
  if (source === 'crm-records') return undefined;
  if ('own' in record && record.own === true) return 'own_message';
  if (
    record.handle !== undefined &&
    own.handles.size > 0 &&
    isOwnHandle(record.handle, record.network, own)
  ) {
    return 'own_message';
  }
  if (record.email !== undefined) {
    const email = emailIdentity(record.email);
    if (email !== undefined && isOwnEmail(email, own)) return 'own_message';
    if (email !== undefined && MACHINE_SENDER.test(email)) return 'auto_submitted';
  }
  return source !== 'social-posts' && record.text !== undefined && AUTO_SUBMITTED.test(record.text)
    ? 'auto_submitted'
    : undefined;
}

const isOwnHandle = (handle: string, network: string | undefined, own: OwnVoices): boolean => {
  const identity = handleIdentity(handle, network);
  return identity !== undefined && own.handles.has(identity);
};

const isOwnEmail = (identity: string, own: OwnVoices): boolean =>
  own.emails.has(identity) || own.emailDomains.has(identity.slice(identity.indexOf('@') + 1));

/** Senders that RFC 3834 and RFC 2142 set aside for machines. */
const MACHINE_SENDER = /^email:(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)([+-][^@]*)?@/;

/** First words of the common mailers' absence notes and bounces, in the languages our users met most. */
const AUTO_SUBMITTED = new RegExp(
  `^\\s*(?:subject:\\s*)?(?:${[
    'auto(?:matic|mated)?[- ]?(?:reply|response)\\s*[:\\-–]',
    'out of (?:the )?office(?: auto(?:matic)?[- ]?reply)?\\s*[:\\-–]',
    'I am (?:currently )?out of (?:the )?office',
    'this is an auto(?:matically|mated|matic)[- ](?:generated )?(?:message|reply|response|e-?mail)',
    'undeliver(?:able|ed mail)\\b',
    'delivery status notification',
    'mail delivery (?:failed|subsystem)',
    'returned mail:',
    'abwesenheitsnotiz\\b',
    'automatische antwort\\s*[:\\-–]',
    'réponse automatique\\s*:',
    'respuesta automática\\s*:',
    'risposta automatica\\s*:',
  ].join('|')})`,
  'iu',
);
