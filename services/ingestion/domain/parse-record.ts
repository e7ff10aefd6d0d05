import { QUARANTINE_PREFIX } from '../../contracts/identity.ts';
import type { Source, SourceRecords } from '../../contracts/sources.ts';
import { nearestWord } from '../../platform/config/did-you-mean.ts';
import { Fault, type Field, type FieldFault, show } from './field.ts';
import {
  accountIdentity,
  emailIdentity,
  handleIdentity,
  leadingIdentity,
  phoneIdentity,
} from './identity.ts';
import {
  ATTRIBUTE_FIELDS,
  type FieldTable,
  RECORD_FIELDS,
  REQUIRED_FIELDS,
  snakeCase,
} from './record-fields.ts';

/** One thing wrong with a record. `found` may quote the sender's value: answer with it, do not log it. */
export interface RecordProblem {
  /** As in `contracts/sources.ts`, nested with dots: `attributes.renewalAt`. */
  readonly field: string;
  readonly reason: FieldFault;
  readonly found: string;
  readonly expected: string;
}

export type ParsedRecord<S extends Source> =
  | {
      readonly ok: true;
      readonly record: SourceRecords[S];
      /** Identities that are not usable, on a record that names its customer some other way. */
      readonly identityProblems?: readonly RecordProblem[];
    }
  | { readonly ok: false; readonly problems: readonly RecordProblem[] };

/**
 * Turns what a source sent into a record of that source, or into every problem with it (at most twenty).
 * Never throws, whatever it is given.
 *
 * Field names may be camelCase or snake_case. Null and blank text mean "the source did not say". Instants may
 * be RFC 3339 text with an offset, or epoch milliseconds. NUL and unpaired surrogates are refused rather than
 * repaired: a changed word would be shown to an agent as the customer's own. `now` is epoch ms.
 */
export function parseRecord<S extends Source>(source: S, value: unknown, now: number): ParsedRecord<S> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { ok: false, problems: [problem('', 'wrong_type', show(value), 'a JSON object')] };
  }
  const problems: RecordProblem[] = [];
  const record = readFields(TABLES[source], value, now, '', problems);
  for (const field of REQUIRED_FIELDS[source]) {
    if (record[field] === undefined && !named(problems, field)) {
      problems.push(problem(field, 'missing', 'nothing', expectationOf(source, field)));
    }
  }
  // The table has checked every field that it copied against the type of that name in `contracts/sources.ts`.
  const typed = record as unknown as SourceRecords[S];
  const identityProblems = checkIdentity(typed, problems);
  if (problems.length > 0) return { ok: false, problems: problems.slice(0, MAX_PROBLEMS) };
  return identityProblems.length === 0
    ? { ok: true, record: typed }
    : { ok: true, record: typed, identityProblems };
}

/** More would not help to repair one record. */
const MAX_PROBLEMS = 20;

type NamedField = readonly [name: string, field: Field];
type Lookup = ReadonlyMap<string, NamedField>;

/** Every spelling of every field → the field. */
const lookup = (table: FieldTable): Lookup =>
  new Map(
    Object.entries(table).flatMap(([name, field]): [string, NamedField][] => [
      [name, [name, field]],
      [snakeCase(name), [name, field]],
    ]),
  );

const TABLES: { readonly [S in Source]: Lookup } = {
  'crm-records': lookup(RECORD_FIELDS['crm-records']),
  complaints: lookup(RECORD_FIELDS.complaints),
  'call-notes': lookup(RECORD_FIELDS['call-notes']),
  'social-posts': lookup(RECORD_FIELDS['social-posts']),
};
const ATTRIBUTES: Lookup = lookup(ATTRIBUTE_FIELDS);

function readFields(
  table: Lookup,
  value: object,
  now: number,
  prefix: string,
  problems: RecordProblem[],
): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    if (problems.length >= MAX_PROBLEMS) break;
    const given = value[key as keyof typeof value] as unknown;
    const entry = table.get(key);
    if (entry === undefined) {
      problems.push(unknownField(table, key, prefix));
      continue;
    }
    if (given === null || given === undefined) continue;
    const name = entry[0];
    if (record[name] !== undefined) {
      problems.push(problem(prefix + name, 'given_twice', `also "${key}"`, 'one spelling of the field'));
      continue;
    }
    const read =
      entry[1].kind === 'attributes' ? readAttributes(given, now, problems) : entry[1].read(given, now);
    if (read instanceof Fault) problems.push(faultAt(prefix + name, read));
    else if (read !== undefined) record[name] = read;
  }
  return record;
}

function readAttributes(value: unknown, now: number, problems: RecordProblem[]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return new Fault('wrong_type', show(value), 'an object of attributes');
  }
  return readFields(ATTRIBUTES, value, now, 'attributes.', problems);
}

function unknownField(table: Lookup, key: string, prefix: string): RecordProblem {
  const names = [...new Set([...table.values()].map(([name]) => name))];
  const near = nearestWord(key, [...table.keys()]);
  const shown = key.length > 60 || !key.isWellFormed() ? `${key.slice(0, 59).toWellFormed()}…` : key;
  const expected = near === undefined ? `one of ${names.join(', ')}` : `did you mean "${near}"?`;
  return problem(prefix + shown, 'unknown_field', 'a field that this source does not have', expected);
}

/**
 * Somebody must be named. A malformed e-mail or phone matters only when nothing else names the person; beside
 * a customer id it is reported and left alone, so that a typing slip in the CRM does not lose a profile.
 */
function checkIdentity(record: SourceRecords[Source], problems: RecordProblem[]): readonly RecordProblem[] {
  if (record.customerId?.startsWith(QUARANTINE_PREFIX)) {
    const expected = `a customer id that does not begin with "${QUARANTINE_PREFIX}"`;
    problems.push(problem('customerId', 'not_allowed', show(record.customerId), expected));
  }
  const unusable = unusableIdentities(record);
  if (record.customerId !== undefined || leadingIdentity(record) !== undefined) return unusable;
  if (unusable.length > 0) problems.push(...unusable);
  else if (!IDENTITY_FIELDS.some((field) => named(problems, field))) {
    problems.push(problem('customerId', 'missing', 'nothing', NAMED_SOMEHOW));
  }
  return NONE;
}

const NONE: readonly RecordProblem[] = [];
/** One of them has to name somebody. */
export const IDENTITY_FIELDS = ['customerId', 'accountId', 'email', 'phone', 'handle'] as const;
const NAMED_SOMEHOW = 'at least one of customerId, accountId, email, phone, or handle with its network';

function unusableIdentities(record: SourceRecords[Source]): readonly RecordProblem[] {
  if (
    record.email === undefined &&
    record.phone === undefined &&
    record.handle === undefined &&
    !('emails' in record || 'phones' in record || 'handles' in record)
  ) {
    return NONE;
  }
  const found: RecordProblem[] = [];
  const check = (field: string, raw: string | undefined, usable: unknown, expected: string) => {
    if (raw !== undefined && usable === undefined)
      found.push(problem(field, 'malformed', show(raw), expected));
  };
  const handle = (raw: string) => handleIdentity(raw, record.network);
  if (record.email !== undefined) check('email', record.email, emailIdentity(record.email), AN_EMAIL);
  if (record.phone !== undefined) check('phone', record.phone, phoneIdentity(record.phone), A_PHONE);
  if (record.handle !== undefined) check('handle', record.handle, handle(record.handle), A_HANDLE);
  if (record.accountId !== undefined) {
    check('accountId', record.accountId, accountIdentity(record.accountId), 'an account id');
  }
  if (!('event' in record)) return found;
  for (const [index, raw] of (record.emails ?? []).entries()) {
    check(`emails.${index}`, raw, emailIdentity(raw), AN_EMAIL);
  }
  for (const [index, raw] of (record.phones ?? []).entries()) {
    check(`phones.${index}`, raw, phoneIdentity(raw), A_PHONE);
  }
  for (const [index, raw] of (record.handles ?? []).entries()) {
    check(`handles.${index}`, raw, handle(raw), A_HANDLE);
  }
  return found;
}

const AN_EMAIL = 'an e-mail address such as "ada@example.org"';
const A_PHONE = 'a phone number of 7 to 15 digits, with "+" and country code where known';
const A_HANDLE = 'a handle and its network, as "network" beside it or as "network:name"';

const expectationOf = (source: Source, field: string): string =>
  RECORD_FIELDS[source][field]?.expected ?? 'a value';

/** True when a field, or a part of it, has been complained about already. */
const named = (problems: readonly RecordProblem[], field: string): boolean =>
  problems.some((each) => each.field === field || each.field.startsWith(`${field}.`));

const problem = (field: string, reason: FieldFault, found: string, expected: string): RecordProblem => ({
  field,
  reason,
  found,
  expected,
});

const faultAt = (field: string, fault: Fault): RecordProblem =>
  problem(fault.at === '' ? field : `${field}.${fault.at}`, fault.reason, fault.found, fault.expected);
