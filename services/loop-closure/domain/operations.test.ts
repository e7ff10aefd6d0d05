import { expect, test } from 'vitest';
import { at } from './example.ts';
import { needsAttention, type SystemStanding } from './operations.ts';

const NOW = at('10:00');
const WELL: SystemStanding = {
  version: '1',
  stages: [{ name: 'scoring', reads: ['signals'], handled: 9, skipped: 0, setAside: 0, waiting: 0 }],
  timers: {
    pending: 1,
    overdue: 0,
    earliest: [{ process: 'alerting', key: 'k', name: 'n', dueAt: at('10:30') }],
  },
  queues: [{ name: 'notifications-slack', waiting: 0 }],
  letters: { counts: { parked: 0, retrying: 0, retried: 3, dropped: 2 }, waiting: [], settled: [] },
};
const troubles = (different: Partial<SystemStanding>) =>
  needsAttention({ ...WELL, ...different }, NOW).map(({ trouble, what }) => `${trouble}: ${what}`);
const [STAGE] = WELL.stages;
const RULES = { hash: 'h', folder: 'rules', rules: [], quarantined: [] };

test('nothing needs attention when all is well, and letters that are settled do not', () => {
  expect(troubles({})).toEqual([]);
  expect(
    troubles({ rules: { ...RULES, lastReload: { at: NOW, outcome: 'unchanged', problems: [] } } }),
  ).toEqual([]);
});

test('a process that cannot work comes first', () => {
  expect(
    troubles({
      notReady: 'no pass for 20 s',
      letters: { ...WELL.letters, counts: { ...WELL.letters.counts, parked: 2 } },
    }),
  ).toEqual(['not_ready: no pass for 20 s', 'dead_letters: 2']);
});

test.each([
  ['09:59', []],
  ['09:58', ['timers_late: 1']],
])('a timer that was due at %s is late after a minute', (due, expected) => {
  const timer = { process: 'alerting', key: 'k', name: 'n', dueAt: at(due) };
  expect(troubles({ timers: { pending: 1, overdue: 1, earliest: [timer] } })).toEqual(expected);
});

test.each([
  ['09:55', []],
  ['09:54', ['stage_behind: scoring', 'outbox_stuck: notifications-slack']],
])('what waits since %s, in a stage or to be sent, waits too long after five minutes', (since, expected) => {
  expect(
    troubles({
      stages: STAGE === undefined ? [] : [{ ...STAGE, waiting: 1, waitingSince: at(since) }],
      queues: [{ name: 'notifications-slack', waiting: 1, oldestSince: at(since) }],
    }),
  ).toEqual(expected);
});

test('a message that is wanted later is not stuck', () => {
  expect(
    troubles({ queues: [{ name: 'notifications-email', waiting: 1, oldestSince: at('18:00') }] }),
  ).toEqual([]);
});

test('rules that were refused, and each rule in quarantine, need attention', () => {
  const rules = {
    ...RULES,
    quarantined: [{ rule: 'order-delayed', errors: 20, error: 'no' }],
    lastReload: { at: NOW, outcome: 'refused', problems: ['x'] },
  } as const;
  expect(troubles({ rules })).toEqual(['rules_refused: rules', 'rule_quarantined: order-delayed']);
});
