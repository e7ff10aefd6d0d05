import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DAY } from '../../platform/time/clock.ts';
import { type RulesFolder, readRulesFolder, SHIPPED_RULES } from '../rules-folder.ts';
import { diffRules } from './diff.ts';
import { diffWords } from './diff-words.ts';
import { historyOf } from './history.ts';

const START = Date.parse('2026-09-07T09:00:00Z');

let folder: string;
let before: RulesFolder;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-diff-'));
  before = await readRulesFolder(SHIPPED_RULES);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The shipped rules with one file edited. */
async function edited(name: string, edit: (text: string) => string): Promise<RulesFolder> {
  const copy = mkdtempSync(join(folder, 'set-'));
  cpSync(SHIPPED_RULES, copy, { recursive: true });
  const path = join(copy, name);
  const text = readFileSync(path, 'utf8');
  expect(edit(text)).not.toBe(text);
  writeFileSync(path, edit(text));
  return readRulesFolder(copy);
}

const delayed = (customer: string, daysLate: number) => ({
  at: START,
  fact: {
    topic: 'crm-records' as const,
    key: customer,
    value: {
      id: `o-${customer}`,
      customerId: customer,
      occurredAt: START,
      event: 'order_delayed' as const,
      daysLate,
      attributes: { valueTier: 'gold' },
    },
  },
});
const history = historyOf('three late orders', [delayed('c2', 2), delayed('c4', 4), delayed('c8', 8)]);
const RULE = 'order-delayed.rule.yaml';

test('a lost alert is told with the condition that does not hold any more', async () => {
  const after = await edited(RULE, (text) =>
    text.replace('event.days_late: {gte: 3}', 'event.days_late: {gte: 5}'),
  );
  const diff = await diffRules(history, before, after);
  expect(diff.changes.map(({ kind, rule, subject }) => [kind, rule, subject])).toEqual([
    ['lost', 'order-delayed', 'c4'],
  ]);
  expect(diff.changes[0]?.why.join('\n')).toContain('✗ days late: 4 (at least 5)');
  expect(diffWords(diff)).toContain('order-delayed       2      1');
});

test('a gained alert is told with the condition that used not to hold', async () => {
  const after = await edited(RULE, (text) =>
    text.replace('event.days_late: {gte: 3}', 'event.days_late: {gte: 2}'),
  );
  const diff = await diffRules(history, before, after);
  expect(diff.changes.map(({ kind, subject }) => [kind, subject])).toEqual([['gained', 'c2']]);
  expect(diff.changes[0]?.why.join('\n')).toContain('✗ days late: 2 (at least 3)');
});

test('another severity is a change, and a rule that is not judged any more says so', async () => {
  const milder = await edited(RULE, (text) => text.replace('{set: P2, if', '{set: P4, if'));
  const changes = (await diffRules(history, before, milder)).changes;
  expect(changes.map(({ kind, why }) => [kind, ...why])).toEqual([
    ['changed', 'severity: P2 becomes P4'],
    ['changed', 'severity: P2 becomes P4'],
  ]);
  const retired = await edited(RULE, (text) => text.replace('stage: live', 'stage: retired'));
  const [lost] = (await diffRules(history, before, retired)).changes;
  expect(lost?.why).toEqual([`in set ${retired.ruleSet.hash} the rule is in stage retired`]);
});

test('the same rules change nothing', async () => {
  const diff = await diffRules(history, before, before, { handledAfterMs: DAY });
  expect(diff.changes).toEqual([]);
  expect(diffWords(diff)).toMatch(/no alert changes/);
});
