import { cpSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type RuleSetFile, readRuleSet } from '../../action-management/domain/read-rule-set.ts';
import { parseTeams } from '../../settings/teams.ts';
import { TEMPLATES } from '../../settings/templates.ts';
import { RulesBroken, type RulesFolder, readRulesFolder, SHIPPED_RULES } from '../rules-folder.ts';

/** People of the bench's one team: as many that a message a second to each of them is never the limit. */
const MEMBERS = 60;

/**
 * A rules folder for measuring: the shipped lexicon, risk model and calendars, and `count` made-up live rules
 * with windows and conditions like real ones. One of them raises alerts, on the rare text that asks to cancel;
 * the others are judged and do not match.
 */
export async function benchRules(count: number): Promise<RulesFolder> {
  const shipped = await readRulesFolder(SHIPPED_RULES);
  const teams = parseTeams('bench/teams.yaml', teamsText(), shipped.calendars);
  if (!teams.ok) throw new RulesBroken(teams.problems);
  const rules = readRuleSet(ruleFiles(count), {
    teams: ['bench'],
    calendars: [...shipped.calendars.keys()],
    templates: TEMPLATES,
  });
  if (!rules.ok) throw new RulesBroken(rules.problems);
  return { ...shipped, teams: teams.value, ruleSet: rules.ruleSet };
}

/** The same as a folder, for services that read one. */
export function writeBenchRules(folder: string, count: number): void {
  const theirs = /\.(rule|test)\.yaml$/;
  cpSync(SHIPPED_RULES, folder, { recursive: true, filter: (path) => !theirs.test(path) });
  writeFileSync(join(folder, 'teams.yaml'), teamsText());
  for (const { name, text } of ruleFiles(count)) writeFileSync(join(folder, basename(name)), text);
}

function ruleFiles(count: number): readonly RuleSetFile[] {
  const files: RuleSetFile[] = [{ name: 'bench/raises.rule.yaml', text: raisingRule() }];
  for (let n = 1; n < count; n++) files.push({ name: `bench/quiet-${n}.rule.yaml`, text: quietRule(n) });
  return files;
}

const teamsText = (): string => {
  const ids = Array.from({ length: MEMBERS }, (_, index) => `p${index}`);
  const people = ids.map(
    (id, n) => `  - {id: ${id}, name: Person ${n}, email: ${id}@example.com, slack: U0BENCH${n}}`,
  );
  return `apiVersion: tocsin/v1
kind: Teams
default_team: bench
people:
${people.join('\n')}
teams:
  - {id: bench, title: Bench, slack: "#bench", email: bench@example.com, calendar: 24x7, lead: p0, members: [${ids.join(', ')}]}
`;
};

const raisingRule = (): string => `apiVersion: tocsin/v1
kind: Rule
metadata: {id: raises, title: Wants to cancel, owner: team/bench, stage: live}
spec:
  listen: [call_note.received]
  when:
    event.intents: {any_of: [leave]}
  severity: [{set: P2}]
  timebox: {calendar: 24x7, ack_by: 30m, contact_by: 4h, close_by: 48h}
  route: [{to: team/bench}]
  escalate:
    - {at: opened, notify: ["slack:assignee"], template: open}
    - {at: ack_by, unless: acked, notify: ["slack:team-lead"], template: late-ack}
  suppress: {dedupe_key: "{rule.id}:{customer_id}"}
`;

const LISTENS = [
  'complaint.received, call_note.received',
  'post.published',
  'call_note.received',
  'order.delayed, payment.failed, usage.dropped',
  'complaint.received, post.published',
] as const;

/** Rules as teams write them: a window or two, the profile, a mood; what they ask for does not happen here. */
function quietRule(n: number): string {
  const listen = LISTENS[n % LISTENS.length] ?? LISTENS[0];
  return `apiVersion: tocsin/v1
kind: Rule
metadata: {id: quiet-${n}, title: Quiet ${n}, owner: team/bench, stage: live}
spec:
  listen: [${listen}]
  windows:
    complaints: {of: complaint.received, fn: count, over: ${7 + (n % 8)}d}
    mood: {of: [call_note.received, complaint.received], fn: avg, field: sentiment, over: ${14 + (n % 16)}d, min_samples: 2}
  when:
    all:
      - profile.value_tier: {in: [gold, platinum]}
      - complaints: {gte: ${40 + (n % 7)}}
      - any:
          - mood: {lt: -0.${3 + (n % 6)}}
          - profile.churn_risk: {gte: 0.${70 + (n % 20)}}
  severity: [{set: P3}]
  timebox: {calendar: business, ack_by: 2h, contact_by: 1bd, close_by: 5bd}
  route: [{to: team/bench}]
  escalate: [{at: opened, notify: ["slack:#bench"], template: open}]
  suppress: {dedupe_key: "{rule.id}:{customer_id}"}
`;
}
