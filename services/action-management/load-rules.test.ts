import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { RuleSet } from './domain/compile.ts';
import { readRuleSet } from './domain/read-rule-set.ts';
import { assessed, NAMES, play, ruleSetOf, ruleText, START } from './domain/test-story.ts';
import { loadRuleSet } from './load-rules.ts';
import { RuleSetHolder } from './service.ts';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

const GOOD = ruleText('good', '  listen: [complaint.received]\n  when: {event.channel: {eq: email}}');

function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-rules-'));
  made.push(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

async function problemsOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<string[]> {
  const loaded = await loadRuleSet(folderWith(files), NAMES);
  return loaded.ok
    ? []
    : loaded.problems.map(({ file, line, message }) => `${file.split('/').pop()}:${line}: ${message}`);
}

test('a folder of rules becomes a set with a hash', async () => {
  const loaded = await loadRuleSet(folderWith({ 'good.rule.yaml': GOOD, 'teams.yaml': 'not: mine' }), NAMES);
  expect(loaded).toMatchObject({ ok: true, ruleSet: { hash: expect.stringMatching(/^[0-9a-f]{12}$/) } });
});

test('whoever works while a set is read gets a turn after each file', async () => {
  const count = 20;
  const files = Array.from({ length: count }, (_, n) => [
    `good-${n}.rule.yaml`,
    GOOD.replace('id: good', `id: good-${n}`),
  ]);
  let turns = 0;
  let isRead = false;
  const work = (): void => {
    turns += 1;
    if (!isRead) setImmediate(work);
  };
  setImmediate(work);
  const loaded = await loadRuleSet(folderWith(Object.fromEntries(files)), NAMES);
  isRead = true;
  expect(loaded.ok && loaded.ruleSet.rules).toHaveLength(count);
  expect(turns).toBeGreaterThanOrEqual(count);
});

test('files that are as they were are not parsed again, unless something else that they are read with has changed', async () => {
  const named = (id: string): string => GOOD.replace('id: good', `id: ${id}`);
  const folder = folderWith({ 'a.rule.yaml': named('a'), 'b.rule.yaml': named('b') });
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const load = async (names = NAMES, before?: RuleSet) => {
    const read = await loadRuleSet(folder, names, before);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    return read.ruleSet;
  };
  const first = await load();
  const kept = async (names = NAMES) => {
    const { rules } = await load(names, first);
    return rules.filter((rule) => first.rules.includes(rule)).map(({ id }) => id);
  };
  expect(await kept()).toEqual(['a', 'b']);
  expect(await kept({ ...NAMES, teams: [...NAMES.teams, 'new'] })).toEqual([]);
  write('a.rule.yaml', named('a').replace('eq: email', 'eq: phone'));
  expect(await kept()).toEqual(['b']);
  write('c.rule.yaml', named('c'));
  expect(await kept()).toEqual([]);
  rmSync(join(folder, 'c.rule.yaml'));
  write('_defaults.yaml', 'apiVersion: tocsin/v1\nkind: Defaults\nmax_event_age: 2d\n');
  expect(await kept()).toEqual([]);
});

test('ten thousand rules are refused in words, before any of them is read', () => {
  const files = Array.from({ length: 10_000 }, (_, n) => ({
    name: `r${n}.rule.yaml`,
    text: 'not even YAML: [',
  }));
  expect(readRuleSet(files, NAMES)).toMatchObject({
    ok: false,
    problems: [{ message: '10000 rule files; at most 2000 are allowed' }],
  });
});

test('a regular expression that hangs others takes no time here', () => {
  const rule = ruleText('evil', "  listen: [complaint.received]\n  when: {event.text: {matches: '^(a+)+$'}}");
  const complaint = assessed({
    id: 'k1',
    type: 'complaint.received',
    at: START,
    signal: { text: `${'a'.repeat(3_000)}!${'a'.repeat(1_000_000)}` },
  });
  const results: string[] = [];
  const began = performance.now();
  play(ruleSetOf(rule), [complaint], { onEvaluation: (_, { result }) => results.push(result) });
  expect(results).toEqual(['no_match']);
  // A backtracking engine is not done with thirty characters after this long.
  expect(performance.now() - began).toBeLessThan(5_000);
});

test('the hash changes with any rule or default, and with nothing else', async () => {
  const hashOf = async (files: Readonly<Record<string, string>>) => {
    const loaded = await loadRuleSet(folderWith(files), NAMES);
    return loaded.ok ? loaded.hash : 'refused';
  };
  const hash = await hashOf({ 'good.rule.yaml': GOOD });
  expect(await hashOf({ 'good.rule.yaml': GOOD, 'README.md': 'words' })).toBe(hash);
  expect(await hashOf({ 'good.rule.yaml': `${GOOD}# a word\n` })).not.toBe(hash);
  const defaults = 'apiVersion: tocsin/v1\nkind: Defaults\nmax_event_age: 12h\n';
  expect(await hashOf({ 'good.rule.yaml': GOOD, '_defaults.yaml': defaults })).not.toBe(hash);
});

test('one bad file means no set, and the problems of all files are told together', async () => {
  const problems = await problemsOf({
    'good.rule.yaml': GOOD,
    'bad.rule.yaml': GOOD.replace('id: good', 'id: bad').replace('business', 'busines'),
    'worse.rule.yaml': GOOD.replace('id: good', 'id: worse').replace('listen', 'lisen'),
  });
  expect(problems).toEqual([
    'bad.rule.yaml:7: unknown calendar "busines"; did you mean "business"?',
    'worse.rule.yaml:5: spec.listen: is missing, expected a list',
    'worse.rule.yaml:5: unknown key "lisen"; did you mean "listen"?',
  ]);
});

test.each([
  [
    'a wrong default',
    { '_defaults.yaml': 'apiVersion: tocsin/v1\nkind: Defaults\nmax_event_age: 3bd\n' },
    '_defaults.yaml:3: got "3bd": business days only make sense in a time box; write 3d',
  ],
  [
    'an unknown default',
    { '_defaults.yaml': 'apiVersion: tocsin/v1\nkind: Defaults\nmax_age: 3d\n' },
    '_defaults.yaml:3: unknown key "max_age"; allowed: apiVersion, kind, allowed_lateness, max_event_age, severity, storm',
  ],
  [
    'bytes that are no text',
    { 'b.rule.yaml': new Uint8Array([0xff, 0xfe, 0x00]) },
    'b.rule.yaml:1: is not UTF-8 text; save it as UTF-8',
  ],
])('%s is refused', async (_, files, message) => {
  expect(await problemsOf({ 'good.rule.yaml': GOOD, ...files })).toEqual([message]);
});

test('an empty folder and a missing one are refused in words, by their names', async () => {
  const empty = folderWith({});
  expect(await loadRuleSet(empty, NAMES)).toEqual({
    ok: false,
    problems: [
      { file: empty, line: 1, column: 1, message: 'no rule here; a rule is a file called <id>.rule.yaml' },
    ],
  });
  const loaded = await loadRuleSet('/nowhere/at/all', NAMES);
  expect(loaded.ok ? '' : loaded.problems[0]?.message).toContain('cannot be read');
});

test('a refused set leaves the one before it in force', async () => {
  const first = await loadRuleSet(folderWith({ 'good.rule.yaml': GOOD }), NAMES);
  if (!first.ok) throw new Error('the first set is good');
  const holder = new RuleSetHolder(first.ruleSet);
  const second = await loadRuleSet(folderWith({ 'good.rule.yaml': 'kind: Rule' }), NAMES);
  if (second.ok) holder.replace(second.ruleSet);
  expect(holder.current.hash).toBe(first.hash);
});
