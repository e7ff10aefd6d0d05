import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SHIPPED_RULES } from '../../../services/embedded/rules-folder.ts';

/** Account managers, and so the most alerts that can be told to somebody of their own. */
export const MANAGERS = 40;
export const managerOf = (customer: number): string => `m${String(customer).padStart(2, '0')}`;

/**
 * A rules folder for fault tests: one team around the clock, in which each customer has an account manager of
 * their own. Slack takes one message a second for each address, and so the messages of different alerts do
 * not wait for each other.
 */
export function writeRulesFolder(rules: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-fault-rules-'));
  for (const file of ['lexicon.yaml', 'risk-model.yaml']) {
    copyFileSync(join(SHIPPED_RULES, file), join(folder, file));
  }
  writeFileSync(join(folder, 'calendars.yaml'), CALENDARS);
  writeFileSync(join(folder, 'teams.yaml'), teams());
  for (const [id, text] of Object.entries(rules)) writeFileSync(join(folder, `${id}.rule.yaml`), text);
  return folder;
}

const CALENDARS = `
apiVersion: tocsin/v1
kind: Calendars
calendars:
  - {id: always, timezone: UTC, hours: {mon-sun: ["00:00-24:00"]}}
`;

function teams(): string {
  const ids = Array.from({ length: MANAGERS }, (_, index) => managerOf(index + 1));
  const people = ids.map(
    (id) => `  - {id: ${id}, name: ${id}, email: ${id}@example.com, slack: U0${id.toUpperCase()}}`,
  );
  return `
apiVersion: tocsin/v1
kind: Teams
people:
${people.join('\n')}
teams:
  - {id: care, title: Care, slack: "#care", email: care@example.com, calendar: always, lead: m01, members: [${ids.join(', ')}]}
`;
}

/** A rule whose alerts are P2 and belong to the customer's account manager; `spec` says the rest. */
export const rule = (id: string, stage: 'live' | 'shadow', spec: string): string => `
apiVersion: tocsin/v1
kind: Rule
metadata: {id: ${id}, title: ${id}, owner: team/care, stage: ${stage}}
spec:
${spec.trimEnd()}
  severity: [{set: P2}]
  route: [{to: "owner:{profile.account_manager}", fallback: team/care}]
  suppress: {dedupe_key: "{rule.id}:{customer_id}", merge_open: true}
`;
