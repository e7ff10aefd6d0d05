import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Ended, runTocsin } from '../support/child-tocsin.ts';
import { writeRulesFolder } from './support/rules-folder.ts';
import { COMPLAINS_AGAIN } from './support/stage.ts';
import { startedTocsin, temporaryFolder } from './support/temporary.ts';

test('a rule with an unknown field: ends with 1, names file, line and column, and the word that was meant', async () => {
  const rules = rulesWith({
    'complains-again': COMPLAINS_AGAIN.replace('profile.value_tier', 'profile.value_teir'),
  });
  const { code, stderr } = await start(rules);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^tocsin start: the rules folder has 1 problem\(s\)\n/);
  expect(stderr).toContain(`${join(rules, 'complains-again.rule.yaml')}:9:`);
  expect(stderr).toContain('value_teir');
  expect(stderr).toMatch(/did you mean .*value_tier/i);
  expect(stderr).not.toContain('    at ');
});

test('problems of several rules are said together', async () => {
  const rules = rulesWith({
    a: COMPLAINS_AGAIN.replaceAll('complains-again', 'a').replace('gte: 2', 'gte: "two"'),
    b: COMPLAINS_AGAIN.replaceAll('complains-again', 'b').replace('calendar: 24x7', 'calendar: 24x8'),
  });
  const { code, stderr } = await start(rules);
  expect(code).toBe(1);
  expect(stderr).toContain('a.rule.yaml:');
  expect(stderr).toContain('b.rule.yaml:');
  expect(stderr).toContain('24x8');
});

test('a file that is no YAML, and one that is no UTF-8', async () => {
  const rules = rulesWith({ a: 'apiVersion: [', b: COMPLAINS_AGAIN });
  writeFileSync(join(rules, 'c.rule.yaml'), Buffer.from([0xff, 0xfe, 0x00]));
  const { code, stderr } = await start(rules);
  expect(code).toBe(1);
  expect(stderr).toMatch(/[ac]\.rule\.yaml:1:/);
});

test('an alias bomb is refused within a second of starting', async () => {
  const layers = Array.from(
    { length: 12 },
    (_, index) => `l${index + 1}: &l${index + 1} [${Array(10).fill(`*l${index}`).join(', ')}]`,
  );
  const rules = rulesWith({ bomb: `l0: &l0 x\n${layers.join('\n')}\n` });
  const { code, stderr } = await start(rules);
  expect(code).toBe(1);
  expect(stderr).toContain('bomb.rule.yaml');
});

test('a file that is missing, and a folder that is missing', async () => {
  const rules = rulesWith({});
  rmSync(join(rules, 'teams.yaml'));
  const without = await start(rules);
  expect(without.code).toBe(1);
  expect(without.stderr).toContain(`${join(rules, 'teams.yaml')}:1:1: cannot be read: ENOENT`);

  const nowhere = await start(join(rules, 'nowhere'));
  expect(nowhere.code).toBe(1);
  expect(nowhere.stderr).toContain(`${join(rules, 'nowhere', 'calendars.yaml')}:1:1: cannot be read: ENOENT`);
});

test('control: the same folder without the fault starts', async () => {
  const TOCSIN_RULES_DIR = rulesWith({ 'complains-again': COMPLAINS_AGAIN });
  const { url } = await startedTocsin({ data: temporaryFolder(), env: { TOCSIN_RULES_DIR } });
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
});

const start = (TOCSIN_RULES_DIR: string): Promise<Ended> =>
  runTocsin(['start', '--data', temporaryFolder(), '--port', '0'], { env: { TOCSIN_RULES_DIR } });

function rulesWith(rules: Readonly<Record<string, string>>): string {
  const folder = writeRulesFolder(rules);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
