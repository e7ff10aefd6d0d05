import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { onlyTheseRules } from '../../../support/rules-folder.ts';

export interface OneRule {
  readonly ackBy: string;
  readonly severity?: 'P1' | 'P2';
  /** When a team is told. */
  readonly tellAt?: 'opened' | 'close_by';
}

/** A rules folder whose only rule opens an alert for every complaint; `change` replaces the rule. */
export function folderOfOneRule(
  context: Pick<TestContext, 'onTestFinished'>,
  options: OneRule,
): { readonly rules: string; change(options: OneRule): void } {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-one-rule-'));
  context.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const rules = onlyTheseRules(join(folder, 'rules'), { [FILE]: text(options) });
  return { rules, change: (changed) => writeFileSync(join(rules, FILE), text(changed)) };
}

const FILE = 'cancel-intent-in-writing.rule.yaml';

const text = ({ ackBy, severity = 'P2', tellAt = 'opened' }: OneRule): string => `
apiVersion: tocsin/v1
kind: Rule
metadata: {id: cancel-intent-in-writing, title: Wants to cancel, owner: team/retention, stage: live}
spec:
  listen: [complaint.received]
  windows: {complaints: {of: complaint.received, fn: count, over: 14d}}
  when: {complaints: {gte: 1}}
  severity: [{set: ${severity}}]
  timebox: {calendar: 24x7, ack_by: ${ackBy}, close_by: 2d}
  route: [{to: team/retention}]
  escalate: [{at: ${tellAt}, notify: ["slack:team"], template: open}]
  suppress: {dedupe_key: "{rule.id}:{customer_id}", merge_open: true}
`;
