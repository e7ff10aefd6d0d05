import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DAY, HOUR } from '../../platform/time/clock.ts';
import type { CompiledRule } from './compile.ts';
import { type Evaluation, explain } from './evaluate.ts';
import type { Value } from './language/fields.ts';
import { assessed, play, ruleSetOf, ruleText, type Said, START } from './test-story.ts';

/** The value that a window has when the last of the signals is judged. */
function windowValue(window: string, signals: readonly Partial<Said>[]): Value | undefined {
  const rule = ruleText(
    'example',
    `  listen: [complaint.received, call_note.received]\n  windows: {w: ${window}}\n  when: {w: {exists: true}}`,
  );
  let last: [CompiledRule, Evaluation] | undefined;
  const assessments = signals.map((said, index) =>
    assessed({ id: `s${index}`, type: 'complaint.received', at: START, ...said }),
  );
  play(ruleSetOf(rule), assessments, { onEvaluation: (rule, evaluation) => (last = [rule, evaluation]) });
  return last === undefined ? undefined : explain(...last).value;
}

const day = (n: number, more: Partial<Said> = {}): Partial<Said> => ({ at: START + n * DAY, ...more });
const SENTIMENTS = [day(0, { sentiment: -0.2 }), day(1, { sentiment: -0.6 }), day(2, { sentiment: -0.4 })];

test.each<[string, readonly Partial<Said>[], Value | undefined]>([
  ['{of: complaint.received, fn: count, over: 14d}', [day(0), day(1), day(2)], 3],
  ['{of: complaint.received, fn: count, over: 14d}', [day(0), day(20)], 1],
  ['{of: call_note.received, fn: count, over: 14d}', [day(0)], 0],
  ['{of: complaint.received, fn: avg, field: sentiment, over: 30d}', SENTIMENTS, -0.4],
  ['{of: complaint.received, fn: min, field: sentiment, over: 30d}', SENTIMENTS, -0.6],
  ['{of: complaint.received, fn: max, field: sentiment, over: 30d}', SENTIMENTS, -0.2],
  ['{of: complaint.received, fn: last, field: sentiment, over: 30d}', SENTIMENTS, -0.4],
  [
    '{of: complaint.received, fn: sum, field: amount, over: 30d}',
    [day(0, { signal: { amount: 2 } }), day(1, { signal: { amount: 3 } })],
    5,
  ],
  [
    '{of: complaint.received, fn: distinct, field: product, over: 30d}',
    [
      day(0, { signal: { product: 'a' } }),
      day(1, { signal: { product: 'b' } }),
      day(2, { signal: { product: 'a' } }),
    ],
    2,
  ],
  [
    '{of: complaint.received, fn: trend, field: sentiment, over: 30d}',
    [day(0, { sentiment: 0.5 }), day(1, { sentiment: 0.25 }), day(2, { sentiment: 0 })],
    -0.25,
  ],
  [
    '{of: complaint.received, fn: trend, field: sentiment, over: 30d, unit: per_week}',
    [day(0, { sentiment: 0.2 }), day(1, { sentiment: 0.1 })],
    -0.7,
  ],
  ['{of: complaint.received, fn: count, over: 14d, where: {sentiment: {lt: -0.3}}}', SENTIMENTS, 2],
  [
    '{of: complaint.received, fn: count, over: 14d, where: {intents: {any_of: [leave]}}}',
    [day(0, { intents: ['leave'] }), day(1)],
    1,
  ],
  [
    '{of: [complaint.received, call_note.received], fn: count, over: 14d, where: {type: {eq: call_note.received}}}',
    [day(0), day(1, { type: 'call_note.received' })],
    1,
  ],
])('%s', (window, signals, expected) => {
  const value = windowValue(window, signals);
  if (typeof expected === 'number') expect(value).toBeCloseTo(expected, 10);
  else expect(value).toBe(expected);
});

test.each([
  ['avg of nothing', '{of: complaint.received, fn: avg, field: sentiment, over: 30d}', [day(0)]],
  ['sum of nothing', '{of: complaint.received, fn: sum, field: amount, over: 30d}', [day(0)]],
  [
    'fewer than min_samples',
    '{of: complaint.received, fn: avg, field: sentiment, over: 30d, min_samples: 4}',
    SENTIMENTS,
  ],
  [
    'a trend of one value',
    '{of: complaint.received, fn: trend, field: sentiment, over: 30d}',
    SENTIMENTS.slice(0, 1),
  ],
  [
    'a trend within one instant',
    '{of: complaint.received, fn: trend, field: sentiment, over: 30d}',
    [day(0, { sentiment: 1 }), day(0, { sentiment: 0 })],
  ],
])('%s is unknown', (_, window, signals) => {
  expect(windowValue(window, signals)).toBeUndefined();
});

test('a window is open at its old end: a signal exactly `over` ago is outside', () => {
  const window = '{of: complaint.received, fn: count, over: 14d}';
  expect(windowValue(window, [day(0), day(14)])).toBe(1);
  expect(windowValue(window, [day(0), { at: START + 14 * DAY - 1 }])).toBe(2);
});

test('a source whose clock runs ahead does not empty the window', () => {
  const ahead = { at: START, signal: { occurredAt: START + 20 * HOUR, receivedAt: START } };
  expect(windowValue('{of: complaint.received, fn: count, over: 1h}', [{ at: START - 1 }, ahead])).toBe(2);
});

const USUAL =
  '{of: complaint.received, fn: count, over: 4h, baseline: {lookback: 2d, step: 4h, take: max, warmup: 1d}}';

test('a usual value is that of the same window in the past, and unknown while too little is known', () => {
  const hours = fc.array(fc.integer({ min: 0, max: 72 }), { minLength: 1, maxLength: 25 });
  fc.assert(
    fc.property(hours, (unsorted) => {
      const said = [...unsorted].sort((a, b) => a - b);
      const [first = 0, last = 0] = [said[0], said.at(-1)];
      const windows = Array.from({ length: 12 }, (_, back) => last - 4 * (back + 1)).map(
        (end) => said.filter((hour) => hour > end - 4 && hour <= end).length,
      );
      const expected = last - first >= 24 ? Math.max(...windows) : undefined;
      expect(
        windowValue(
          USUAL,
          said.map((hour) => ({ at: START + hour * HOUR })),
        ),
      ).toBe(expected);
    }),
  );
});

test('a ratio tells how many times the usual it is, in words too', () => {
  const rule = ruleText(
    'example',
    `  listen: [complaint.received]
  windows:
    now: {of: complaint.received, fn: count, over: 1h}
    usual: {of: complaint.received, fn: count, over: 1h, baseline: {lookback: 1d, step: 1h, floor: 0.5}}
  when: {ratio: {of: now, to: usual, gte: 4}}`,
  );
  const burst = [0, 24, 24.2, 24.4].map((hours, index) =>
    assessed({ id: `s${index}`, type: 'complaint.received', at: START + hours * HOUR }),
  );
  expect(play(ruleSetOf(rule), burst).requests.map(({ because }) => because)).toEqual([
    ['complaints in the last 1 hour against usual complaints in 1 hour: 4 × (at least 4 ×)'],
    ['complaints in the last 1 hour against usual complaints in 1 hour: 6 × (at least 4 ×)'],
  ]);
});
