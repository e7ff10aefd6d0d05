import { expect, test } from 'vitest';
import { DAY, HOUR, MINUTE, SECOND } from '../../platform/time/clock.ts';
import { NO_NAMES } from '../../settings/names.ts';
import {
  actorInWords,
  count,
  distanceInWords,
  durationInWords,
  instantInWords,
  percent,
  rfc3339,
} from './words.ts';

test.each([
  [0, '0 s'],
  [59 * SECOND, '59 s'],
  [MINUTE, '1 min'],
  [59 * MINUTE + 59 * SECOND, '59 min'],
  [HOUR, '1 h'],
  [2 * HOUR + 5 * MINUTE, '2 h 5 min'],
  [DAY, '1 d'],
  [3 * DAY + 4 * HOUR + 59 * MINUTE, '3 d 4 h'],
])('%d ms is %s', (ms, words) => {
  expect(durationInWords(ms)).toBe(words);
});

test('a deadline is late from its own instant on', () => {
  expect(distanceInWords(1000, 0)).toBe('in 1 s');
  expect(distanceInWords(1000, 1000)).toBe('0 s late');
  expect(distanceInWords(0, 12 * MINUTE)).toBe('12 min late');
});

test('a moment is read in its zone, on both sides of the change of clocks', () => {
  const changes = Date.parse('2026-03-29T01:00:00Z');
  expect(instantInWords(changes - 1, 'Europe/Berlin')).toBe('Sun, 29 Mar 2026, 01:59 CET');
  expect(instantInWords(changes, 'Europe/Berlin')).toBe('Sun, 29 Mar 2026, 03:00 CEST');
});

test('a zone that the CRM got wrong is read as UTC, and says so', () => {
  expect(instantInWords(0, 'Mars/Olympus')).toBe('Thu, 1 Jan 1970, 00:00 UTC');
});

test('an instant that no date can hold is answered as the nearest that one can', () => {
  expect(rfc3339(0)).toBe('1970-01-01T00:00:00.000Z');
  expect(rfc3339(9e15)).toBe('+275760-09-13T00:00:00.000Z');
});

test.each([
  [{ kind: 'person', id: 'anna' } as const, 'anna'],
  [{ kind: 'system', id: 'alerting' } as const, 'Tocsin'],
  [{ kind: 'record', id: 'call-notes/n-1' } as const, 'record call-notes/n-1'],
])('%j acts as %s', (actor, words) => {
  expect(actorInWords(actor, NO_NAMES)).toBe(words);
});

test('numbers of things and shares are written as people do', () => {
  expect([count(1, 'alert'), count(2, 'alert'), count(0, 'reply', 'replies')]).toEqual([
    '1 alert',
    '2 alerts',
    '0 replies',
  ]);
  expect([percent(0.666), percent(undefined)]).toEqual(['67 %', '–']);
});
