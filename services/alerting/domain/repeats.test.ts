import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AlertStory, at, story } from '../test-support/alert-story.ts';

type Act = (given: AlertStory) => AlertStory;

const ACTS: readonly Act[] = [
  (given) => given.acknowledge('Fri 15:10', 'ana', 'ack'),
  (given) => given.acknowledge('Fri 15:12', 'ben', 'ack-ben'),
  (given) => given.contact('Fri 15:20', 'ana', false),
  (given) => given.contact('Fri 16:00', 'ana'),
  (given) => given.snooze('Fri 16:05', 'Mon 10:00'),
  (given) => given.request('Fri 16:10', 's2', { severity: 'P1' }),
  (given) => given.proof('Fri 16:00', 'Fri 16:20', 'churn:c1#1'),
  (given) => given.close('Fri 16:30'),
];

test('orders, requests and proofs that arrive again, in any order, change nothing', () => {
  const repeats = fc.array(
    fc.record({
      act: fc.integer({ min: 0, max: ACTS.length - 1 }),
      after: fc.integer({ min: 0, max: ACTS.length - 1 }),
    }),
    { maxLength: 12 },
  );
  const play = (repeated: readonly { act: number; after: number }[]) => {
    const given = story().request('Fri 15:00', 's1');
    for (const [index, act] of ACTS.entries()) {
      act(given);
      for (const { act: again, after } of repeated)
        if (after === index && again <= index) ACTS[again]?.(given);
    }
    return given.until('later 12:00');
  };
  const undisturbed = play([]);
  fc.assert(
    fc.property(repeats, (repeated) => {
      const given = play(repeated);
      expect(given.state).toEqual(undisturbed.state);
      expect(given.events).toEqual(undisturbed.events);
    }),
    { numRuns: 200 },
  );
});

test('whatever happens, every event is numbered once, every breach recorded once, every message ordered once', () => {
  const days = ['Fri', 'Mon', 'Tue', 'Wed', 'Thu', 'nextTue'];
  const acts: readonly ((given: AlertStory, when: string) => AlertStory)[] = [
    (given, when) => given.request(when),
    (given, when) => given.request(when, `urgent-${when}`, { severity: 'P1' }),
    (given, when) => given.acknowledge(when, 'ana'),
    (given, when) => given.acknowledge(when, 'ben'),
    (given, when) => given.contact(when, 'ana'),
    (given, when) => given.contact(when, 'ana', false),
    (given, when) => given.snooze(when, 'nextWed 09:00'),
    (given, when) => given.close(when),
    (given, when) => given.wakeUpAt(when),
  ];
  const moment = fc.record({
    day: fc.constantFrom(...days),
    hour: fc.integer({ min: 8, max: 20 }),
    act: fc.constantFrom(...acts),
  });
  fc.assert(
    fc.property(fc.array(moment, { maxLength: 25 }), fc.boolean(), (moments, punctual) => {
      const given = story().request('Fri 08:00', 'first');
      const named = moments.map(({ day, hour, act }) => ({
        when: `${day} ${String(hour).padStart(2, '0')}:00`,
        act,
      }));
      for (const { when, act } of named.sort((a, b) => at(a.when) - at(b.when))) {
        if (punctual) given.until(when);
        act(given, when);
      }
      given.until('later 12:00');
      expect(given.events.map((event) => event.seq)).toEqual(given.events.map((_, index) => index + 1));
      const unique = (texts: string[]) => expect(new Set(texts).size).toBe(texts.length);
      unique(
        given.events
          .filter((event) => event.type === 'breached' && event.milestone !== undefined)
          .map(
            ({ alertId, milestone, alert }) =>
              `${alertId} ${milestone} ${milestone && alert.deadlines[milestone]?.version}`,
          ),
      );
      unique(
        given.events.flatMap(({ alertId, notify }) =>
          notify === undefined ? [] : [`${alertId} ${notify.step}`],
        ),
      );
      expect(given.timerAt).toBeNull();
    }),
    { numRuns: 200 },
  );
});

test('whether timers fire on time or late, the same steps fire with the same instants', () => {
  const onTime = story().request('Fri 17:30').until('Wed 20:00');
  const late = story().request('Fri 17:30').wakeUpAt('Wed 20:00');
  const told = (given: AlertStory) => given.events.map(({ type, at: when, step }) => [type, when, step]);
  expect(told(late)).toEqual(told(onTime));
});
