import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SHIPPED_RULES } from '../../../services/embedded/rules-folder.ts';

/** Account managers, and so the most alerts that can be told to somebody of their own. */
export const MANAGERS = 40;
export const managerOf = (customer: number): string => `m${String(customer).padStart(2, '0')}`;

/**
 * A rules folder whose time boxes are over within seconds, around the clock.
 *
 * Each customer has an account manager of their own: Slack takes one message a second for each address, and
 * so the messages of different alerts do not wait for each other.
 */
export function writeFastRules(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-fault-rules-'));
  for (const file of ['lexicon.yaml', 'risk-model.yaml'])
    copyFileSync(join(SHIPPED_RULES, file), join(folder, file));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  write('calendars.yaml', CALENDARS);
  write('teams.yaml', teams());
  write('gold-complains-again.rule.yaml', GOLD);
  write('silver-complains-again.rule.yaml', SILVER);
  write('silver-posts.rule.yaml', POSTS);
  write('gold-calls.rule.yaml', SHADOW);
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

const rule = (id: string, stage: string, spec: string): string => `
apiVersion: tocsin/v1
kind: Rule
metadata: {id: ${id}, title: ${id}, owner: team/care, stage: ${stage}}
spec:
${spec.trimEnd()}
  severity: [{set: P2}]
  route: [{to: "owner:{profile.account_manager}", fallback: team/care}]
  suppress: {dedupe_key: "{rule.id}:{customer_id}", merge_open: true}
`;

/** Every milestone is missed, and each tells somebody on both channels. */
const GOLD = rule(
  'gold-complains-again',
  'live',
  `
  listen: [complaint.received]
  windows: {complaints: {of: complaint.received, fn: count, over: 14d}}
  when: {all: [{profile.value_tier: {eq: gold}}, {complaints: {gte: 2}}]}
  timebox: {calendar: 24x7, ack_by: 1s, contact_by: 2s, close_by: 3s}
  escalate:
    - {at: opened, notify: ["slack:assignee"], template: open}
    - {at: ack_by, unless: acked, notify: ["slack:assignee", "email:assignee"], template: late-ack}
    - {at: contact_by, unless: contacted, notify: ["email:team"], template: breach}
    - {at: close_by, unless: closed, notify: ["slack:assignee", "email:team-lead"], template: breach}
`,
);

/** No milestone is missed: what happens here is what people order. */
const SILVER = rule(
  'silver-complains-again',
  'live',
  `
  listen: [complaint.received]
  windows: {complaints: {of: complaint.received, fn: count, over: 14d}}
  when: {all: [{profile.value_tier: {eq: silver}}, {complaints: {gte: 2}}]}
  timebox: {calendar: 24x7, ack_by: 1h, contact_by: 2h, close_by: 3h}
  escalate:
    - {at: opened, notify: ["slack:assignee", "email:assignee"], template: open}
    - {at: ack_by, unless: acked, notify: ["email:team-lead"], template: late-ack}
  close: {requires: [contact.logged, outcome, root_cause]}
`,
);

/** Fires only once the author of the post is known to be a customer. */
const POSTS = rule(
  'silver-posts',
  'live',
  `
  listen: [post.published]
  when: {all: [{profile.value_tier: {eq: silver}}, {event.followers: {gte: 1000}}]}
  timebox: {calendar: 24x7, ack_by: 1h, close_by: 3h}
  escalate: [{at: opened, notify: ["email:assignee"], template: open}]
`,
);

/** A shadow rule goes through all its milestones and tells nobody. */
const SHADOW = rule(
  'gold-calls',
  'shadow',
  `
  listen: [call_note.received]
  when: {profile.value_tier: {eq: gold}}
  timebox: {calendar: 24x7, ack_by: 1s, close_by: 2s}
  escalate: [{at: opened, notify: ["slack:assignee"], template: open}, {at: ack_by, notify: ["email:assignee"], template: late-ack}]
`,
);
