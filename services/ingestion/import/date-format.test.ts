import { expect, test } from 'vitest';
import { compileDate } from './date-format.ts';

const read = (format: string, zone: string | undefined, text: string): string | undefined => {
  const compiled = compileDate(format, zone);
  if (!compiled.ok) return compiled.message;
  const at = compiled.read(text);
  return at === undefined ? undefined : new Date(at).toISOString();
};

test.each([
  ['yyyy-MM-dd HH:mm:ss xx', undefined, '2015-02-24 11:13:57 -0800', '2015-02-24T19:13:57.000Z'],
  ['EEE MMM dd HH:mm:ss xx yyyy', undefined, 'Mon Nov 06 20:30:49 +0000 2017', '2017-11-06T20:30:49.000Z'],
  ['yyyy/M/d', 'America/New_York', '2019/9/24', '2019-09-24T04:00:00.000Z'],
  ['dd/MM/yyyy HH:mm', 'Asia/Kolkata', '14/08/2023 00:32', '2023-08-13T19:02:00.000Z'],
  ['dd-MMM-yy h:mm:ss a', 'UTC', '22-Apr-15 3:53:50 PM', '2015-04-22T15:53:50.000Z'],
  ['dd-MMM-yy h:mm a', 'UTC', '22-Apr-15 12:05 AM', '2015-04-22T00:05:00.000Z'],
  ['d MMMM yyyy', 'UTC', '1 june 2015', '2015-06-01T00:00:00.000Z'],
  ["yyyy-MM-dd'T'HH:mm:ss.SSS", 'UTC', '2015-06-01T10:00:00.250', '2015-06-01T10:00:00.250Z'],
  ['epoch_s', undefined, '1424805237', '2015-02-24T19:13:57.000Z'],
  ['epoch_ms', undefined, '1424805237000', '2015-02-24T19:13:57.000Z'],
  ['rfc3339', undefined, '2015-02-24T11:13:57-08:00', '2015-02-24T19:13:57.000Z'],
])('%s in %s reads %j', (format, zone, text, expected) => {
  expect(read(format, zone, text)).toBe(expected);
});

test.each([
  ['dd.MM.yyyy', '30.02.2026', 'a day that does not exist'],
  ['dd.MM.yyyy', '01.13.2026', 'a month that does not exist'],
  ['dd.MM.yyyy HH:mm', '01.01.2026 24:00', 'an hour that does not exist'],
  ['dd.MM.yyyy h:mm a', '01.01.2026 13:00 PM', 'an hour past twelve on a twelve-hour clock'],
  ['dd.MM.yyyy', '2026-01-01', 'another way of writing'],
  ['dd.MM.yyyy', '01.01.2026 and more', 'more than a date'],
])('%s does not read %j: %s', (format, text) => {
  expect(read(format, 'UTC', text)).toBeUndefined();
});

test('a time that the clocks skip is taken as the same distance later', () => {
  expect(read('dd.MM.yyyy HH:mm', 'Europe/Berlin', '29.03.2026 02:30')).toBe('2026-03-29T01:30:00.000Z');
});

test('a time that the clocks repeat is taken as the earlier one', () => {
  expect(read('dd.MM.yyyy HH:mm', 'Europe/Berlin', '25.10.2026 02:30')).toBe('2026-10-25T00:30:00.000Z');
});

test('both sides of a change of the clocks have their own offset', () => {
  expect(read('dd.MM.yyyy HH:mm', 'Europe/Berlin', '29.03.2026 01:59')).toBe('2026-03-29T00:59:00.000Z');
  expect(read('dd.MM.yyyy HH:mm', 'Europe/Berlin', '29.03.2026 03:00')).toBe('2026-03-29T01:00:00.000Z');
});

test.each([
  ['dd.MM.yyyy', 'say which zone it is in'],
  ['MM.yyyy xx', 'has no day'],
  ['dd.MM.yyyy h:mm xx', '12-hour clock (h) without am/pm (a)'],
  ['dd.MM.YYYY', 'unknown "YYYY"'],
])('the format %s is refused: %s', (format, message) => {
  expect(read(format, undefined, '')).toContain(message);
});
