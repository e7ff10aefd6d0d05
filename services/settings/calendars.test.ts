import { expect, test } from 'vitest';
import { formatProblem } from '../platform/config/yaml-file.ts';
import { parseCalendars } from './calendars.ts';

const file = (calendar: string): string =>
  `apiVersion: tocsin/v1\nkind: Calendars\ncalendars:\n  - ${calendar.split('\n').join('\n    ')}\n`;
const problems = (calendar: string): string[] => {
  const parsed = parseCalendars('calendars.yaml', file(calendar));
  return parsed.ok ? [] : parsed.problems.map(formatProblem);
};

test('hours are read per weekday, several spans a day, sorted', () => {
  const parsed = parseCalendars(
    'calendars.yaml',
    file(
      'id: shop\ntimezone: Europe/Vienna\nhours: {mon-thu: ["13:00-18:00", "09:00-12:00"], "fri,sat": ["09:00-24:00"]}\nholidays: [2026-12-25]',
    ),
  );
  const shop = parsed.ok ? parsed.value.get('shop') : undefined;
  const split = [
    { fromMinute: 540, toMinute: 720 },
    { fromMinute: 780, toMinute: 1080 },
  ];
  const late = [{ fromMinute: 540, toMinute: 1440 }];
  expect(shop).toEqual({
    id: 'shop',
    zone: 'Europe/Vienna',
    week: [split, split, split, split, late, late, []],
    holidays: new Set(['2026-12-25']),
  });
});

test('24x7 is there without being written', () => {
  const parsed = parseCalendars(
    'calendars.yaml',
    file('id: a\ntimezone: UTC\nhours: {sun-mon: ["09:00-10:00"]}'),
  );
  expect(parsed.ok && [...parsed.value.keys()]).toEqual(['24x7', 'a']);
});

test.each([
  ['no hours at all', 'id: a\ntimezone: UTC\nhours: {}', /:6:12: the calendar has no hours/],
  ['only empty days', 'id: a\ntimezone: UTC\nhours: {mon: []}', /the calendar has no hours/],
  [
    'a zone that is not one',
    'id: a\ntimezone: Europe/Berln\nhours: {mon: ["09:00-10:00"]}',
    /:5:15: unknown time zone "Europe\/Berln"; did you mean "Europe\/Berlin"\?/,
  ],
  ['an offset for a zone', 'id: a\ntimezone: "+02:00"\nhours: {mon: ["09:00-10:00"]}', /write an IANA name/],
  [
    'a span over midnight',
    'id: a\ntimezone: UTC\nhours: {mon: ["22:00-06:00"]}',
    /:6:19: "22:00-06:00" ends before it begins; split/,
  ],
  ['a span outside the day', 'id: a\ntimezone: UTC\nhours: {mon: ["09:00-25:00"]}', /outside the day/],
  [
    'words for a span',
    'id: a\ntimezone: UTC\nhours: {mon: ["nine to five"]}',
    /is not a span such as "09:00-18:00"/,
  ],
  [
    'spans that overlap',
    'id: a\ntimezone: UTC\nhours: {mon: ["09:00-12:00", "11:00-13:00"]}',
    /two spans of the day overlap/,
  ],
  [
    'a day named twice',
    'id: a\ntimezone: UTC\nhours: {mon-fri: ["09:00-12:00"], wed: ["13:00-14:00"]}',
    /:6:39: wed is there twice/,
  ],
  [
    'a day that is none',
    'id: a\ntimezone: UTC\nhours: {monday: ["09:00-12:00"]}',
    /"monday" names no weekdays/,
  ],
  [
    'a holiday that is no date',
    'id: a\ntimezone: UTC\nhours: {mon: ["09:00-12:00"]}\nholidays: [2026-02-30]',
    /"2026-02-30" is not a date/,
  ],
  [
    'the id of the built-in calendar',
    'id: 24x7\ntimezone: UTC\nhours: {mon: ["09:00-12:00"]}',
    /"24x7" is built in/,
  ],
  [
    'an unknown key',
    'id: a\ntimezone: UTC\nhours: {mon: ["09:00-12:00"]}\nholiday: []',
    /unknown key "holiday"; did you mean "holidays"\?/,
  ],
])('%s is an error at its place', (_, calendar, expected) => {
  expect(problems(calendar)).toEqual([expect.stringMatching(expected)]);
});
