import { CHANNELS, CRM_EVENTS, type Source } from '../../contracts/sources.ts';
import {
  anytime,
  choice,
  extra,
  type Field,
  id,
  language,
  list,
  number,
  past,
  text,
  timezone,
  truth,
  url,
  whole,
  words,
} from './field.ts';

/**
 * What a record of each source may say: field → check. The names are those of `contracts/sources.ts`; the
 * parser and the file mappings read this one table, so a field is added here and there, and nowhere else.
 * Numeric bounds only catch slips (a phone number in `followers`); no real value comes near them.
 */
export type FieldTable = Readonly<Record<string, Field>>;

const MONEY = 1e12;

const identified: FieldTable = {
  id: id(),
  occurredAt: past(),
  language: language(),
  customerId: id(),
  email: words(),
  phone: words(),
  handle: words(),
  network: words(40),
  accountId: id(),
};

const about: FieldTable = {
  product: words(),
  region: words(),
};

/** The fields of `attributes`. */
export const ATTRIBUTE_FIELDS: FieldTable = {
  name: words(),
  valueTier: words(),
  valuePerYear: number(-MONEY, MONEY),
  tenureMonths: number(0, 1800),
  contract: words(),
  renewalAt: anytime(),
  accountManager: words(),
  product: words(),
  region: words(),
  timezone: timezone(),
  language: language(),
  preferredChannel: choice(CHANNELS),
  active: truth(),
  flags: list(),
  /** −1 is "stopped using it"; new customers grow by large factors. */
  usageTrend: number(-1, 1e6),
  extra: extra(),
};

export const RECORD_FIELDS: { readonly [S in Source]: FieldTable } = {
  'crm-records': {
    ...identified,
    ...about,
    event: choice(CRM_EVENTS),
    emails: list(),
    phones: list(),
    handles: list(),
    accountIds: list(id()),
    // Read by the parser itself: its parts have names of their own.
    attributes: {
      kind: 'attributes',
      expected: 'an object',
      schema: { type: 'object' },
      read: (value) => value,
    },
    text: text(),
    amount: number(-MONEY, MONEY),
    daysLate: number(0, 36_500),
    satisfaction: number(1, 5),
  },
  complaints: {
    ...identified,
    ...about,
    text: text(),
    channel: choice(CHANNELS),
    category: words(),
    complaintId: id(),
    status: choice(['received', 'resolved']),
  },
  'call-notes': {
    ...identified,
    ...about,
    text: text(),
    channel: choice(CHANNELS),
    direction: choice(['inbound', 'outbound']),
    reached: truth(),
    agent: words(),
    category: words(),
    complaintId: id(),
    transfers: whole(0, 1000),
    durationSeconds: number(0, 30 * 86_400),
    satisfaction: number(1, 5),
  },
  'social-posts': {
    ...identified,
    ...about,
    text: text(),
    url: url(),
    category: words(),
    followers: whole(0, 1e10),
    shares: whole(0, 1e10),
    own: truth(),
  },
};

/** Fields without which a record says too little. Identity is checked apart, since one of several will do. */
export const REQUIRED_FIELDS: { readonly [S in Source]: readonly string[] } = {
  'crm-records': ['id', 'occurredAt', 'customerId', 'event'],
  complaints: ['id', 'occurredAt'],
  'call-notes': ['id', 'occurredAt'],
  'social-posts': ['id', 'occurredAt', 'text'],
};

/** `occurredAt` → `occurred_at`: the same name as files, rules and many senders write it. */
export const snakeCase = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
