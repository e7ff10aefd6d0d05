import { beforeEach, expect, test } from 'vitest';
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

const settling = ruleSetOf(
  ruleText(
    'calm-spike',
    `  listen: [complaint.received]
  scope: segment
  key: [product]
  settle: 2h
  windows: {hour: {of: complaint.received, fn: count, over: 1h}}
  when: {hour: {gte: 2}, product: {eq: dsl}}
  playbook: ["Ask who owns {product}"]`,
  ),
);
let inForce = settling;
const patient = createSegmentRulesProcess({ ruleSet: () => inForce });
beforeEach(() => {
  inForce = settling;
});
const KEY = 'product=dsl';

const heard = (id: string, at: number, appendedAt = at): Input => {
  const assessment = assessed({ id, type: 'complaint.received', at, signal: { product: 'dsl' } });
  const value = { type: 'signal', assessment } as const;
  return { topic: 'segment-entries', key: KEY, value, partition: 0, offset: 0, appendedAt };
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
const play = (...inputs: readonly Input[]) => playBy(rules, ...inputs);

function playBy(process: typeof rules, ...inputs: readonly Input[]) {
  let state: SegmentState | undefined;
  const steps = inputs.map((input) => {
    const step = process.onInput(state, input, input.appendedAt);
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

test('closing an alert about a segment needs no contact, unless its rule asks for one', () => {
  expect(ruleSet.rules[0]?.plan.closeRequires).toEqual(['outcome', 'root_cause']);
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

test('a signal that comes late completes the spike that was over by then', () => {
  const quiet = [heard('a', START), heard('b', START + 20 * MINUTE), heard('x', START + 3 * HOUR)];
  const { requests } = play(...quiet, heard('c', START + 10 * MINUTE, START + 3 * HOUR));
  expect(requests).toMatchObject([{ value: { id: 'spike/c', because: [expect.stringContaining(': 3 ')] } }]);
  expect(play(...quiet, heard('c', START - 50 * MINUTE, START + 3 * HOUR)).requests).toEqual([]);
});

test('what comes later than the allowed lateness is judged no more', () => {
  const spike = [heard('a', START), heard('b', START + MINUTE), heard('x', START + 7 * HOUR)];
  expect(play(...spike, heard('c', START + 2 * MINUTE, START + 7 * HOUR)).requests).toEqual([]);
});

const ON_TIME = 'settle/calm-spike/on-time';
const LATE = 'settle/calm-spike/late';

test('a rule that settles judges each minute when the time has passed since its end, one after the other', () => {
  const { state, steps, requests } = playBy(
    patient,
    heard('b', START + 10 * MINUTE),
    heard('a', START, START + 11 * MINUTE),
  );
  expect(requests).toEqual([]);
  expect(steps.map(({ outcome }) => outcome)).toEqual([
    { type: 'handled', reason: 'settles' },
    { type: 'handled', reason: 'settles' },
  ]);
  expect(steps.map(({ timers }) => timers?.at(-1))).toEqual([
    { name: ON_TIME, dueAt: START + 11 * MINUTE + 2 * HOUR },
    { name: ON_TIME, dueAt: START + MINUTE + 2 * HOUR },
  ]);
  const first = { key: KEY, name: ON_TIME, dueAt: START + MINUTE + 2 * HOUR };
  const judged = patient.onTimer?.(state, first, first.dueAt);
  expect(judged?.emit).toBeUndefined();
  expect(judged?.timers).toEqual([{ name: ON_TIME, dueAt: START + 11 * MINUTE + 2 * HOUR }]);
  const second = { ...first, dueAt: START + 11 * MINUTE + 2 * HOUR };
  const matched = patient.onTimer?.(judged?.state ?? undefined, second, second.dueAt);
  expect(matched?.emit).toMatchObject([
    {
      key: 'calm-spike:dsl',
      value: {
        id: 'calm-spike/product=dsl@2026-03-02T08:11:00.000Z',
        subject: KEY,
        plan: { playbook: ['Ask who owns dsl'] },
      },
    },
  ]);
  expect(matched?.timers).toEqual([{ name: ON_TIME, dueAt: null }]);
  expect(matched?.state).not.toHaveProperty('settling');
});

test('what comes later than that is waited with as long again, and what was asked for is asked for under the same name', () => {
  const { state, steps } = playBy(
    patient,
    heard('a', START),
    heard('b', START + 10 * MINUTE),
    heard('c', START + 5 * MINUTE, START + 3 * HOUR),
  );
  const dueAt = START + 5 * HOUR;
  expect(steps.at(-1)?.timers).toEqual([{ name: LATE, dueAt }]);
  const fired = patient.onTimer?.(state, { key: KEY, name: LATE, dueAt }, dueAt);
  expect(fired?.emit?.map(({ value }) => value)).toMatchObject([
    { id: 'calm-spike/product=dsl@2026-03-02T08:06:00.000Z' },
    { id: 'calm-spike/product=dsl@2026-03-02T08:11:00.000Z' },
  ]);
  expect(Object.keys(fired?.state?.settling ?? {})).toEqual([ON_TIME]);
});

test('a rule that is gone by then judges nothing, and is waited for no more', () => {
  const { state } = playBy(patient, heard('a', START));
  inForce = ruleSet;
  const dueAt = START + MINUTE + 2 * HOUR;
  expect(patient.onTimer?.(state, { key: KEY, name: ON_TIME, dueAt }, dueAt)).toMatchObject({
    outcome: { type: 'skipped', reason: 'rule_gone' },
    timers: [{ name: ON_TIME, dueAt: null }],
  });
});

test('a segment that rules wait with is not forgotten', () => {
  const { state } = playBy(patient, heard('a', START));
  const due = { key: KEY, name: 'forget', dueAt: START + 9 * DAY };
  expect(patient.onTimer?.(state, due, due.dueAt)).toMatchObject({ timers: [{ name: 'forget' }] });
});
