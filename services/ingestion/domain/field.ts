import { EARLIEST_INSTANT, instantText, LATEST_INSTANT, parseRfc3339 } from './instant.ts';

/** Why a field was refused. One list for values, metric labels and answers. */
export const FIELD_FAULTS = [
  'missing',
  'wrong_type',
  'not_allowed',
  'out_of_range',
  'too_long',
  'malformed',
  'not_unicode',
  'unknown_field',
  'given_twice',
] as const;
export type FieldFault = (typeof FIELD_FAULTS)[number];

/** What is wrong with a value. `found` may quote the sender's own value, so it goes to the sender only. */
export class Fault {
  readonly reason: FieldFault;
  readonly found: string;
  readonly expected: string;
  /** Place below the field: `extra.plan`, `emails.2`. */
  readonly at: string;
  constructor(reason: FieldFault, found: string, expected: string, at = '') {
    this.reason = reason;
    this.found = found;
    this.expected = expected;
    this.at = at;
  }
}

/** What a field holds: decides how file mappings turn a cell's text into it. */
export type FieldKind =
  | 'id'
  | 'text'
  | 'words'
  | 'choice'
  | 'instant'
  | 'number'
  | 'boolean'
  | 'list'
  | 'attributes'
  | 'extra';

/** One field of a record: its kind, what it allows in words and for machines, and the check. */
export interface Field {
  readonly kind: FieldKind;
  readonly expected: string;
  /** JSON Schema of what may be sent, `expected` left out. The check is the authority: a schema cannot say all of it. */
  readonly schema: JsonSchema;
  /** The clean value, undefined when it says nothing (blank text), or the fault. `now` is epoch ms. */
  readonly read: (value: unknown, now: number) => unknown;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Customer's or agent's words. Longer than any letter; keeps one record from filling a page. */
export const MAX_TEXT_BYTES = 64 * 1024;
const MAX_ID = 200;
const MAX_WORDS = 500;
const MAX_URL = 2048;
const MAX_LIST = 50;
const MAX_EXTRA = 200;
const MAX_EXTRA_NAME = 100;
/** A source clock may run ahead; a day covers a wrong zone. */
const MAX_AHEAD_MS = 24 * 60 * 60 * 1000;

/** How the sender's value is quoted back: short, and with its type when it is not text. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number' || typeof value === 'boolean') return `${typeof value} ${value}`;
  return Array.isArray(value) ? `a list of ${value.length}` : 'an object';
}

const quote = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text);

/** Text that is not well-formed Unicode, or holds NUL, cannot be stored and searched everywhere alike. */
function unicodeFault(value: string, expected: string): Fault | undefined {
  const nul = value.indexOf('\0');
  if (nul >= 0) return new Fault('not_unicode', `a NUL byte at character ${nul + 1}`, expected);
  if (value.isWellFormed()) return undefined;
  const place = firstLoneSurrogate(value) + 1;
  return new Fault('not_unicode', `an unpaired surrogate at character ${place}`, expected);
}

function firstLoneSurrogate(value: string): number {
  for (let index = 0; index < value.length; index++) {
    const unit = value.codePointAt(index) ?? 0;
    if (unit >= 0xd800 && unit <= 0xdfff) return index;
    if (unit > 0xffff) index++;
  }
  return value.length;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is its purpose.
const CONTROL = /[\u0000-\u001f\u007f]/;

/** The source's own number of something. Numbers are taken as their digits. */
export const id = (): Field => {
  const expected = `text of 1 to ${MAX_ID} characters without control characters`;
  return {
    kind: 'id',
    expected,
    schema: { type: ['string', 'integer'], maxLength: MAX_ID },
    read: (value) => {
      if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
      return readWords(value, MAX_ID, expected);
    },
  };
};

/** A name, category, place: one line. */
export const words = (max = MAX_WORDS): Field => {
  const expected = `text of at most ${max} characters on one line`;
  return { kind: 'words', expected, schema: line(max), read: (value) => readWords(value, max, expected) };
};

const line = (maxLength: number): JsonSchema => ({ type: 'string', maxLength });

function readWords(value: unknown, max: number, expected: string): unknown {
  if (typeof value !== 'string') return new Fault('wrong_type', show(value), expected);
  const trimmed = value.trim();
  if (trimmed === '') return undefined;
  if (trimmed.length > max) return new Fault('too_long', `${trimmed.length} characters`, expected);
  const fault = unicodeFault(trimmed, expected);
  if (fault !== undefined) return fault;
  return CONTROL.test(trimmed) ? new Fault('malformed', show(trimmed), expected) : trimmed;
}

/** What people wrote, line breaks and all. */
export const text = (): Field => {
  const expected = `well-formed Unicode text without NUL, at most ${MAX_TEXT_BYTES} bytes of UTF-8`;
  return {
    kind: 'text',
    expected,
    schema: { type: 'string', maxLength: MAX_TEXT_BYTES },
    read: (value) => {
      if (typeof value !== 'string') return new Fault('wrong_type', show(value), expected);
      const bytes = value.length * 3 <= MAX_TEXT_BYTES ? 0 : Buffer.byteLength(value);
      if (bytes > MAX_TEXT_BYTES) return new Fault('too_long', `${bytes} bytes`, expected);
      return unicodeFault(value, expected) ?? (value.trim() === '' ? undefined : value);
    },
  };
};

/** When something happened: not before 2000, at most a day ahead of us. */
export const past = (): Field => instant('not more than a day ahead of now', (now) => now + MAX_AHEAD_MS);
/** When something is going to happen, or happened. */
export const anytime = (): Field => instant('before 2100', () => LATEST_INSTANT);

function instant(limit: string, latest: (now: number) => number): Field {
  const expected = `an instant from 2000 on and ${limit}, as RFC 3339 text with offset or epoch milliseconds`;
  return {
    kind: 'instant',
    expected,
    schema: { type: ['string', 'integer'] },
    read: (value, now) => {
      const at = typeof value === 'string' ? parseRfc3339(value.trim()) : value;
      if (typeof value === 'string' && value.trim() === '') return undefined;
      if (at === undefined) return new Fault('malformed', show(value), expected);
      if (typeof at !== 'number') return new Fault('wrong_type', show(value), expected);
      if (!Number.isInteger(at)) return new Fault('malformed', show(value), expected);
      if (at >= EARLIEST_INSTANT && at <= latest(now)) return at;
      return new Fault(
        'out_of_range',
        `${show(value)}${typeof value === 'number' ? inWords(at) : ''}`,
        expected,
      );
    },
  };
}

/** Seconds sent as milliseconds land in January 1970: say so, since it is the usual reason. */
const inWords = (at: number): string =>
  at > 0 && at < EARLIEST_INSTANT && at * 1000 >= EARLIEST_INSTANT && at * 1000 < LATEST_INSTANT
    ? ` (${instantText(at)}; seconds instead of milliseconds?)`
    : ` (${instantText(at)})`;

export const number = (min: number, max: number): Field =>
  numeric('number', `a number from ${min} to ${max}`, min, max, Number.isFinite);
export const whole = (min: number, max: number): Field =>
  numeric('integer', `a whole number from ${min} to ${max}`, min, max, Number.isInteger);

function numeric(
  type: 'number' | 'integer',
  expected: string,
  min: number,
  max: number,
  fits: (value: number) => boolean,
): Field {
  return {
    kind: 'number',
    expected,
    schema: { type, minimum: min, maximum: max },
    read: (value) => {
      if (typeof value !== 'number') return new Fault('wrong_type', show(value), expected);
      if (!fits(value)) return new Fault('wrong_type', show(value), expected);
      return value < min || value > max ? new Fault('out_of_range', show(value), expected) : value;
    },
  };
}

export const truth = (): Field => ({
  kind: 'boolean',
  expected: 'true or false',
  schema: { type: 'boolean' },
  read: (value) =>
    typeof value === 'boolean' ? value : new Fault('wrong_type', show(value), 'true or false'),
});

export const choice = (allowed: readonly string[]): Field => {
  const known = new Set<unknown>(allowed);
  const expected = `one of ${allowed.join(', ')}`;
  return {
    kind: 'choice',
    expected,
    schema: { type: 'string', enum: allowed },
    read: (value) => {
      if (known.has(value)) return value;
      if (typeof value !== 'string') return new Fault('wrong_type', show(value), expected);
      return value.trim() === '' ? undefined : new Fault('not_allowed', show(value), expected);
    },
  };
};

export const url = (): Field => {
  const expected = `an http or https address of at most ${MAX_URL} characters`;
  return {
    kind: 'words',
    expected,
    schema: { ...line(MAX_URL), pattern: '^[Hh][Tt][Tt][Pp][Ss]?://' },
    read: (value) => {
      const read = readWords(value, MAX_URL, expected);
      if (typeof read !== 'string') return read;
      return /^https?:\/\/\S+$/i.test(read) ? read : new Fault('malformed', show(read), expected);
    },
  };
};

export const language = (): Field => {
  const expected = 'a BCP 47 tag such as "en" or "pt-BR"';
  const tag = /^[a-z]{2,8}(-[a-z0-9]{1,8}){0,7}$/i;
  return {
    kind: 'words',
    expected,
    schema: line(70),
    read: (value) => {
      const read = readWords(value, 70, expected);
      if (typeof read !== 'string') return read;
      return tag.test(read) ? read : new Fault('malformed', show(read), expected);
    },
  };
};

export const timezone = (): Field => {
  const expected = 'an IANA time zone such as "Europe/Berlin"';
  return {
    kind: 'words',
    expected,
    schema: line(60),
    read: (value) => {
      const read = readWords(value, 60, expected);
      if (typeof read !== 'string') return read;
      return isTimezone(read) ? read : new Fault('malformed', show(read), expected);
    },
  };
};

const zonesSeen = new Map<string, boolean>();
/** Asking Intl costs tens of microseconds; the few hundred zones of the world are remembered. */
const MAX_ZONES_SEEN = 2000;

export function isTimezone(zone: string): boolean {
  const seen = zonesSeen.get(zone);
  if (seen !== undefined) return seen;
  const valid = /^[A-Za-z]/.test(zone) && intlKnows(zone);
  if (zonesSeen.size < MAX_ZONES_SEEN) zonesSeen.set(zone, valid);
  return valid;
}

function intlKnows(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined;
  } catch {
    // Intl's only way to say that it does not know a zone is a RangeError.
    return false;
  }
}

/** A list of lines; a single one may be given plainly. Blank entries are dropped. */
export const list = (item: Field = words(MAX_ID)): Field => {
  const expected = `a list of at most ${MAX_LIST}, each ${item.expected}`;
  return {
    kind: 'list',
    expected,
    schema: { type: ['string', 'array'], maxItems: MAX_LIST, items: item.schema },
    read: (value, now) => {
      const entries: readonly unknown[] | undefined =
        typeof value === 'string' ? [value] : Array.isArray(value) ? value : undefined;
      if (entries === undefined) return new Fault('wrong_type', show(value), expected);
      if (entries.length > MAX_LIST) return new Fault('too_long', show(value), expected);
      const clean: unknown[] = [];
      for (const [index, entry] of entries.entries()) {
        const read = item.read(entry, now);
        if (read instanceof Fault) return new Fault(read.reason, read.found, read.expected, String(index));
        if (read !== undefined) clean.push(read);
      }
      return clean.length === 0 ? undefined : clean;
    },
  };
};

/** Further columns of the company by their own name: numbers, truths and lines. */
export const extra = (): Field => {
  const expected = `an object of at most ${MAX_EXTRA} names (1 to ${MAX_EXTRA_NAME} characters) to text, number or boolean`;
  const oneLine = words();
  return {
    kind: 'extra',
    expected,
    schema: {
      type: 'object',
      maxProperties: MAX_EXTRA,
      additionalProperties: { type: ['string', 'number', 'boolean', 'null'] },
    },
    read: (value, now) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        return new Fault('wrong_type', show(value), expected);
      }
      const names = Object.keys(value);
      if (names.length > MAX_EXTRA) return new Fault('too_long', `${names.length} names`, expected);
      const clean: Record<string, unknown> = {};
      for (const name of names) {
        if (!isExtraName(name)) return new Fault('malformed', `the name ${show(name)}`, expected);
        const read = readExtra(value[name as keyof typeof value], oneLine, now);
        if (read instanceof Fault) return new Fault(read.reason, read.found, read.expected, name);
        if (read !== undefined) clean[name] = read;
      }
      return clean;
    },
  };
};

/** `__proto__` would change the object instead of naming a column. */
const isExtraName = (name: string): boolean =>
  name.length > 0 &&
  name.length <= MAX_EXTRA_NAME &&
  name !== '__proto__' &&
  !CONTROL.test(name) &&
  name.isWellFormed();

function readExtra(value: unknown, line: Field, now: number): unknown {
  if (value === null || value === undefined || typeof value === 'boolean') return value ?? undefined;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const read = line.read(value, now);
  return read instanceof Fault && read.reason === 'wrong_type'
    ? new Fault('wrong_type', read.found, 'text, a number, true or false')
    : read;
}
