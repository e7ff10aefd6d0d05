import { expect, test } from 'vitest';
import { DAY } from '../../platform/time/clock.ts';
import { asKeptNow, type EarlierState } from './earlier-state.ts';
import { observe } from './features.ts';

const NOW = Date.parse('2026-03-02T12:00:00Z');

/** As version 0.1 has written it, byte for byte. */
const ROW = `{"at":${NOW},"attributes":{"valueTier":"gold","renewalAt":${NOW + 30 * DAY}},"attributesAt":${NOW - 60 * DAY},
  "recent":[
    {"at":${NOW - 40 * DAY},"type":"complaint.received","mood":-0.5,"intents":1},
    {"at":${NOW - 20 * DAY},"type":"call_note.received","mood":-0.35,"transfers":3},
    {"at":${NOW - 10 * DAY},"type":"contact.logged","spoke":true},
    {"at":${NOW - 9 * DAY},"type":"order.delayed","daysLate":4},
    {"at":${NOW - 8 * DAY},"type":"post.published","mood":-0.7,"reach":90000,"via":"handle:x:ada"},
    {"at":${NOW},"type":"survey.answered","satisfaction":2.5}],
  "past":{"mood":0.25,"texts":1.5,"moodAt":${NOW - 95 * DAY}},
  "open":[{"id":"K1","at":${NOW - 40 * DAY}},{"id":"K2","at":${NOW - 2 * DAY},"via":"handle:x:ada"}],
  "seen":"AAAAAAAABBBBBBBB"}`;

test('a state of the earlier layout shows what it always showed', () => {
  const seen = observe(asKeptNow(JSON.parse(ROW) as EarlierState));
  expect(seen).toMatchObject({
    at: NOW,
    attributes: { valueTier: 'gold' },
    daysToRenewal: 30,
    complaints30d: 0,
    openComplaints: 2,
    oldestOpenComplaintDays: 40,
    contacts30d: 1,
    transfers30d: 3,
    daysSinceContact: 10,
    daysSinceLastSignal: 8,
    badReach30d: 90_000,
    lastSatisfaction: 2.5,
    ordersDelayed30d: 1,
  });
  expect(seen.intentAges[0]).toBe(40);
  expect(seen.mood).toBeCloseTo(-0.48044, 5);
});

test('the marks of the last signals are kept, and a state that is kept already stays as it is', () => {
  const kept = asKeptNow(JSON.parse(ROW) as EarlierState);
  expect(kept.seen).toBe('AAAAAAAABBBBBBBB');
  expect(asKeptNow(kept)).toBe(kept);
});
