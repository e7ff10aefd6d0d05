import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ALWAYS_OPEN,
  addBusinessTime,
  businessTimeBetween,
  type Calendar,
  type Day,
  endOfBusinessDay,
  isOpenAt,
} from './business-time.ts';
import { DAY, HOUR, MINUTE } from './clock.ts';

const hours = (...spans: string[]): Day =>
  spans.map((span) => {
    const [from = '', to = ''] = span.split('-');
    return { fromMinute: minutes(from), toMinute: minutes(to) };
  });
const minutes = (wall: string): number => Number(wall.slice(0, 2)) * 60 + Number(wall.slice(3));

const weekdays = (zone: string, day: Day, holidays: string[] = []): Calendar => ({
  id: 'test',
  zone,
  week: [day, day, day, day, day, [], []],
  holidays: new Set(holidays),
});
const everyDay = (zone: string, day: Day): Calendar => ({
  id: 'test',
  zone,
  week: [day, day, day, day, day, day, day],
  holidays: new Set(),
});

const berlin = weekdays('Europe/Berlin', hours('09:00-18:00'), ['2026-04-03', '2026-04-06']);
const at = (text: string): number => Date.parse(text);
const text = (instant: number): string => new Date(instant).toISOString();
const utc = (local: string): string => text(at(local));

test.each([
  [
    'half an hour before closing ends at closing time',
    '2026-03-27T17:30+01:00',
    30 * MINUTE,
    '2026-03-27T18:00+01:00',
  ],
  [
    'what is left of the day goes on after the weekend and the clock change',
    '2026-03-27T17:30+01:00',
    4 * HOUR,
    '2026-03-30T12:30+02:00',
  ],
  ['a start before hours counts from opening', '2026-03-30T06:00+02:00', HOUR, '2026-03-30T10:00+02:00'],
  [
    'a start after hours counts from the next opening',
    '2026-03-30T19:00+02:00',
    HOUR,
    '2026-03-31T10:00+02:00',
  ],
  [
    'a start at closing time counts from the next opening',
    '2026-03-30T18:00+02:00',
    HOUR,
    '2026-03-31T10:00+02:00',
  ],
  ['holidays are skipped', '2026-04-02T17:00+02:00', 2 * HOUR, '2026-04-07T10:00+02:00'],
  [
    'nothing to add is the start itself, open or closed',
    '2026-03-28T12:00+01:00',
    0,
    '2026-03-28T12:00+01:00',
  ],
])('business time: %s', (_, start, ms, expected) => {
  expect(text(addBusinessTime(berlin, at(start), ms))).toBe(utc(expected));
});

test.each([
  [
    'the third business day after a Friday is Wednesday',
    '2026-03-27T17:30+01:00',
    3,
    '2026-04-01T18:00+02:00',
  ],
  ['from the Saturday behind it, too', '2026-03-28T11:00+01:00', 3, '2026-04-01T18:00+02:00'],
  [
    'the day of the start never counts, even before opening',
    '2026-03-30T07:00+02:00',
    1,
    '2026-03-31T18:00+02:00',
  ],
  ['Easter is skipped', '2026-04-01T16:00+02:00', 2, '2026-04-07T18:00+02:00'],
  [
    'the end of one business day is no start within it',
    '2026-04-07T18:00+02:00',
    1,
    '2026-04-08T18:00+02:00',
  ],
])('business days: %s', (_, start, days, expected) => {
  expect(text(endOfBusinessDay(berlin, at(start), days))).toBe(utc(expected));
});

test('a lunch break does not count', () => {
  const calendar = weekdays('Europe/Berlin', hours('09:00-12:00', '13:00-17:00'));
  expect(text(addBusinessTime(calendar, at('2026-03-30T11:30+02:00'), HOUR))).toBe(
    utc('2026-03-30T13:30+02:00'),
  );
  expect(isOpenAt(calendar, at('2026-03-30T12:00+02:00'))).toBe(false);
  expect(isOpenAt(calendar, at('2026-03-30T13:00+02:00'))).toBe(true);
});

test('a shift over midnight has no closed minute at midnight', () => {
  const night = everyDay('Europe/Berlin', hours('00:00-06:00', '22:00-24:00'));
  expect(text(addBusinessTime(night, at('2026-03-30T23:00+02:00'), 2 * HOUR))).toBe(
    utc('2026-03-31T01:00+02:00'),
  );
  expect(isOpenAt(night, at('2026-03-31T00:00+02:00'))).toBe(true);
});

test.each([
  [
    'the hour that the spring takes is not worked',
    '00:00-24:00',
    '2026-03-29T00:00+01:00',
    '2026-03-30T00:00+02:00',
    23 * HOUR,
  ],
  [
    'the hour that the autumn gives is worked',
    '00:00-24:00',
    '2026-10-25T00:00+02:00',
    '2026-10-26T00:00+01:00',
    25 * HOUR,
  ],
  [
    'a window that opens in the skipped hour opens after it',
    '02:30-05:00',
    '2026-03-29T00:00+01:00',
    '2026-03-30T00:00+02:00',
    2 * HOUR,
  ],
  [
    'a window inside the skipped hour is empty',
    '02:15-02:45',
    '2026-03-29T00:00+01:00',
    '2026-03-30T00:00+02:00',
    0,
  ],
  [
    'a window that closes in the repeated hour closes the first time',
    '01:00-02:30',
    '2026-10-25T00:00+02:00',
    '2026-10-26T00:00+01:00',
    1.5 * HOUR,
  ],
  [
    'a window that opens in the repeated hour opens the first time',
    '02:30-05:00',
    '2026-10-25T00:00+02:00',
    '2026-10-26T00:00+01:00',
    3.5 * HOUR,
  ],
])('where the clocks change: %s', (_, span, from, to, expected) => {
  expect(businessTimeBetween(everyDay('Europe/Berlin', hours(span)), at(from), at(to))).toBe(expected);
});

test('a calendar that never opens is an error that names the remedy', () => {
  const closed = weekdays('Europe/Berlin', []);
  expect(() => addBusinessTime(closed, at('2026-03-27T12:00Z'), HOUR)).toThrow(
    /does not open.*give it hours/,
  );
  expect(() => endOfBusinessDay(closed, at('2026-03-27T12:00Z'), 1)).toThrow(/does not open/);
});

test('a deadline far away does not count as never', () => {
  const oneHour = weekdays('Europe/Berlin', hours('09:00-10:00'));
  expect(text(addBusinessTime(oneHour, at('2026-01-05T08:00Z'), 600 * HOUR))).toMatch(/^2028-/);
});

test('24x7 is elapsed time', () => {
  expect(addBusinessTime(ALWAYS_OPEN, 5, 90)).toBe(95);
  expect(businessTimeBetween(ALWAYS_OPEN, 95, 5)).toBe(-90);
  expect(text(endOfBusinessDay(ALWAYS_OPEN, at('2026-03-27T12:00Z'), 1))).toBe('2026-03-29T00:00:00.000Z');
});

/** Zones that change at 02:00, at midnight, by half an hour, south of the equator, to the minute 00:01, or never. */
const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'America/Santiago',
  'America/Havana',
  'Africa/Cairo',
  'Asia/Beirut',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'UTC',
];

const daySpans = fc
  .uniqueArray(fc.integer({ min: 0, max: 96 }), { minLength: 2, maxLength: 6 })
  .map((quarters): Day => {
    const sorted = quarters.map((quarter) => quarter * 15).sort((a, b) => a - b);
    return Array.from({ length: Math.floor(sorted.length / 2) }, (_, index) => ({
      fromMinute: sorted[2 * index] ?? 0,
      toMinute: sorted[2 * index + 1] ?? 0,
    }));
  });
const calendars = fc
  .tuple(fc.constantFrom(...ZONES), daySpans, fc.boolean())
  .map(([zone, day, weekend]) => (weekend ? everyDay(zone, day) : weekdays(zone, day)));
/** Minutes of 2010 to 2012: St John's still changed at 00:01, and Samoa skipped a whole day. */
const instants = fc
  .integer({ min: at('2010-01-01') / MINUTE, max: at('2012-12-31') / MINUTE })
  .map((m) => m * MINUTE);
const durations = fc.integer({ min: 1, max: (40 * HOUR) / MINUTE }).map((m) => m * MINUTE);

test('exactly the added business time lies between start and end, and no shorter wait has as much', () => {
  fc.assert(
    fc.property(calendars, instants, durations, (calendar, start, ms) => {
      const end = addBusinessTime(calendar, start, ms);
      expect(businessTimeBetween(calendar, start, end)).toBe(ms);
      expect(businessTimeBetween(calendar, start, end - 1)).toBe(ms - 1);
    }),
    { numRuns: 300 },
  );
});

test('adding in two steps comes to the same instant as adding at once', () => {
  fc.assert(
    fc.property(calendars, instants, durations, durations, (calendar, start, first, second) => {
      const twice = addBusinessTime(calendar, addBusinessTime(calendar, start, first), second);
      expect(twice).toBe(addBusinessTime(calendar, start, first + second));
    }),
    { numRuns: 200 },
  );
});

test('a minute counts exactly when the calendar is open in it, on the days on which clocks change', () => {
  const changes = [
    '2010-11-07',
    '2011-03-13',
    '2011-03-27',
    '2011-10-30',
    '2011-12-30',
    '2011-04-03',
    '2011-10-16',
  ];
  fc.assert(
    fc.property(
      calendars,
      fc.constantFrom(...changes),
      fc.integer({ min: -720, max: 2160 }),
      (calendar, day, minute) => {
        const start = at(day) + minute * MINUTE;
        const counted = businessTimeBetween(calendar, start, start + MINUTE);
        expect(counted).toBe(isOpenAt(calendar, start) ? MINUTE : 0);
      },
    ),
    { numRuns: 500 },
  );
});

test('business days end in order and never on the day of the start', () => {
  fc.assert(
    fc.property(calendars, instants, fc.integer({ min: 1, max: 8 }), (calendar, start, days) => {
      const end = endOfBusinessDay(calendar, start, days);
      expect(end).toBeGreaterThan(start);
      expect(endOfBusinessDay(calendar, start, days + 1)).toBeGreaterThan(end);
      expect(end - start).toBeLessThan((days + 8) * 2 * DAY);
    }),
    { numRuns: 200 },
  );
});
