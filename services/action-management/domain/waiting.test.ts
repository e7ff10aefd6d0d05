import { expect, test } from 'vitest';
import { MINUTE } from '../../platform/time/clock.ts';
import { assessed, play, ruleSetOf, ruleText, START } from './test-story.ts';
import { MAX_WAITING } from './waits.ts';
import { MAX_SIGNALS } from './window-state.ts';

const UNANSWERED = ruleSetOf(
  ruleText(
    'unanswered',
    `  listen: [complaint.received]
  sequence: [{event: complaint.received}, {absent: contact.logged, for: 48h@24x7}]
  when: {event.channel: {exists: true}}`,
  ),
);

const complaints = (count: number) =>
  Array.from({ length: count }, (_, n) =>
    assessed({ id: `k${n}`, type: 'complaint.received', at: START + n * MINUTE }),
  );
const waits = (count: number): readonly string[] =>
  Object.keys(play(UNANSWERED, complaints(count)).state.waiting?.timers ?? {});

test('a customer who never stops complaining has a bounded number of sequences that wait', () => {
  expect(waits(3)).toHaveLength(3);
  expect(waits(150)).toHaveLength(MAX_WAITING);
});

test('places of complaints that are forgotten go to newer ones', () => {
  const places = waits(MAX_SIGNALS + 100);
  expect(places).toHaveLength(MAX_WAITING);
  expect(places[0]).toBe('absence/unanswered/k100');
});
