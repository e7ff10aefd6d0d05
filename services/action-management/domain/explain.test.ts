import { expect, test } from 'vitest';
import { HOUR } from '../../platform/time/clock.ts';
import type { CompiledRule } from './compile.ts';
import { because, type Evaluation, explain } from './evaluate.ts';
import { assessed, play, ruleSetOf, ruleText, type Said, START } from './test-story.ts';

/** The last judgement of the complaints by a rule with this condition. */
function judgement(when: string, complaints: readonly Partial<Said>[]): [CompiledRule, Evaluation] {
  const windows =
    '{complaints_14d: {of: complaint.received, fn: count, over: 14d}, mood: {of: complaint.received, fn: avg, field: sentiment, over: 30d}}';
  const rule = ruleText('example', `  listen: [complaint.received]\n  windows: ${windows}\n  when: ${when}`);
  const judged: [CompiledRule, Evaluation][] = [];
  play(
    ruleSetOf(rule),
    complaints.map((said, n) =>
      assessed({ id: `k${n}`, type: 'complaint.received', at: START + n * HOUR, ...said }),
    ),
    { onEvaluation: (compiled, evaluation) => judged.push([compiled, evaluation]) },
  );
  const last = judged.at(-1);
  if (last === undefined) throw new Error('nothing was judged');
  return last;
}

test('an explanation has every condition with its value, in the order of the author', () => {
  const [rule, evaluation] = judgement(
    '{all: [{complaints_14d: {gte: 2}}, {any: [{mood: {lt: -0.3}}, {profile.churn_risk: {gte: 0.7}}]}, {profile.active: {eq: true}}]}',
    [{}, { profile: { churnRisk: 0.4 } }],
  );
  expect(evaluation.result).toBe('unknown');
  expect(explain(rule, evaluation)).toMatchObject({
    truth: 'unknown',
    words: 'all of',
    at: { line: 7 },
    parts: [
      {
        truth: 'true',
        name: 'complaints_14d',
        value: 2,
        words: 'complaints in the last 14 days: 2 (at least 2)',
      },
      {
        truth: 'unknown',
        words: 'any of',
        parts: [
          {
            truth: 'unknown',
            name: 'mood',
            words: 'average sentiment of complaints in the last 30 days: not known (below −0.3)',
          },
          {
            truth: 'false',
            name: 'profile.churn_risk',
            value: 0.4,
            words: 'churn risk: 40 % (at least 70 %)',
          },
        ],
      },
      { truth: 'unknown', name: 'profile.active' },
    ],
  });
});

test.each([
  [
    '{event.intents: {any_of: [leave]}}',
    'what the text shows: had to tell it again (at least one of wants to leave)',
  ],
  ['{event.channel: {eq: phone}}', 'channel: email (is phone)'],
  ['{profile.region: {exists: true}}', "customer's region: not known (known)"],
])('%s, which is not so, is told with what it wants', (when, words) => {
  const [rule, evaluation] = judgement(when, [{ intents: ['repeat_story'] }]);
  expect(explain(rule, evaluation)).toMatchObject({ truth: 'false', words });
});

test.each([
  ['{any: [{event.channel: {eq: email}}, {event.channel: {eq: phone}}]}', ['channel: email']],
  ['{not: {event.channel: {eq: phone}}}', ['channel: email (not phone)']],
  [
    '{not: {any: [{complaints_14d: {gte: 3}}, {event.channel: {eq: phone}}]}}',
    ['complaints in the last 14 days: 1 (below 3)', 'channel: email (not phone)'],
  ],
  [
    '{any: [{all: [{event.channel: {eq: email}}, {complaints_14d: {gte: 9}}]}, {complaints_14d: {gte: 1}}]}',
    ['complaints in the last 14 days: 1 (at least 1)'],
  ],
  ['{profile.region: {exists: false}}', ["customer's region: not known"]],
  ['{profile.usage_trend: {lte: -0.3}}', ['usage in 30 days: −45 % (at most −30 %)']],
  ['{event.text: {contains: router}}', ['text contains router']],
  ['{event.intents: {any_of: [repeat_story]}}', ['what the text shows: had to tell it again']],
])('of %s only what decided is told', (when, words) => {
  const said = {
    intents: ['repeat_story'] as const,
    profile: { usageTrend: -0.45 },
    signal: { text: 'My Router' },
  };
  const [rule, evaluation] = judgement(when, [said]);
  expect(evaluation.result).toBe('match');
  expect(because(rule, evaluation)).toEqual(words);
});
