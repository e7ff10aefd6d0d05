/**
 * How a cell of a company's table is read: the same when a model is learnt, judged and used, so that a customer
 * falls into the same bin in all three.
 */

/** What tables write where nothing is known. `none` is not among them: it may be an answer. */
const NOT_KNOWN = new Set([
  '',
  'na',
  'n/a',
  '#n/a',
  'nan',
  'null',
  'nil',
  '-',
  '--',
  '?',
  'unknown',
  'undefined',
]);

export const isKnown = (text: string): boolean => !NOT_KNOWN.has(text.trim().toLowerCase());

const CURRENCY = String.raw`(?:[$€£¥₹]|[A-Z]{3}|Rs\.?|kr\.?|zł)?`;
const AMOUNT = String.raw`[\d.,'\s]*\d[\d.,'\s]*(?:[eE][+-]?\d+)?`;
const NUMBER = new RegExp(String.raw`^(\()?([+-]?)\s*${CURRENCY}\s*(${AMOUNT})\s*${CURRENCY}\s*%?\)?$`, 'u');
/** `1,234.50`, `1 234.50`, `1'234.50`, `.5`, `1e3`. */
const POINTED = /^(?:\d{1,3}(?:[,'\s]\d{3})+|\d+)?(?:\.\d*)?(?:[eE][+-]?\d+)?$/u;
/** `1.234,50`, `1 234,50`, `12,5`. A comma before three digits is a thousand's. */
const WITH_COMMA = /^(?:\d{1,3}(?:[.'\s]\d{3})+,\d+|\d+,(?:\d{1,2}|\d{4,}))$/u;

/**
 * The number that a cell holds, or `undefined` when it holds none. `1,234.50`, `1.234,50`, `$12`, `12,50 €`, `12%`
 * and `(12)` are numbers. `1.234` alone is a little more than one, as nothing in the cell says otherwise.
 */
export function numberIn(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'string' || value.length > 40) return undefined;
  const [, bracket, sign, amount] = NUMBER.exec(value.trim()) ?? [];
  const size = amount === undefined ? undefined : sizeOf(amount.trim());
  if (size === undefined) return undefined;
  return (sign === '-') !== (bracket !== undefined) ? -size : size;
}

function sizeOf(amount: string): number | undefined {
  if (POINTED.test(amount)) return Number(amount.replace(/[,'\s]/gu, ''));
  if (WITH_COMMA.test(amount)) return Number(amount.replace(/[.'\s]/gu, '').replace(',', '.'));
  return undefined;
}

/** The word that a cell holds, or `undefined` when nothing is known. */
export function wordIn(value: unknown): string | undefined {
  if (typeof value === 'string') return isKnown(value) ? value.trim() : undefined;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** `Month-to-month` and `month_to_month` are one word. */
export const plainWord = (value: string | number | boolean): string =>
  typeof value === 'string'
    ? value
        .trim()
        .toLowerCase()
        .replace(/[\s-]+/g, '_')
    : String(value);

/** Which of day and month comes first where a date does not say it itself. */
export type DateOrder = 'day_first' | 'month_first';

const TIME = String.raw`(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([AaPp][Mm])?\s*(Z|[+-]\d{2}:?\d{2})?)?`;
const YEAR_FIRST = new RegExp(String.raw`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})${TIME}$`);
const COMPACT = /^((?:19|20)\d{2})(\d{2})(\d{2})$/;
const NUMBERS = new RegExp(String.raw`^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})${TIME}$`);
const DAY_NAME = new RegExp(String.raw`^(\d{1,2})[- ]([A-Za-z]{3,9})[- ,]+(\d{4}|\d{2})${TIME}$`);
const NAME_DAY = new RegExp(String.raw`^([A-Za-z]{3,9})[- ](\d{1,2})[ ,]+(\d{4}|\d{2})${TIME}$`);
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** A date without its order: the first two numbers of `03/04/2026`. */
export function ambiguousParts(text: string): readonly [number, number] | undefined {
  const match = NUMBERS.exec(text.trim());
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}

/**
 * Epoch ms of a date as tables write it, or `undefined`. A time without a zone counts as UTC: only differences
 * and times of day are made of it, and a table keeps to one zone.
 */
export function dateIn(value: unknown, order: DateOrder): number | undefined {
  if (typeof value === 'number') return compactDate(String(value));
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  const compact = compactDate(text);
  if (compact !== undefined) return compact;
  const iso = YEAR_FIRST.exec(text);
  if (iso !== null) return instant(iso[1], iso[2], iso[3], iso.slice(4));
  const numbers = NUMBERS.exec(text);
  if (numbers !== null) {
    const [day, month] = order === 'day_first' ? [numbers[1], numbers[2]] : [numbers[2], numbers[1]];
    return instant(numbers[3], month, day, numbers.slice(4));
  }
  const dayName = DAY_NAME.exec(text);
  if (dayName !== null) return instant(dayName[3], monthOf(dayName[2]), dayName[1], dayName.slice(4));
  const nameDay = NAME_DAY.exec(text);
  if (nameDay !== null) return instant(nameDay[3], monthOf(nameDay[1]), nameDay[2], nameDay.slice(4));
  return undefined;
}

function compactDate(text: string): number | undefined {
  const match = COMPACT.exec(text);
  return match === null ? undefined : instant(match[1], match[2], match[3], []);
}

const monthOf = (name = ''): string => String(MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1);

function instant(
  yearText: string | undefined,
  monthText: string | undefined,
  dayText: string | undefined,
  time: readonly (string | undefined)[],
): number | undefined {
  const short = Number(yearText);
  // Two digits: 70 and above are the last century, as POSIX has it.
  const year = short >= 100 ? short : short < 70 ? short + 2000 : short + 1900;
  const month = Number(monthText);
  const day = Number(dayText);
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  const [hourText = '0', minute = '0', second = '0', half, zone] = time;
  const hour = half === undefined ? Number(hourText) : (Number(hourText) % 12) + (/p/i.test(half) ? 12 : 0);
  if (hour > 24 || Number(minute) > 59) return undefined;
  return Date.UTC(year, month - 1, day, hour, Number(minute), Number(second)) - zoneOffset(zone);
}

function zoneOffset(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const [, sign = '+', hours = '0', minutes = '0'] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone) ?? [];
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === '-' ? -offset : offset;
}
