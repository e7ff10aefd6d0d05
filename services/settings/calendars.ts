import { z } from 'zod';
import { didYouMean, type Parsed, type Problem, parseYamlFile } from '../platform/config/yaml-file.ts';
import {
  ALWAYS_OPEN,
  type Calendar,
  type Day,
  MINUTES_OF_DAY,
  type Span,
  type Week,
} from '../platform/time/business-time.ts';

/** Calendars by id. `24x7` is always among them. */
export type Calendars = ReadonlyMap<string, Calendar>;

/**
 * The calendar of an id, or of `<id>@<zone>`: the same hours and holidays on another clock. The same object each
 * time, since what is computed of a calendar is remembered with it.
 */
export function findCalendar(calendars: Calendars, id: string): Calendar | undefined {
  const [base = '', zone] = id.split('@');
  const calendar = calendars.get(base);
  if (calendar === undefined || zone === undefined || calendar === ALWAYS_OPEN) return calendar;
  const known = onOtherClocks.get(calendar) ?? new Map<string, Calendar>();
  onOtherClocks.set(calendar, known);
  const moved = known.get(zone) ?? (isZone(zone) ? { ...calendar, id, zone } : calendar);
  known.set(zone, moved);
  return moved;
}

/** There are some four hundred zones, so this has an end. */
const onOtherClocks = new WeakMap<Calendar, Map<string, Calendar>>();

/** What there is without any file. */
export const BUILT_IN_CALENDARS: Calendars = new Map([[ALWAYS_OPEN.id, ALWAYS_OPEN]]);

const WEEKDAYS: readonly string[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

const calendarSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'expected lower-case letters, digits and hyphens'),
  /** IANA zone in which hours and holidays are meant. */
  timezone: z.string(),
  /** `mon-fri: ["09:00-12:00", "13:00-18:00"]`; a day that is not named is closed. */
  hours: z.record(z.string(), z.array(z.string())),
  /** Local dates on which it is closed all day. */
  holidays: z.array(z.string()).max(1000).default([]),
});
export const calendarsSchema = z.strictObject({
  apiVersion: z.literal('tocsin/v1'),
  kind: z.literal('Calendars'),
  calendars: z.array(calendarSchema).min(1).max(200),
});
type WrittenCalendar = z.output<typeof calendarSchema>;

/** Reads `calendars.yaml`. Reports every problem with its place; takes the file whole or not at all. */
export function parseCalendars(file: string, text: string): Parsed<Calendars> {
  const parsed = parseYamlFile(file, text, calendarsSchema);
  if (!parsed.ok) return parsed;
  const problems: Problem[] = [];
  const calendars = new Map(BUILT_IN_CALENDARS);
  for (const [index, written] of parsed.value.calendars.entries()) {
    const report: Report = (path, message, where) =>
      problems.push(parsed.at(['calendars', index, ...path], message, where));
    if (written.id === ALWAYS_OPEN.id) report(['id'], 'calendar "24x7" is built in; choose another id');
    else if (calendars.has(written.id)) report(['id'], `calendar "${written.id}" is there twice`);
    calendars.set(written.id, buildCalendar(written, report));
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: calendars, at: parsed.at };
}

type Report = (path: readonly PropertyKey[], message: string, where?: 'key' | 'value') => void;

function buildCalendar(written: WrittenCalendar, report: Report): Calendar {
  if (!isZone(written.timezone)) {
    report(['timezone'], `unknown time zone "${written.timezone}"${zoneHint(written.timezone)}`);
  }
  for (const [index, date] of written.holidays.entries()) {
    if (!isDate(date)) report(['holidays', index], `"${date}" is not a date such as 2026-12-25`);
  }
  const week = buildWeek(written.hours, report);
  return { id: written.id, zone: written.timezone, week, holidays: new Set(written.holidays) };
}

function buildWeek(hours: WrittenCalendar['hours'], report: Report): Week {
  const week: (Day | undefined)[] = WEEKDAYS.map(() => undefined);
  for (const [days, written] of Object.entries(hours)) {
    const day = buildDay(days, written, report);
    for (const index of daysNamed(days, report)) {
      if (week[index] !== undefined) report(['hours', days], `${WEEKDAYS[index]} is there twice`, 'key');
      week[index] = day;
    }
  }
  if (Object.values(hours).every((spans) => spans.length === 0)) {
    report(['hours'], 'the calendar has no hours, so nothing would ever fall due; give at least one day');
  }
  const [mon = [], tue = [], wed = [], thu = [], fri = [], sat = [], sun = []] = week;
  return [mon, tue, wed, thu, fri, sat, sun];
}

/** `mon`, `mon-fri`, `sat,sun`, `fri-mon`: indexes of days, Monday first. */
function daysNamed(text: string, report: Report): number[] {
  return text.split(',').flatMap((part) => {
    const ends = part.split('-');
    const [from, to] = [weekday(ends[0]), weekday(ends.at(-1))];
    if (from === undefined || to === undefined || ends.length > 2) {
      report(
        ['hours', text],
        `"${text}" names no weekdays; write mon, mon-fri or sat,sun${didYouMean(part, WEEKDAYS)}`,
        'key',
      );
      return [];
    }
    const length = ((to - from + 7) % 7) + 1;
    return Array.from({ length }, (_, step) => (from + step) % 7);
  });
}

const weekday = (word = ''): number | undefined => {
  const index = WEEKDAYS.indexOf(word.trim());
  return index < 0 ? undefined : index;
};

function buildDay(days: string, written: readonly string[], report: Report): Day {
  const spans = written.flatMap((text, index): Span[] => {
    const span = parseSpan(text);
    if (typeof span !== 'string') return [span];
    report(['hours', days, index], span);
    return [];
  });
  spans.sort((a, b) => a.fromMinute - b.fromMinute);
  const overlap = spans.find((span, index) => span.fromMinute < (spans[index - 1]?.toMinute ?? 0));
  if (overlap !== undefined) report(['hours', days], 'two spans of the day overlap');
  return spans;
}

/** The span, or what is wrong with it. */
function parseSpan(text: string): Span | string {
  const match = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(text.trim());
  if (match === null) return `"${text}" is not a span such as "09:00-18:00"`;
  const [fromHour = 0, from = 0, toHour = 0, to = 0] = match.slice(1).map(Number);
  const span = { fromMinute: fromHour * 60 + from, toMinute: toHour * 60 + to };
  if (from > 59 || to > 59 || span.fromMinute >= MINUTES_OF_DAY || span.toMinute > MINUTES_OF_DAY) {
    return `"${text}" is outside the day; a day goes from 00:00 to 24:00`;
  }
  if (span.fromMinute >= span.toMinute) {
    return `"${text}" ends before it begins; split a span over midnight into "22:00-24:00" and "00:00-06:00"`;
  }
  return span;
}

/** Whether it is the name of a time zone that keeps daylight saving, such as Europe/Berlin. */
export function isZone(zone: string): boolean {
  try {
    // Offsets such as +02:00 are taken by Intl, but know no daylight saving: surely a mistake.
    return /^[A-Za-z]/.test(zone) && new Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined;
  } catch {
    // The only way to ask Intl whether it knows a zone is to let it throw.
    return false;
  }
}

const zoneHint = (zone: string): string => {
  const hint = didYouMean(zone, Intl.supportedValuesOf('timeZone'));
  return hint.startsWith('; did you mean') ? hint : '; write an IANA name such as Europe/Berlin';
};

const isDate = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(text) &&
  !Number.isNaN(Date.parse(text)) &&
  new Date(text).toISOString().slice(0, 10) === text;
