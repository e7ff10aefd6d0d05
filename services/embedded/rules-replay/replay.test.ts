import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withoutRules } from '../../action-management/domain/compile.ts';
import { parseMapping } from '../../ingestion/import/mapping-file.ts';
import { DAY, HOUR } from '../../platform/time/clock.ts';
import { playDemo } from '../demo/demo.ts';
import { type RulesFolder, readRulesFolder, SHIPPED_RULES } from '../rules-folder.ts';
import { asItWas } from './as-it-was.ts';
import { readCsvHistory } from './csv-history.ts';
import { type HistoryRecord, HistoryUnusable, historyOf } from './history.ts';
import { replay } from './replay.ts';
import { openStoredHistory } from './stored-history.sqlite.ts';

const START = Date.parse('2026-09-07T00:00:00+02:00');

let folder: string;
let rules: RulesFolder;

/** Three weeks of the made-up company, with people who acknowledge, call and close. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-replay-'));
  rules = await readRulesFolder(SHIPPED_RULES);
  await playDemo({
    data: join(folder, 'data'),
    port: 0,
    portChosen: true,
    env: {},
    exit: true,
    seconds: 0,
    seed: 1,
    days: 60,
    customers: 80,
    start: START,
    out: () => undefined,
    colours: false,
  });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a replay of the stored history raises the alerts that were raised live, and holds back what was held back', async () => {
  const history = openStoredHistory(join(folder, 'data'), 'arrival');
  try {
    const live = new Map<string, unknown>();
    let held = 0;
    for await (const { value } of history.read('alerts')) {
      const { alert, type } = value;
      const { alertId, openedAt, severity, evidenceCount, outcome } = alert;
      if (type === 'held_back') held += 1;
      else live.set(alertId, { alertId, openedAt, severity, evidence: evidenceCount, outcome });
    }
    const replayed = await replay(history, rules);
    const alerts = replayed.alerts.map(({ alertId, openedAt, severity, evidence, outcome }) => [
      alertId,
      { alertId, openedAt, severity, evidence, outcome },
    ]);
    expect(live.size).toBeGreaterThan(20);
    expect(Object.fromEntries(alerts)).toEqual(Object.fromEntries(live));
    expect(replayed.held).toHaveLength(held);
    expect(replayed.troubles).toEqual([]);
    const same = { alertsThen: live.size, alertsThatDiffer: 0, heldThen: held, heldReplayed: held };
    expect(await asItWas(history, replayed)).toMatchObject(same);
    const others = await replay(history, without(rules, 'complaint-without-contact'));
    const { alertsThatDiffer, differences } = await asItWas(history, others);
    expect(alertsThatDiffer).toBeGreaterThan(0);
    expect(differences[0]).toMatch(
      /^complaint-without-contact:.* P\d with \d+ signals?, replayed not raised$/,
    );
  } finally {
    history.close();
  }
});

const without = (all: RulesFolder, rule: string): RulesFolder => ({
  ...all,
  ruleSet: withoutRules(all.ruleSet, new Set([rule])),
});

test('what was before the period still counts, but is not reported', async () => {
  const history = openStoredHistory(join(folder, 'data'), 'arrival');
  try {
    const all = await replay(history, rules);
    const from = START + 40 * DAY;
    const late = await replay(history, rules, { from });
    expect(late.alerts).toEqual(all.alerts.filter(({ openedAt }) => openedAt >= from));
    expect(late.alerts.length).toBeLessThan(all.alerts.length);
  } finally {
    history.close();
  }
});

test('a folder without data is refused in words', () => {
  expect(() => openStoredHistory(join(folder, 'elsewhere'), 'arrival')).toThrow(HistoryUnusable);
});

const said = (n: number, hours: number): HistoryRecord => ({
  at: START + hours * HOUR,
  fact: {
    topic: 'complaints',
    key: 'c1',
    value: {
      id: `k${n}`,
      customerId: 'c1',
      occurredAt: START + hours * HOUR,
      text: 'I will cancel my contract.',
    },
  },
});

test('without anybody who closes alerts every match joins the first; assumed to be closed, each is its own', async () => {
  const history = historyOf('made up', [said(3, 24 * 60), said(1, 1), said(2, 24 * 30)]);
  const joined = await replay(history, rules);
  expect(joined.alerts.map(({ rule, evidence }) => [rule, evidence])).toContainEqual([
    'cancel-intent-in-writing',
    3,
  ]);
  const handled = await replay(history, rules, { handledAfterMs: 2 * DAY });
  const cancels = handled.alerts.filter(({ rule }) => rule === 'cancel-intent-in-writing');
  expect(cancels.map(({ openedAt }) => openedAt)).toEqual(
    [1, 720, 1440].map((hours) => START + hours * HOUR),
  );
  expect(cancels.every(({ outcome }) => outcome === undefined)).toBe(true);
});

test('a file is replayed by the time at which its rows happened, and bad rows are counted', async () => {
  const file = join(folder, 'complaints.csv');
  writeFileSync(
    file,
    'nr,who,when,what\n2,c9,2026-03-02T09:00:00Z,I will cancel my contract\n1,c9,2026-03-01T09:00:00Z,hello\n3,,never,x\n',
  );
  const mapping = parseMapping(
    'm.yaml',
    `source: complaints
record:
  id: nr
  customer_id: who
  occurred_at: {column: when, date: {formats: [rfc3339]}}
  text: what
`,
  );
  if (!mapping.ok) throw new Error(mapping.problems.map(({ message }) => message).join('\n'));
  const history = await readCsvHistory(file, 'complaints', mapping.value, START);
  const replayed = await replay(history, rules);
  expect(history.summary).toMatchObject({ rows: 3, accepted: 2, rejected: 1 });
  const cancels = replayed.alerts.filter(({ rule }) => rule === 'cancel-intent-in-writing');
  expect(cancels.map(({ openedAt }) => new Date(openedAt).toISOString())).toEqual([
    '2026-03-02T09:00:00.000Z',
  ]);
});

test('a long history is replayed at thousands of signals a second', async () => {
  const history = openStoredHistory(join(folder, 'data'), 'arrival');
  const stored: HistoryRecord[] = [];
  for await (const records of history.records()) stored.push(...records);
  history.close();
  const copies = Math.ceil(20_000 / stored.length);
  const many = Array.from({ length: copies }, (_, n) =>
    stored.flatMap((record) => asAnother(record, n)),
  ).flat();
  const { signals, seconds, alerts } = await replay(historyOf('copies', many), rules);
  expect(alerts.length).toBeGreaterThan(100);
  // The machine that builds may be slow and busy; a third of the promise still shows a lost order of magnitude.
  expect(signals / seconds).toBeGreaterThan(3_000);
});

/** The same life under another name. */
function asAnother({ at, fact }: HistoryRecord, n: number): HistoryRecord[] {
  if (fact.topic !== 'signals') return [];
  const customerId = `${fact.value.customerId}-${n}`;
  const value = { ...fact.value, id: `${fact.value.id}-${n}`, customerId };
  return [{ at, fact: { topic: 'signals', key: customerId, value } }];
}
