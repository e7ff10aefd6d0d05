import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { keepRuleSets } from '../../action-management/adapters/kept-rule-sets.sqlite.ts';
import type { KeptRuleSet } from '../../action-management/ports.ts';
import { openStoredHistory, PULLED_FILE } from '../../embedded/rules-replay/stored-history.sqlite.ts';
import { NotForHistory, PulledFile } from './pulled-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-pulled-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

const record = (offset: number, at: number) => ({ offset, at, key: 'c', value: { id: `${at}` } });

/** Ids of a topic in the order in which a reader of the folder meets them. */
async function read(): Promise<readonly string[]> {
  const history = openStoredHistory(folder, 'arrival');
  try {
    const ids = [];
    for await (const { value } of history.read('signals')) ids.push((value as { id: string }).id);
    return ids;
  } finally {
    history.close();
  }
}

test('records of several partitions stand in the order of time; a second pull goes on behind them', async () => {
  const file = new PulledFile(folder);
  file.put('signals', 0, [record(0, 10), record(1, 30)], 2);
  file.put('signals', 1, [record(0, 20), record(1, 30)], 2);
  expect(file.arrange()).toBe(4);
  expect(file.startOf('signals', 1)).toBe(2);
  expect(file.startOf('signals', 2)).toBeUndefined();
  file.close();

  const again = new PulledFile(folder);
  again.put('signals', 1, [record(2, 40)], 3);
  expect(again.arrange()).toBe(1);
  expect(again.counts()).toEqual([{ topic: 'signals', records: 5 }]);
  again.close();
  expect(await read()).toEqual(['10', '20', '30', '30', '40']);
});

test('a pull that was interrupted before it was arranged loses nothing and repeats nothing', async () => {
  const killed = new PulledFile(folder);
  killed.put('signals', 0, [record(0, 10)], 1);
  killed.close();
  const next = new PulledFile(folder);
  expect(next.startOf('signals', 0)).toBe(1);
  next.put('signals', 1, [record(0, 5)], 1);
  expect(next.arrange()).toBe(2);
  next.close();
  expect(await read()).toEqual(['5', '10']);
});

test('the rules that were in force are those of the last pull', async () => {
  const file = new PulledFile(folder);
  // What stands in a set is its reader's affair.
  const [a, b] = ['a', 'b'].map((hash, since) => ({ hash, since, source: { files: [hash] } })) as unknown as [
    KeptRuleSet,
    KeptRuleSet,
  ];
  file.keepRules([a]);
  file.keepRules([a, b]);
  file.close();
  const db = new DatabaseSync(join(folder, PULLED_FILE), { readOnly: true });
  expect(await keepRuleSets(db).between(0, 9)).toEqual([a, b]);
  db.close();
});

test('the folder of an embedded Tocsin is refused, untouched', () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'tocsin.sqlite'), '');
  expect(() => new PulledFile(folder)).toThrow(NotForHistory);
});
