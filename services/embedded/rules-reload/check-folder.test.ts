import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SHIPPED_RULES } from '../rules-folder.ts';
import { checkFolder } from './check-folder.ts';

let rules: string;
beforeEach(() => {
  rules = mkdtempSync(join(tmpdir(), 'tocsin-rules-'));
  cpSync(SHIPPED_RULES, rules, { recursive: true });
});
afterEach(() => rmSync(rules, { recursive: true }));

function edit(name: string, change: (text: string) => string): void {
  const text = readFileSync(join(rules, name), 'utf8');
  const changed = change(text);
  if (changed === text) throw new Error(`nothing to change in ${name}`);
  writeFileSync(join(rules, name), changed);
}

test('hours and people of their own refuse nobody the shipped rules', async () => {
  edit('calendars.yaml', (text) =>
    text
      .replaceAll('09:00-18:00', '07:30-16:00')
      .replaceAll('Europe/Berlin', 'America/New_York')
      .replace(/ *holidays:[\s\S]*?\n\n/, '\n'),
  );
  edit('teams.yaml', (text) => text.replaceAll(/\bana\b/g, 'zoe').replaceAll(/\bben\b/g, 'yan'));
  expect((await checkFolder(rules)).problems).toEqual([]);
});

test('control: a shipped rule that is edited fails its test', async () => {
  edit('order-delayed.rule.yaml', (text) => text.replace(/contact_by: \w+/, 'contact_by: 3bd'));
  expect((await checkFolder(rules)).problems).toEqual([
    expect.stringMatching(/order-delayed\.test\.yaml:\d+:1: the test ".*" fails at .*contact_by/),
  ]);
});
