import type { Problem } from '../../../platform/config/yaml-file.ts';
import type { Place, Rule } from '../language/ast.ts';
import type { SpecFile } from '../language/rule-file.ts';

/** What is wrong with a set of rules of which each by itself can be read. One list for messages, docs and SARIF. */
export const LINTS = {
  'never-fires': { level: 'error', says: 'No signal can ever make the rule match.' },
  'dead-branch': { level: 'warning', says: 'A part of a condition can never be true.' },
  'always-muted': { level: 'error', says: 'Whatever matches is muted.' },
  'severity-never-reached': { level: 'warning', says: 'An entry of severity is never taken.' },
  'route-never-reached': { level: 'warning', says: 'An entry of route is never taken.' },
  'window-unused': { level: 'warning', says: 'A window is read by nothing.' },
  'covered-by-another': {
    level: 'warning',
    says: 'Whenever the rule matches, another live rule matches too.',
  },
  'two-alerts-for-one-reason': {
    level: 'warning',
    says: 'Two live rules can match one signal for the same facts.',
  },
  'inhibited-by-silent-rule': {
    level: 'warning',
    says: 'A rule that is not live holds nothing back.',
  },
  'reaches-nobody': { level: 'error', says: 'A step of the ladder can reach nobody.' },
  'reaches-nobody-else': {
    level: 'warning',
    says: 'When the owner does not react, nobody else hears of it.',
  },
  'reaches-no-colleague': {
    level: 'warning',
    says: 'A team of one has nobody to hand an alert to; whoever has it is reminded.',
  },
  'reaches-the-channel': {
    level: 'warning',
    says: 'A lead without a Slack member id is told in the channel of the team.',
  },
  'reminder-before-opening': { level: 'error', says: 'A step would be due before the alert is opened.' },
  'deadlines-out-of-order': { level: 'warning', says: 'A later deadline comes before an earlier one.' },
  'key-splits': {
    level: 'warning',
    says: 'The dedupe key opens several alerts for one customer or segment.',
  },
  'cooldown-without-effect': { level: 'warning', says: 'The cooldown never holds anything back.' },
  'order-of-arrival': {
    level: 'warning',
    says: 'Other alerts, or other severities, when signals arrive in another order.',
  },
  'fatigue-without-effect': {
    level: 'warning',
    says: 'The cooldown is over only when the contacts of contact_fatigue are forgotten.',
  },
} as const satisfies Readonly<Record<string, { level: Level; says: string }>>;

export type Level = 'error' | 'warning';
export type LintName = keyof typeof LINTS;

/** Something wrong with the set at one place of it, and what to do about it. */
export interface Finding extends Problem {
  readonly lint: LintName;
  readonly level: Level;
  readonly rule: string;
  readonly fix: string;
}

/** A rule with the way from its parts to their places in its file. */
export interface PlacedRule {
  readonly rule: Rule;
  readonly file: string;
  /** The spec as it was written, for what the checked rule does not keep. */
  readonly written: SpecFile;
  readonly place: (path: readonly PropertyKey[], where?: 'key' | 'value') => Place;
}

export function finding(
  lint: LintName,
  { rule, file }: PlacedRule,
  at: Place,
  message: string,
  fix: string,
): Finding {
  const { line, column } = at;
  return { lint, level: LINTS[lint].level, rule: rule.id, file, line, column, message, fix };
}

/** `file.yaml:12`: the other place that a message speaks of. */
export const placeWords = (file: string, { line }: Place): string => `${file.split('/').pop()}:${line}`;
