import { expect, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../platform/time/clock.ts';
import { assessed, play, ruleSetOf, ruleText, START } from './test-story.ts';
import { MAX_QUOTED, MAX_SIGNALS } from './window-state.ts';

const rules = ruleSetOf(
  ruleText(
    'example',
    `
  listen: [complaint.received, post.published, survey.answered]
  windows:
    complaints_14d: {of: complaint.received, fn: count, over: 14d}
    posts_2d: {of: post.published, fn: avg, field: sentiment, over: 2d}
  when: {complaints_14d: {gte: 2}}`,
  ),
);

const complaint = (id: string, at: number) => assessed({ id, type: 'complaint.received', at });
const post = (id: string, at: number) =>
  assessed({ id, type: 'post.published', at, sentiment: -0.5, signal: { text: `post ${id}` } });

test('a signal is kept as long as the longest window that counts its type, and no longer', () => {
  const { state } = play(rules, [
    post('p1', START),
    complaint('k1', START),
    complaint('k2', START + 3 * DAY),
  ]);
  expect(state.signals.map(({ id }) => id)).toEqual(['k1', 'k2']);
});

test('only fields that some window reads are kept', () => {
  const { state } = play(rules, [post('p1', START), complaint('k1', START)]);
  expect(state.signals.map(({ fields }) => fields)).toEqual([{ sentiment: -0.5 }, undefined]);
});

test('a type that no window counts is remembered for the allowed lateness, in case a signal before it comes late', () => {
  const survey = assessed({ id: 's1', type: 'survey.answered', at: START });
  const lasting = (ms: number) =>
    play(rules, [survey, post('p1', START + ms)]).state.signals.map(({ id }) => id);
  expect(lasting(HOUR)).toEqual(['s1', 'p1']);
  expect(lasting(rules.defaults.allowedLatenessMs)).toEqual(['p1']);
});

test('a type that only rules without windows listen to is judged but not remembered', () => {
  const simple = ruleSetOf(
    ruleText('simple', '  listen: [survey.answered]\n  when: {event.satisfaction: {lte: 2}}'),
  );
  const { state, outcomes } = play(simple, [assessed({ id: 's1', type: 'survey.answered', at: START })]);
  expect(outcomes).toEqual(['handled']);
  expect(state.signals).toEqual([]);
});

test('a type that no rule looks at is skipped and leaves no state', () => {
  const { state, outcomes } = play(rules, [assessed({ id: 's1', type: 'purchase.made', at: START })]);
  expect(outcomes).toEqual(['no_rule_listens']);
  expect(state.newestAt).toBe(0);
});

test('the same assessment twice is judged once', () => {
  const { outcomes, requests, state } = play(rules, [complaint('k1', START), complaint('k1', START)]);
  expect(outcomes).toEqual(['handled', 'repeated']);
  expect(requests).toEqual([]);
  expect(state.signals).toHaveLength(1);
});

test('a flood of posts stays bounded and does not push out the one complaint', () => {
  const flood = Array.from({ length: 1000 }, (_, n) => post(`p${n}`, START + n * MINUTE));
  const { state } = play(rules, [complaint('k1', START - HOUR), ...flood]);
  expect(state.signals).toHaveLength(MAX_SIGNALS);
  expect(state.signals[0]?.id).toBe('k1');
  expect(state.quoted).toHaveLength(MAX_QUOTED);
  expect(JSON.stringify(state).length).toBeLessThan(25_000);
});

test('signals stay in the order in which they happened, however they arrive', () => {
  const { state } = play(rules, [complaint('k2', START + HOUR), complaint('k1', START)]);
  expect(state.signals.map(({ id }) => id)).toEqual(['k1', 'k2']);
});

test('the state given in is never touched', () => {
  const { state } = play(rules, [complaint('k1', START)]);
  const before = structuredClone(state);
  play(rules, [complaint('k1', START), complaint('k2', START + 1)]);
  expect(state).toEqual(before);
});

test('the state of a customer survives storage as JSON', () => {
  const { state } = play(rules, [post('p1', START), complaint('k1', START)]);
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});
