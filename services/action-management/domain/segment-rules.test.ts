import { expect, test } from 'vitest';
import type { Input } from '../../platform/keyed-process/keyed-process.ts';
import { DAY, HOUR, MINUTE } from '../../platform/time/clock.ts';
import { createSegmentRulesProcess } from './segment-rules.ts';
import type { SegmentState } from './segment-state.ts';
import { assessed, ruleSetOf, ruleText, START } from './test-story.ts';

const ruleSet = ruleSetOf(
  ruleText(
    'spike',
    `  listen: [complaint.received]
  scope: segment
  key: [product]
  windows: {hour: {of: complaint.received, fn: count, over: 1h}}
  when: {hour: {gte: 3}}`,
  ),
);
const rules = createSegmentRulesProcess({ ruleSet: () => ruleSet });
const KEY = 'product=dsl';

const heard = (id: string, at: number): Input => {
  const assessment = assessed({ id, type: 'complaint.received', at, signal: { product: 'dsl' } });
  const value = { type: 'signal', assessment } as const;
  return { topic: 'segment-entries', key: KEY, value, partition: 0, offset: 0, appendedAt: at };
};
const loop = (open: boolean): Input => ({
  topic: 'segment-loops',
  key: KEY,
  value: {
    segment: KEY,
    ruleId: 'spike',
    alertKey: 'spike:dsl',
    alertId: 'spike:dsl#1',
    label: 'T-1',
    open,
    at: START,
  },
  partition: 0,
  offset: 0,
  appendedAt: START,
});

/** Plays inputs, each at its own time; the state that is left and all that was asked for. */
function play(...inputs: readonly Input[]) {
  let state: SegmentState | undefined;
  const steps = inputs.map((input) => {
    const step = rules.onInput(state, input, input.appendedAt);
    if (step.state !== undefined) state = step.state ?? undefined;
    return step;
  });
  return { state, steps, requests: steps.flatMap(({ emit = [] }) => emit) };
}

test('what several people complain about within an hour is one alert about the segment', () => {
  const { requests } = play(heard('a', START), heard('b', START + MINUTE), heard('c', START + HOUR - MINUTE));
  expect(requests).toMatchObject([
    {
      topic: 'alert-requests',
      key: 'spike:dsl',
      value: { id: 'spike/c', scope: 'segment', subject: KEY, evidence: [{}, {}, {}] },
    },
  ]);
  expect(requests[0]?.value).not.toHaveProperty('customer');
});

test('the same signal twice counts once', () => {
  const { requests, steps } = play(heard('a', START), heard('b', START), heard('b', START));
  expect(requests).toEqual([]);
  expect(steps.at(-1)?.outcome).toEqual({ type: 'skipped', reason: 'repeated' });
});

test('a segment is forgotten a day after its longest window has run empty, and not before', () => {
  const { state, steps } = play(heard('a', START), heard('b', START + DAY));
  expect(steps.map(({ timers }) => timers)).toEqual([
    [{ name: 'forget', dueAt: START + HOUR + DAY }],
    undefined,
  ]);
  const due = { key: KEY, name: 'forget', dueAt: START + HOUR + DAY };
  expect(rules.onTimer?.(state, due, due.dueAt)).toMatchObject({ outcome: { type: 'handled' }, state: null });
  expect(rules.onTimer?.(state, due, START + DAY + MINUTE)).toEqual({
    outcome: { type: 'handled' },
    timers: [{ name: 'forget', dueAt: START + DAY + HOUR + DAY }],
  });
});

test('a segment with an open alert is not forgotten; without anything else it goes with the alert', () => {
  const opened = play(heard('a', START), loop(true));
  const due = { key: KEY, name: 'forget', dueAt: START + 9 * DAY };
  expect(rules.onTimer?.(opened.state, due, due.dueAt)).toMatchObject({ timers: [{ name: 'forget' }] });
  expect(play(loop(true), loop(false)).state).toBeUndefined();
  expect(play(loop(true)).state?.open).toHaveProperty('spike:dsl');
});
