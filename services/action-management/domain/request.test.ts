import { expect, test } from 'vitest';
import { stageFor } from './request.ts';
import { ruleSetOf, ruleText } from './test-story.ts';

const [rule] = ruleSetOf(
  ruleText(
    'canary-rule',
    '  listen: [complaint.received]\n  when: {event.channel: {exists: true}}',
    'canary',
  ),
).rules;
if (rule === undefined) throw new Error('there is one rule');

const customers = Array.from({ length: 10_000 }, (_, n) => `C-${100_000 + n}`);
const share = (percent: number) =>
  customers.filter((customer) => stageFor({ ...rule, canaryPercent: percent }, customer) === 'canary');

test.each([1, 10, 50, 99])('a canary of %i %% is live for about so many customers', (percent) => {
  expect(share(percent).length / 100).toBeGreaterThan(percent - 1.5);
  expect(share(percent).length / 100).toBeLessThan(percent + 1.5);
});

test('a canary that grows keeps the customers it had', () => {
  const grown = new Set(share(25));
  expect(share(10).filter((customer) => !grown.has(customer))).toEqual([]);
});
