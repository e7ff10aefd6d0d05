import { expect, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../../platform/time/clock.ts';
import { durationWords, readElapsed, readTimeBox } from './duration.ts';

test.each([
  ['30m', 30 * MINUTE],
  ['2h', 2 * HOUR],
  ['2h30m', 2.5 * HOUR],
  ['1.5h', 1.5 * HOUR],
  ['14d', 14 * DAY],
  ['2w', 14 * DAY],
  ['0d', 0],
])('%s is a plain duration', (text, ms) => {
  expect(readElapsed(text)).toEqual({ ok: true, value: ms });
});

test.each(['', '5', 'h', '5 h', '-5h', '1e3h', 'PT5H', '5months', `${'1h'.repeat(40)}`])(
  '"%s" is no duration',
  (text) => {
    expect(readElapsed(text).ok).toBe(false);
  },
);

test.each([
  ['30m', 'business', { amount: 30 * MINUTE, unit: 'ms', clock: 'business', text: '30m' }],
  ['3bd', 'business', { amount: 3, unit: 'business_days', clock: 'business', text: '3bd' }],
  ['30m@24x7', 'business', { amount: 30 * MINUTE, unit: 'ms', clock: 'wall', text: '30m@24x7' }],
  ['4d@24x7', 'business', { amount: 4 * DAY, unit: 'ms', clock: 'wall', text: '4d@24x7' }],
  ['2d', '24x7', { amount: 2 * DAY, unit: 'ms', clock: 'wall', text: '2d' }],
])('the time box %s in the calendar %s', (text, calendar, expected) => {
  expect(readTimeBox(text, calendar)).toEqual({ ok: true, value: expected });
});

test.each([
  ['4d', 'business', 'write 4bd for the end of a business day, or 4d@24x7'],
  ['1w', 'business', 'write 5bd for the end of a business day, or 1w@24x7'],
  ['2bd', '24x7', 'write 2d'],
  ['2bd@24x7', 'business', 'write 2d@24x7'],
  ['1bd4h', 'business', 'business days stand alone'],
  ['0m', 'business', 'longer than nothing'],
])('the time box %s in the calendar %s is refused with the remedy', (text, calendar, message) => {
  const read = readTimeBox(text, calendar);
  expect(read.ok ? '' : read.message).toContain(message);
});

test.each([
  [14 * DAY, '14 days'],
  [DAY, '1 day'],
  [HOUR, '1 hour'],
  [90 * MINUTE, '90 minutes'],
  [3 * DAY + 1234, '3 days'],
  [7 * HOUR + 12 * MINUTE + 5, '7 h 12 min'],
])('%d ms are said as %s', (ms, words) => {
  expect(durationWords(ms)).toBe(words);
});
