import { Temporal } from 'temporal-polyfill';
import { DAY, MINUTE } from './clock.ts';

/**
 * Business time: time that passes only while a calendar is open.
 *
 * Hours are written in local wall time and hold on the local clock, whatever the zone does to it: `09:00-18:00`
 * opens at nine in March and in April. The minutes inside are real, elapsed ones. Where the local clock jumps:
 * - a wall time in the skipped hour means the first instant after the jump;
 * - a wall time in the repeated hour means its first occurrence.
 * So a calendar that is open from 00:00 to 24:00 has 23 hours on the day that loses one.
 */
export interface Calendar {
  readonly id: string;
  /** IANA zone in which hours and holidays are meant. */
  readonly zone: string;
  /** Hours of each weekday, Monday first; sorted, not overlapping. An empty day is closed. */
  readonly week: Week;
  /** Local dates, `2026-04-03`, on which the calendar is closed all day. */
  readonly holidays: ReadonlySet<string>;
}

export type Week = readonly [Day, Day, Day, Day, Day, Day, Day];
export type Day = readonly Span[];

/** Minutes of the local day, half-open: `toMinute` is the first closed minute. 1440 is midnight at its end. */
export interface Span {
  readonly fromMinute: number;
  readonly toMinute: number;
}

export const MINUTES_OF_DAY = 1440;
const ALL_DAY: Day = [{ fromMinute: 0, toMinute: MINUTES_OF_DAY }];

/** The built-in calendar `24x7`: never closed, so its business time is elapsed time. Its days are UTC days. */
export const ALWAYS_OPEN: Calendar = {
  id: '24x7',
  zone: 'UTC',
  week: [ALL_DAY, ALL_DAY, ALL_DAY, ALL_DAY, ALL_DAY, ALL_DAY, ALL_DAY],
  holidays: new Set(),
};

/**
 * The earliest instant by which `ms` of business time have passed since `start`; `start` itself for 0.
 *
 * So half an hour from 17:30 is 18:00 of the same day where the day ends at 18:00, not the next opening.
 */
export function addBusinessTime(calendar: Calendar, start: number, ms: number): number {
  if (!(ms >= 0)) throw new RangeError(`business time to add must be 0 or more, got ${ms}`);
  if (ms === 0) return start;
  if (calendar === ALWAYS_OPEN) return start + ms;
  let left = ms;
  for (const { opensAt, closesAt } of windowsFrom(calendar, start)) {
    const from = Math.max(opensAt, start);
    if (closesAt - from >= left) return from + left;
    left -= closesAt - from;
  }
  throw neverOpen(calendar, start);
}

/**
 * When the `days`-th business day after the one of `start` ends.
 *
 * The local date of `start` never counts, whatever the hour and whether or not it is a business day: `3bd` from
 * a Friday evening, and from the Saturday behind it, is the end of Wednesday. A business day is a date with
 * hours that is no holiday.
 */
export function endOfBusinessDay(calendar: Calendar, start: number, days: number): number {
  if (!Number.isInteger(days) || days < 1) {
    throw new RangeError(`business days must be a whole number from 1, got ${days}`);
  }
  const first = localDay(calendar, start) + 1;
  let closed = 0;
  for (let day = first, seen = 0; closed < MAX_CLOSED_DAYS; day++) {
    const last = windowsOn(calendar, day).at(-1);
    closed = last === undefined ? closed + 1 : 0;
    if (last !== undefined && ++seen === days) return last.closesAt;
  }
  throw neverOpen(calendar, start);
}

/** Business ms from `from` to `to`; negative when `to` is the earlier one. */
export function businessTimeBetween(calendar: Calendar, from: number, to: number): number {
  if (to < from) return -businessTimeBetween(calendar, to, from);
  if (calendar === ALWAYS_OPEN) return to - from;
  let sum = 0;
  const lastDay = localDay(calendar, to) + 1;
  for (let day = localDay(calendar, from); day <= lastDay; day++) {
    for (const { opensAt, closesAt } of windowsOn(calendar, day)) {
      sum += Math.max(0, Math.min(closesAt, to) - Math.max(opensAt, from));
    }
  }
  return sum;
}

/** Whether the calendar is open at an instant. At closing time it no longer is. */
export function isOpenAt(calendar: Calendar, instant: number): boolean {
  if (calendar === ALWAYS_OPEN) return true;
  const day = localDay(calendar, instant);
  return [day, day + 1].some((each) =>
    windowsOn(calendar, each).some(({ opensAt, closesAt }) => opensAt <= instant && instant < closesAt),
  );
}

/** The local date of an instant in a zone, `2026-04-03`. */
export const localDate = (zone: string, instant: number): string => plainDate(zone, instant).toString();

/** A span as two instants. Never empty. */
interface Window {
  readonly opensAt: number;
  readonly closesAt: number;
}

/** A calendar closed for longer than this is taken for one that never opens: a mistake, not a holiday. */
const MAX_CLOSED_DAYS = 400;

function* windowsFrom(calendar: Calendar, start: number): Generator<Window> {
  let closed = 0;
  for (let day = localDay(calendar, start); closed < MAX_CLOSED_DAYS; day++) {
    const windows = windowsOn(calendar, day);
    closed = windows.length === 0 ? closed + 1 : 0;
    for (const window of windows) if (window.closesAt > start) yield window;
  }
}

const neverOpen = (calendar: Calendar, start: number) =>
  new RangeError(
    `calendar ${calendar.id} does not open within ${MAX_CLOSED_DAYS} days after ${new Date(start).toISOString()}; ` +
      'give it hours, or fewer holidays',
  );

/**
 * Windows by calendar and day. A zone conversion takes some 10 µs, and deadlines of the same few days are asked
 * for again and again. Forgotten with the calendar; emptied when it outgrows its bound.
 */
const remembered = new WeakMap<Calendar, Map<number, readonly Window[]>>();
/** Two years of days. */
const MAX_REMEMBERED_DAYS = 730;

function windowsOn(calendar: Calendar, day: number): readonly Window[] {
  const days = remembered.get(calendar) ?? new Map<number, readonly Window[]>();
  remembered.set(calendar, days);
  let windows = days.get(day);
  if (windows === undefined) {
    if (days.size >= MAX_REMEMBERED_DAYS) days.clear();
    windows = computeWindows(calendar, day);
    days.set(day, windows);
  }
  return windows;
}

function computeWindows(calendar: Calendar, day: number): readonly Window[] {
  const date = Temporal.PlainDate.from(new Date(day * DAY).toISOString().slice(0, 10));
  if (calendar.holidays.has(date.toString())) return [];
  // dayOfWeek is 1 (Monday) to 7, so the index is one of the seven.
  const spans = calendar.week[date.dayOfWeek - 1] ?? [];
  return spans
    .map(({ fromMinute, toMinute }) => ({
      opensAt: wallInstant(calendar.zone, date, fromMinute),
      closesAt: wallInstant(calendar.zone, date, toMinute),
    }))
    .filter(({ opensAt, closesAt }) => opensAt < closesAt);
}

/** The instant at which the local clock first shows, or has just jumped over, a minute of a date. */
function wallInstant(zone: string, date: Temporal.PlainDate, minute: number): number {
  const wall = date
    .add({ days: Math.floor(minute / MINUTES_OF_DAY) })
    .toPlainDateTime({ hour: Math.floor((minute % MINUTES_OF_DAY) / 60), minute: minute % 60 });
  const earlier = wall.toZonedDateTime(zone, { disambiguation: 'earlier' });
  if (earlier.toPlainDateTime().equals(wall)) return earlier.epochMilliseconds;
  // The clock never showed it: `earlier` then lies before the jump, and the jump is the next change.
  return earlier.getTimeZoneTransition('next')?.epochMilliseconds ?? earlier.epochMilliseconds;
}

const plainDate = (zone: string, instant: number): Temporal.PlainDate =>
  Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone).toPlainDate();

/**
 * The local date as days since 1970-01-01, so that days can be counted.
 *
 * Remembered per quarter of an hour, where the whole quarter lies on one date (all do, save the few in which a
 * clock changes off the quarter): alerts are about the last minutes and the next days, over and over.
 */
function localDay(calendar: Calendar, instant: number): number {
  const days = rememberedDays.get(calendar) ?? new Map<number, number>();
  rememberedDays.set(calendar, days);
  const quarter = Math.floor(instant / QUARTER_MS);
  const known = days.get(quarter);
  if (known !== undefined) return known;
  const first = computeDay(calendar.zone, quarter * QUARTER_MS);
  if (first !== computeDay(calendar.zone, (quarter + 1) * QUARTER_MS - 1)) {
    return computeDay(calendar.zone, instant);
  }
  if (days.size >= MAX_REMEMBERED_QUARTERS) days.clear();
  days.set(quarter, first);
  return first;
}

const QUARTER_MS = 15 * MINUTE;
/** Some three months of quarters. */
const MAX_REMEMBERED_QUARTERS = 10_000;
const rememberedDays = new WeakMap<Calendar, Map<number, number>>();

function computeDay(zone: string, instant: number): number {
  const { year, month, day } = plainDate(zone, instant);
  return Date.UTC(year, month - 1, day) / DAY;
}
