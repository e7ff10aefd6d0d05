import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CRASH_POINTS, type CrashPoint } from '../../services/platform/process/crash-point.ts';
import { FAST_RULES } from './support/fast-rules.ts';
import { type Played, play } from './support/play.ts';
import { writeRulesFolder } from './support/rules-folder.ts';

/**
 * The same thousand records and twenty-one orders, with a process that is killed and started again, and once
 * without a kill. What people see afterwards is the same; only messages whose answer was lost may be there twice.
 */
const rules = writeRulesFolder(FAST_RULES);
const scene = { rules, now: Date.now() };
let undisturbed: Played;

beforeAll(async () => {
  undisturbed = await play(scene, 'count');
}, 90_000);
afterAll(() => rmSync(rules, { recursive: true, force: true }));

test('the undisturbed run passes every crash point, and balances', () => {
  expect(Object.keys(undisturbed.passes).toSorted()).toEqual(Object.keys(CRASH_POINTS).toSorted());
  expect(undisturbed.faults).toEqual([]);
  expect(undisturbed.uncertain).toBe(0);
  expect(repeatsIn(undisturbed.messages)).toEqual([]);
});

test('the undisturbed run has alerts of each kind: overdue, acknowledged, closed, joined, in shadow', () => {
  const kinds = Map.groupBy(Object.values(undisturbed.print.alerts), (alert) => kindOf(alert));
  expect(Object.fromEntries([...kinds].map(([kind, of]) => [kind, of.length]))).toEqual({
    'gold-complains-again open: ack_by missed, contact_by missed, close_by missed': 13,
    'silver-complains-again acknowledged: ack_by met, contact_by, close_by': 8,
    'silver-complains-again closed: ack_by met, contact_by met, close_by met': 4,
    'silver-posts open: ack_by, close_by': 5,
    'silver-posts acknowledged: ack_by met, close_by': 1,
    'gold-calls open: ack_by missed, close_by missed': 10,
  });
});

const PASSES = ['first', 'middle', 'last'] as const;
// The crash point's name is one of the keys.
const KILLS = (Object.entries(CRASH_POINTS) as [CrashPoint, string][]).flatMap(([point, where]) =>
  // Rules are loaded once in the life of a process.
  (point === 'cp9' ? (['first'] as const) : PASSES).map((pass) => ({ point, where, pass })),
);

test.concurrent.for(KILLS)('killed at the $pass $point: $where', async ({ point, pass }, { expect }) => {
  const played = await play(scene, `${point}:kill@${placeOf(point, pass)}`);
  expect(played.kills).toBe(1);
  expectNothingLostOrDoubled(played);
  if (AFTER_SENDING.includes(point)) expect(played.uncertain).toBeGreaterThan(0);
});

test.concurrent.for(['cp3', 'cp6'] as const)(
  'killed at %s by four processes in a row, each at its second pass',
  async (point, { expect }) => {
    const played = await play(scene, `${point}:kill@2`, 4);
    expect(played.kills).toBe(4);
    expectNothingLostOrDoubled(played);
  },
);

function expectNothingLostOrDoubled({ faults, print, messages, uncertain }: Played): void {
  expect(faults).toEqual([]);
  expect(print).toEqual(undisturbed.print);
  expect([...new Set(messages)]).toEqual(undisturbed.messages);
  expect(repeatsIn(messages).length).toBeLessThanOrEqual(uncertain);
}

/** Where the process dies with a message in its hands. */
const AFTER_SENDING: readonly CrashPoint[] = ['cp5', 'cp6', 'cp7'];

/** The last pass cannot be told by number, since some depend on timing: it is the first of the last alert and order. */
function placeOf(point: CrashPoint, pass: (typeof PASSES)[number]): string {
  if (pass === 'first') return '1';
  return pass === 'last' ? 'signal' : String(Math.ceil((undisturbed.passes[point] ?? 0) / 2));
}

const repeatsIn = (messages: readonly string[]): readonly string[] =>
  messages.filter((message, index) => messages.indexOf(message) !== index);

function kindOf(alert: unknown): string {
  const { alertKey, status, deadlines } = alert as {
    readonly alertKey: string;
    readonly status: string;
    readonly deadlines: readonly string[];
  };
  return `${alertKey.split(':')[0]} ${status}: ${deadlines.join(', ')}`;
}
