import { expect, test } from 'vitest';
import { readRulesFolder, SHIPPED_RULES } from '../rules-folder.ts';
import { parseEventFile } from '../rules-test/story-file.ts';
import { eventWords, explainEvent, WATCHED_MS } from './explain-event.ts';

const rules = await readRulesFolder(SHIPPED_RULES);
/** A Friday afternoon. */
const now = '2026-03-27T15:00:00+01:00';

function told(rule: string, event: object, at?: string) {
  const parsed = parseEventFile('event.json', JSON.stringify(event), { at, now, lastsMs: WATCHED_MS });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return explainEvent(rules, rule, parsed.value);
}

const LATE = { type: 'order.delayed', days_late: 8, profile: { value_tier: 'gold', churn_risk: 0.2 } };

test('a signal that matches is told with its conditions, its owner, its deadlines and the ladder', () => {
  const explained = told('order-delayed', LATE);
  expect(explained).toMatchObject({ stage: 'live', judged: { at: now, result: 'match' } });
  expect(explained.alert).toMatchObject({ key: 'order-delayed:customer', team: expect.any(String) });
  expect(explained.alert?.ladder[0]).toMatchObject({ at: now, step: 'opened' });
  expect(eventWords(explained)).toContain('told while nobody does anything');
});

test('the same signal at another hour has other deadlines', () => {
  const friday = told('order-delayed', LATE).alert?.deadlines.ack_by;
  const saturday = told('order-delayed', LATE, '2026-03-28T03:00:00+01:00').alert?.deadlines.ack_by;
  expect(friday).not.toBe(saturday);
});

test('what is not known is named, and nothing is asked for', () => {
  const explained = told('order-delayed', { type: 'order.delayed' });
  expect(explained.judged?.result).toBe('unknown');
  expect(explained.unknown).toContain('event.days_late');
  expect(explained.alert).toBeUndefined();
});

test('what came before counts, and a rule that does not listen says so', () => {
  const payment = { type: 'payment.failed', profile: { active: true } };
  const before = [{ ...payment, at: '-2d', profile: undefined }];
  expect(told('payment-failed-twice', payment).judged?.result).toBe('no_match');
  expect(told('payment-failed-twice', { ...payment, before }).judged?.result).toBe('match');
  expect(eventWords(told('order-delayed', payment))).toBe('order-delayed: does not judge this signal\n');
});

test('a mistake in the file is told with its place', () => {
  const text =
    '{"type": "order.delayed",\n "days_latte": 8, "before": [{"at": "-3d", "type": "order.delayd"}]}';
  const parsed = parseEventFile('event.json', text, { now, lastsMs: WATCHED_MS });
  expect(parsed.ok ? [] : parsed.problems.map(({ line, message }) => `${line}: ${message}`)).toEqual([
    expect.stringContaining('2: before.0.type: got "order.delayd"'),
    '2: unknown key "days_latte"; did you mean "days_late"?',
  ]);
});

test('of a rule that settles it says how long after the signal it judges', () => {
  const mood = { type: 'call_note.received', sentiment: -0.5, profile: { value_tier: 'gold' } };
  const before = ['-3d', '-2d'].map((at) => ({ at, type: 'call_note.received', sentiment: -0.5 }));
  const explained = told('mood-sinking-high-value', { ...mood, before });
  expect(explained.judged?.at).toBe('2026-03-27T16:00:00+01:00');
  expect(eventWords(explained)).toContain('match, 2026-03-27T16:00:00+01:00, 1 hour after it happened');
});

test('what was missing before the signal is not named when it is known by then', () => {
  const mood = { type: 'call_note.received', sentiment: -0.5, profile: { value_tier: 'gold' } };
  const before = ['-3d', '-2d'].map((at) => ({ at, type: 'call_note.received', sentiment: -0.5 }));
  expect(told('mood-sinking-high-value', { ...mood, before }).unknown).toEqual([]);
  expect(told('mood-sinking-high-value', mood).unknown).toContain('mood_30d');
});
