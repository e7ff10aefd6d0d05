import { type Identity, QUARANTINE_PREFIX } from '../../contracts/identity.ts';
import type { CrmRecord, Identified } from '../../contracts/sources.ts';

/**
 * Normal forms of the ways in which a record names a person. Two spellings of one address meet in the same
 * normal form; two different addresses never do: nothing here guesses (no removal of `+tags` or dots, no
 * country code added to a national number, no likeness between handles of two networks).
 *
 * Each function answers undefined when the text is not such an identity at all.
 */

/** `email:<address>`: lower-case, without `mailto:`. */
export function emailIdentity(raw: string): Identity | undefined {
  const address = raw
    .trim()
    .normalize('NFKC')
    .toLowerCase()
    .replace(/^mailto:/, '');
  return address.length <= MAX_EMAIL && EMAIL.test(address) ? `email:${address}` : undefined;
}

/** RFC 5321, section 4.5.3.1: 64 characters, `@`, 255; mailers agree on 254 in total. */
const MAX_EMAIL = 254;
const EMAIL = /^[^\s@<>,;"]{1,64}@[^\s@<>,;"]+\.[^\s@<>,;".]+$/;

/**
 * `phone:<digits>`, with a leading `+` where the source gives one. `00` before a number is the international
 * prefix of ITU-T E.123 and becomes `+`; a trunk zero in brackets after a country code is dropped.
 */
export function phoneIdentity(raw: string): Identity | undefined {
  const dialled = raw.trim().normalize('NFKC').replace(/^tel:/i, '');
  if (!DIALLED.test(dialled)) return undefined;
  const international = dialled.startsWith('+') || dialled.startsWith('00');
  const digits = (international ? dialled.replace('(0)', '') : dialled).replace(/\D/g, '');
  const number = dialled.startsWith('00') ? digits.slice(2) : digits;
  if (number.length < MIN_PHONE_DIGITS || number.length > MAX_PHONE_DIGITS) return undefined;
  return international ? `phone:+${number}` : `phone:${number}`;
}

const DIALLED = /^\+?[\d\s().\-/]+$/;
/** Shorter ones are short codes and extensions, which belong to nobody. */
const MIN_PHONE_DIGITS = 7;
/** ITU-T E.164. */
const MAX_PHONE_DIGITS = 15;

/** `handle:<network>:<name>`: lower-case, without `@`. The network may stand before a colon in the handle. */
export function handleIdentity(raw: string, network?: string): Identity | undefined {
  const handle = raw.trim().normalize('NFKC').toLowerCase();
  const colon = handle.indexOf(':');
  const place = colon > 0 ? handle.slice(0, colon) : network?.trim().toLowerCase();
  const name = handle.slice(colon + 1).replace(/^@/, '');
  if (place === undefined || !NETWORK.test(place) || !HANDLE_NAME.test(name)) return undefined;
  return `handle:${place}:${name}`;
}

const NETWORK = /^[a-z0-9][a-z0-9._-]{0,39}$/;
const HANDLE_NAME = /^[^\s@:/]{1,100}$/;

/** `account:<id>`: case is kept, since some systems give meaning to it. */
export function accountIdentity(raw: string): Identity | undefined {
  const id = raw.trim().replace(/\s+/g, ' ');
  return id === '' ? undefined : `account:${id}`;
}

/** A text in one of the forms above, as an operator types it, to its normal form. */
export function parseIdentity(text: string): Identity | undefined {
  const colon = text.indexOf(':');
  const rest = text.slice(colon + 1);
  switch (text.slice(0, Math.max(colon, 0))) {
    case 'email':
      return emailIdentity(rest);
    case 'phone':
      return phoneIdentity(rest);
    case 'handle':
      return handleIdentity(rest);
    case 'account':
      return accountIdentity(rest);
    default:
      return undefined;
  }
}

export const IDENTITY_FORMS = 'email:<address>, phone:<digits>, handle:<network>:<name> or account:<id>';

/**
 * The identity under which a record without a customer id is kept: the first that is usable of account,
 * e-mail, phone and handle. An account belongs to one contract; a phone may be shared by a household; a
 * handle says least. Undefined when the record names nobody.
 */
export function leadingIdentity(record: Identified): Identity | undefined {
  return (
    (record.accountId === undefined ? undefined : accountIdentity(record.accountId)) ??
    (record.email === undefined ? undefined : emailIdentity(record.email)) ??
    (record.phone === undefined ? undefined : phoneIdentity(record.phone)) ??
    (record.handle === undefined ? undefined : handleIdentity(record.handle, record.network))
  );
}

/** Every usable identity that a CRM record claims for its customer, each once. */
export function claimedIdentities(record: CrmRecord): readonly Identity[] {
  if (!claimsAny(record)) return NO_IDENTITIES;
  const found = new Set<Identity>();
  const add = (identity: Identity | undefined) => identity !== undefined && found.add(identity);
  for (const id of withSingle(record.accountIds, record.accountId)) add(accountIdentity(id));
  for (const email of withSingle(record.emails, record.email)) add(emailIdentity(email));
  for (const phone of withSingle(record.phones, record.phone)) add(phoneIdentity(phone));
  for (const handle of withSingle(record.handles, record.handle)) add(handleIdentity(handle, record.network));
  return [...found];
}

const NO_IDENTITIES: readonly Identity[] = [];

const claimsAny = (record: CrmRecord): boolean =>
  record.emails !== undefined ||
  record.phones !== undefined ||
  record.handles !== undefined ||
  record.accountIds !== undefined ||
  record.email !== undefined ||
  record.phone !== undefined ||
  record.handle !== undefined ||
  record.accountId !== undefined;

const withSingle = (many: readonly string[] | undefined, one: string | undefined): readonly string[] =>
  one === undefined ? (many ?? []) : [...(many ?? []), one];

/** The customer id under which signals of an unclaimed identity are kept. */
export const quarantineId = (identity: Identity): string => `${QUARANTINE_PREFIX}${identity}`;
