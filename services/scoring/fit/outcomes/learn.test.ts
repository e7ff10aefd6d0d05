import { expect, test } from 'vitest';
import type { Alert } from '../../../contracts/alert.ts';
import type { Signal } from '../../../contracts/signal.ts';
import { DAY } from '../../../platform/time/clock.ts';
import { compileRiskModel } from '../../domain/risk-model.ts';
import { customerOf } from '../../quality/evaluate-risk.ts';
import { judgeRisk } from '../../quality/risk-figures.ts';
import { seeded } from '../risk/random.ts';
import { changedLines, customersByLine, editModel } from './edit-model.ts';
import { learnFromOutcomes, verdictOf } from './learn.ts';
import { type Snapshot, snapshotsOf } from './snapshots.ts';

const TEXT = `apiVersion: tocsin/v1
kind: RiskModel
version: hand-1
intercept: -1.5 # one in five
features:
  - feature: plan
    read: {word: plan}
    bins:
      - {is: [a], weight: 1.2, words: "plan {value}"} # the old plan
      - {weight: 0}
  - feature: late
    read: {word: late}
    bins:
      - {is: [yes], weight: 0.2}
      - {weight: 0}
`;
const compiled = compileRiskModel('m.yaml', TEXT);
if (!compiled.ok) throw new Error('the model of the test is broken');
const model = compiled.value;

/** Late customers leave far more often than the model thinks; half of those who are spoken to stay after all. */
function customers(spokenTo: (planA: boolean, chance: number) => boolean): Snapshot[] {
  const random = seeded(3);
  return Array.from({ length: 1500 }, () => {
    const [planA, late] = [random() < 0.4, random() < 0.3];
    const treated = spokenTo(planA, random());
    const risk = 1 / (1 + Math.exp(-(-2 + (planA ? 1.2 : 0) + (late ? 2 : 0) - (treated ? 1.5 : 0))));
    const seen = customerOf(['plan', 'late'], [planA ? 'a' : 'b', late ? 'yes' : 'no'], 0);
    return { seen, treated, left: random() < risk };
  });
}
const learn = (rows: readonly Snapshot[], closedLoops = 200) =>
  learnFromOutcomes({ rows, closedLoops, leftOut: 0 }, model, 1);

test('what was underrated goes up, and that alerted customers were kept does not make alarming signs harmless', () => {
  const learnt = learn(customers((planA, chance) => planA && chance < 0.75));
  if (!learnt.ok) throw new Error(learnt.problem);
  const { moves, oddsWhenSpokenTo, before, after } = learnt.value;
  expect((moves[1]?.[1] ?? 0) - (moves[1]?.[2] ?? 0)).toBeGreaterThan(1.2);
  expect(Math.abs((moves[0]?.[1] ?? 0) - (moves[0]?.[2] ?? 0))).toBeLessThan(0.4);
  expect(oddsWhenSpokenTo).toBeLessThan(0.5);
  expect(after.brier).toBeLessThan(before.brier - 0.01);
});

test('without the guards plan A would look harmless: the same customers, taken for left alone', () => {
  const naive = customers((planA, chance) => planA && chance < 0.75).map((row) => ({
    ...row,
    treated: false,
  }));
  // One alert in a hundred, so that there is a treated share at all.
  const learnt = learn(naive.map((row, index) => ({ ...row, treated: index % 100 === 0 })));
  if (!learnt.ok) throw new Error(learnt.problem);
  const [planA] = learnt.value.moves;
  expect((planA?.[1] ?? 0) - (planA?.[2] ?? 0)).toBeLessThan(-0.5);
});

test('each move says who stands behind it: everybody is at one place of each feature', () => {
  const rows = customers((_, chance) => chance < 0.5);
  const learnt = learn(rows);
  if (!learnt.ok) throw new Error(learnt.problem);
  const late = rows.filter(({ seen }) => model.places(seen)[1] === 0);
  expect(learnt.value.behind[1]?.get(1)).toEqual({
    customers: late.length,
    left: late.filter(({ left }) => left).length,
  });
  for (const places of learnt.value.behind)
    expect([...places.values()].reduce((sum, each) => sum + each.customers, 0)).toBe(1500);
});

test.each<[string, Snapshot[], number, string]>([
  [
    'few closed loops',
    customers((_, chance) => chance < 0.5),
    49,
    '49 closed loops with an outcome; at least 50',
  ],
  [
    'few who left',
    customers((_, chance) => chance < 0.5).map((row, index) => ({ ...row, left: index < 20 })),
    200,
    '20 customers are known to have left; at least 30',
  ],
  [
    'nobody left alone',
    customers(() => true),
    200,
    'only 0 customers as risky as those spoken to were left alone',
  ],
])('%s: nothing is proposed, and the reason is said', (_, rows, loops, problem) => {
  const refused = learn(rows, loops);
  expect(refused.ok ? '' : refused.problem).toContain(problem);
});

test('an edited model differs in the weights that moved and in its version, and can be read', () => {
  const moves = [Float64Array.of(0, 0.5, 0.01), Float64Array.of(0, 0, -0.3)];
  const edited = editModel(TEXT, { intercept: 0.1, moves });
  expect(compileRiskModel('m.yaml', edited).ok).toBe(true);
  const behind = customersByLine(TEXT, {
    customers: 300,
    outcomes: 80,
    behind: [new Map([[1, { customers: 120, left: 50 }]]), new Map([[1, { customers: 70, left: 30 }]])],
  });
  expect(changedLines(TEXT, edited, behind).replace(/outcomes-\w{8}/, 'outcomes-x')).toBe(`@@ line 3 @@
-version: hand-1
+version: outcomes-x
@@ line 4: 300 customers, 80 of whom left @@
-intercept: -1.5 # one in five
+intercept: -1.4 # one in five
@@ line 9: 120 customers, 50 of whom left @@
-      - {is: [a], weight: 1.2, words: "plan {value}"} # the old plan
+      - {is: [a], weight: 1.7, words: "plan {value}"} # the old plan
@@ line 15 @@
-      - {weight: 0}
+      - {weight: -0.3}`);
  expect(editModel(TEXT, { intercept: 0.01, moves: [] })).toBe(TEXT);
});

test('what a model says of its fit is marked as of the model before', () => {
  const fit = `fit:
  label: left=yes
  rows: 300
  outcomes: 60
  seed: 1
  held_out: {folds: 5, auc: 0.7, auc_95: [0.6, 0.8], lift_top10: 2, brier: 0.1, brier_if_recalibrated: 0.1}
  left_out: []
  score_bands: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
`;
  const fitted = TEXT.replace('intercept:', `${fit}intercept:`);
  const before = compileRiskModel('m.yaml', fitted);
  expect(before.ok && before.value.fit?.rows).toBe(300);
  const edited = editModel(fitted, { intercept: 0.1, moves: [] });
  const after = compileRiskModel('m.yaml', edited);
  expect(after.ok && after.value.fit).toBe(undefined);
  expect(edited).toContain('# Of the model before: fit:\n#   label: left=yes\n');
  expect(edited).toContain('\nintercept: -1.4');
  expect(edited.split('\n')).toHaveLength(fitted.split('\n').length);
});

const signal = (customerId: string, day: number, more: Partial<Signal> = {}): Signal => ({
  id: `complaints/${customerId}-${day}`,
  type: 'complaint.received',
  customerId,
  quarantined: false,
  occurredAt: day * DAY,
  receivedAt: day * DAY,
  source: 'complaints',
  channel: 'email',
  ...more,
});
const inactive = (customerId: string, day: number): Signal =>
  signal(customerId, day, { type: 'profile.updated', source: 'crm-records', attributes: { active: false } });

test('a snapshot knows nothing of later, and who left is who left within the horizon', () => {
  const alert = (outcome: string | undefined, reached: boolean) =>
    // A snapshot looks at these of an alert.
    ({ openedAt: 10 * DAY, outcome, contact: { reached } }) as unknown as Alert;
  const signals = [
    ...['kept', 'lost', 'quiet', 'gone', 'early'].map((customer) => signal(customer, 5)),
    signal('kept', 12),
    inactive('early', 6),
    inactive('gone', 80),
    signal('quiet', 100),
  ].toSorted((a, b) => a.receivedAt - b.receivedAt);
  const alerts = new Map([
    ['kept', alert('saved', true)],
    ['lost', alert('churned', true)],
  ]);
  const { rows, closedLoops, leftOut } = snapshotsOf(signals, alerts, 60, () => undefined);
  expect(closedLoops).toBe(2);
  expect(leftOut).toBe(1);
  expect(rows.map(({ treated, left }) => [treated, left])).toEqual([
    [true, false],
    [true, true],
    [false, false],
    [false, true],
  ]);
  expect(rows[0]?.seen.at).toBe(5 * DAY);
});

test('who left counts as having left on that day, though the record of it was imported much later', () => {
  const signals = [
    signal('gone', 5),
    { ...inactive('gone', 50), receivedAt: 200 * DAY },
    signal('quiet', 100),
  ];
  const { rows } = snapshotsOf(signals, new Map(), 160, () => undefined);
  expect(rows.map(({ left }) => left)).toEqual([true]);
});

test('a handle that no customer record claims is no customer who stayed', () => {
  const signals = [signal('known', 5), signal('x:@someone', 5, { quarantined: true }), signal('known', 100)];
  expect(snapshotsOf(signals, new Map(), 60, () => undefined).rows).toHaveLength(1);
});

test('a model whose chances come closer but which ranks customers worse is not better', () => {
  const judge = (...chances: number[]) => judgeRisk(Float64Array.from(chances), Uint8Array.of(0, 0, 0, 1));
  const before = judge(0.7, 0.8, 0.9, 0.95);
  expect(verdictOf({ before, after: judge(0.2, 0.2, 0.3, 0.25) })).toBe('ranks_worse');
  expect(verdictOf({ before, after: judge(0.1, 0.1, 0.1, 0.9) })).toBe('better');
  expect(verdictOf({ before, after: judge(0.9, 0.9, 0.9, 0.95) })).toBe('not_better');
});
