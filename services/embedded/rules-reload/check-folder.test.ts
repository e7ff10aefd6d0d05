import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lintRulesFolder } from '../rules-editor/lint-folder.ts';
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

test('a company of one person, without Slack, is refused nothing, and is told what that means', async () => {
  writeFileSync(join(rules, 'teams.yaml'), COMPANY_OF_ONE);
  expect((await checkFolder(rules)).problems).toEqual([]);
  const { findings } = await lintRulesFolder(rules);
  expect(new Set(findings.map(({ lint }) => lint))).toEqual(
    new Set(['reaches-no-colleague', 'reaches-the-channel']),
  );
  expect(findings.map(({ message }) => message)).toContain(
    'Retention has one member, so the alert stays with Zoe; this step only tells Zoe again (slack:team-lead)',
  );
});

test('control: a step that does nothing but hand an alert on is refused a company of one', async () => {
  writeFileSync(join(rules, 'teams.yaml'), COMPANY_OF_ONE);
  edit('order-delayed.rule.yaml', (text) =>
    text.replace(/notify: \["slack:team-lead"\], template: late-ack, /, ''),
  );
  expect((await checkFolder(rules)).problems).toEqual([
    expect.stringMatching(/order-delayed\.rule\.yaml:\d+:\d+: Retention has one member, .* nobody is told/),
  ]);
});

const COMPANY_OF_ONE = `apiVersion: tocsin/v1
kind: Teams
people:
  - {id: zoe, name: Zoe, email: zoe@example.com}
  - {id: head-of-retention, name: Zoe, email: zoe@example.com, calendar: business} # some rules name the role
teams:
${['retention', 'social-care', 'complaints', 'billing']
  .map(
    (id) =>
      `  - {id: ${id}, title: ${id[0]?.toUpperCase()}${id.slice(1)}, slack: "#all", email: zoe@example.com, calendar: business, lead: zoe, members: [zoe]}`,
  )
  .join('\n')}
`;

test('control: a shipped rule that is edited fails its test', async () => {
  edit('order-delayed.rule.yaml', (text) => text.replace(/contact_by: \w+/, 'contact_by: 3bd'));
  expect((await checkFolder(rules)).problems).toEqual([
    expect.stringMatching(/order-delayed\.test\.yaml:\d+:1: the test ".*" fails at .*contact_by/),
  ]);
});
