import { Temporal } from 'temporal-polyfill';
import { daysInMonth, parseRfc3339 } from '../domain/instant.ts';

/** Reads one way of writing an instant; undefined when the text is not written that way. */
export type ReadDate = (text: string) => number | undefined;

export type CompiledDate =
  | { readonly ok: true; readonly read: ReadDate }
  | { readonly ok: false; readonly message: string };

/** What a format may be made of, for messages and the mapping's guide. */
export const DATE_TOKENS =
  'yyyy yy MMMM MMM MM M dd d EEEE EEE HH H hh h mm m ss s SSS a xx; other letters in single quotes; or rfc3339, epoch_ms, epoch_s';

interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  ms: number;
  pm: boolean | undefined;
  offsetMinutes: number | undefined;
}

type Token = { readonly pattern: string; readonly take?: (found: string, parts: Parts) => void };

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const LONG_MONTHS = 'january|february|march|april|may|june|july|august|september|october|november|december';
const monthNamed = (name: string): number => MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1;

/** Two-digit years up to this are of this century (POSIX `%y`). */
const LAST_SHORT_YEAR = 68;

const digits = (
  pattern: string,
  part: 'month' | 'day' | 'hour' | 'minute' | 'second' | 'ms' | 'year',
): Token => ({
  pattern,
  take: (found, parts) => {
    parts[part] = Number(found);
  },
});

const TOKENS: Readonly<Record<string, Token>> = {
  yyyy: digits('\\d{4}', 'year'),
  yy: {
    pattern: '\\d{2}',
    take: (found, parts) => {
      parts.year = Number(found) + (Number(found) <= LAST_SHORT_YEAR ? 2000 : 1900);
    },
  },
  MMMM: {
    pattern: LONG_MONTHS,
    take: (found, parts) => {
      parts.month = monthNamed(found);
    },
  },
  MMM: {
    pattern: MONTHS.join('|'),
    take: (found, parts) => {
      parts.month = monthNamed(found);
    },
  },
  MM: digits('\\d{2}', 'month'),
  M: digits('\\d{1,2}', 'month'),
  dd: digits('\\d{2}', 'day'),
  d: digits('\\d{1,2}', 'day'),
  EEEE: { pattern: 'monday|tuesday|wednesday|thursday|friday|saturday|sunday' },
  EEE: { pattern: 'mon|tue|wed|thu|fri|sat|sun' },
  HH: digits('\\d{2}', 'hour'),
  H: digits('\\d{1,2}', 'hour'),
  hh: digits('\\d{2}', 'hour'),
  h: digits('\\d{1,2}', 'hour'),
  mm: digits('\\d{2}', 'minute'),
  m: digits('\\d{1,2}', 'minute'),
  ss: digits('\\d{2}', 'second'),
  s: digits('\\d{1,2}', 'second'),
  SSS: digits('\\d{3}', 'ms'),
  a: {
    pattern: '[ap]\\.?m\\.?',
    take: (found, parts) => {
      parts.pm = /^p/i.test(found);
    },
  },
  xx: {
    pattern: 'z|[+-]\\d{2}:?\\d{2}',
    take: (found, parts) => {
      parts.offsetMinutes = offsetOf(found);
    },
  },
};

const TOKEN =
  /yyyy|yy|MMMM|MMM|MM|M|dd|d|EEEE|EEE|HH|H|hh|h|mm|m|ss|s|SSS|a|xx|'([^']*)'|[A-Za-z]+|[^A-Za-z']/g;

/**
 * Compiles one date format. Local times need `zone`, an IANA name; a time that a change of the clocks makes
 * ambiguous is taken as the earlier one, and one that it skips as the same distance later. Days and hours
 * that do not exist are not read.
 */
export function compileDate(format: string, zone: string | undefined): CompiledDate {
  if (format === 'rfc3339') return { ok: true, read: parseRfc3339 };
  if (format === 'epoch_ms') return { ok: true, read: (text) => epoch(text, 1) };
  if (format === 'epoch_s') return { ok: true, read: (text) => epoch(text, 1000) };
  let pattern = '';
  const taken: Token[] = [];
  const names: string[] = [];
  for (const match of format.matchAll(TOKEN)) {
    const [piece, quoted] = match;
    const token = Object.hasOwn(TOKENS, piece) ? TOKENS[piece] : undefined;
    if (token !== undefined) {
      pattern += `(${token.pattern})`;
      taken.push(token);
      names.push(piece);
    } else if (quoted === undefined && /[A-Za-z]/.test(piece)) {
      return { ok: false, message: `date format "${format}": unknown "${piece}"; allowed: ${DATE_TOKENS}` };
    } else {
      pattern += piece === ' ' ? ' +' : literally(quoted ?? piece);
    }
  }
  const fault = formatFault(format, names, zone);
  return fault === undefined
    ? { ok: true, read: reader(new RegExp(`^${pattern}$`, 'i'), taken, zone) }
    : { ok: false, message: fault };
}

function formatFault(format: string, names: readonly string[], zone: string | undefined): string | undefined {
  const has = (...any: readonly string[]) => any.some((name) => names.includes(name));
  const lacks = [
    ['year', has('yyyy', 'yy')] as const,
    ['month', has('MMMM', 'MMM', 'MM', 'M')] as const,
    ['day', has('dd', 'd')] as const,
  ].find(([, present]) => !present);
  if (lacks !== undefined) return `date format "${format}" has no ${lacks[0]}; allowed: ${DATE_TOKENS}`;
  if (has('hh', 'h') && !has('a')) return `date format "${format}" has a 12-hour clock (h) without am/pm (a)`;
  if (zone === undefined && !has('xx')) {
    return `date format "${format}" has no offset (xx); say which zone it is in, for example zone: Europe/Berlin`;
  }
  return undefined;
}

function reader(pattern: RegExp, taken: readonly Token[], zone: string | undefined): ReadDate {
  const offsets = new Map<number, number>();
  return (text) => {
    const found = pattern.exec(text);
    if (found === null) return undefined;
    const parts: Parts = {
      year: 0,
      month: 1,
      day: 1,
      hour: 0,
      minute: 0,
      second: 0,
      ms: 0,
      pm: undefined,
      offsetMinutes: undefined,
    };
    for (const [index, token] of taken.entries()) token.take?.(found[index + 1] ?? '', parts);
    if (!clockHands(parts)) return undefined;
    const local = Date.UTC(
      parts.year,
      parts.month - 1,
      parts.day,
      parts.hour,
      parts.minute,
      parts.second,
      parts.ms,
    );
    if (parts.offsetMinutes !== undefined) return local - parts.offsetMinutes * 60_000;
    return zone === undefined || zone === 'UTC' ? local : local - offsetAt(zone, local, offsets);
  };
}

/** Applies am/pm; false when there is no such day or hour. */
function clockHands(parts: Parts): boolean {
  if (parts.month < 1 || parts.month > 12) return false;
  if (parts.day < 1 || parts.day > daysInMonth(parts.year, parts.month)) return false;
  if (parts.pm !== undefined) {
    if (parts.hour < 1 || parts.hour > 12) return false;
    parts.hour = (parts.hour % 12) + (parts.pm ? 12 : 0);
  }
  return parts.hour <= 23 && parts.minute <= 59 && parts.second <= 59;
}

/** Every zone changes its offset at a whole quarter of an hour of local time, so one look-up serves it all. */
const QUARTER_MS = 15 * 60_000;
/** A few years of quarters; a file in order needs only the last one. */
const MAX_OFFSETS = 50_000;

function offsetAt(zone: string, local: number, known: Map<number, number>): number {
  const quarter = Math.floor(local / QUARTER_MS);
  const seen = known.get(quarter);
  if (seen !== undefined) return seen;
  if (known.size >= MAX_OFFSETS) known.clear();
  const start = quarter * QUARTER_MS;
  const wall = Temporal.Instant.fromEpochMilliseconds(start).toZonedDateTimeISO('UTC').toPlainDateTime();
  const offset = start - wall.toZonedDateTime(zone, { disambiguation: 'compatible' }).epochMilliseconds;
  known.set(quarter, offset);
  return offset;
}

function offsetOf(text: string): number {
  if (/^z$/i.test(text)) return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(-2));
  return text.startsWith('-') ? -minutes : minutes;
}

const epoch = (text: string, unit: number): number | undefined =>
  /^-?\d{1,16}(\.\d+)?$/.test(text) ? Math.round(Number(text) * unit) : undefined;

const literally = (literal: string): string => literal.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
