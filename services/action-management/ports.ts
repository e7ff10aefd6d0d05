import type { RuleSet, RuleSetSource } from './domain/compile.ts';

/** What a folder of rules must stand before it comes into force. */
export interface CheckedFolder {
  /** Of the rules that were looked at; empty when they cannot be read. */
  readonly hash: string;
  /** `file:line:column: message`, a line each. With any, the folder is refused. */
  readonly problems: readonly string[];
}

/**
 * Keeps each set of rules that was in force, and since when: what it decided can be explained by it, and by no other;
 * and a start whose folder is refused begins with the last one.
 */
export interface KeptRuleSets {
  /**
   * From `at` on the set is in force; the same one as before is not kept again. Rejects when it cannot be stored, and then
   * it must not come into force.
   */
  keep(ruleSet: RuleSet, at: number): Promise<void>;
  /** The set that came into force last, in whichever process; nothing when none ever was. */
  last(): Promise<KeptRuleSet | undefined>;
  /** The set that was in force at `from`, and those that came into force after it until `until`, in this order. */
  between(from: number, until: number): Promise<readonly KeptRuleSet[]>;
}

/** A set as it was kept. It must be read again: with teams and calendars of today, by the version of today. */
export interface KeptRuleSet {
  readonly hash: string;
  readonly since: number;
  readonly source: RuleSetSource;
}

/**
 * Looks at the rules of a folder as a set and plays the tests beside them. Where signals come in meanwhile (`running`) it
 * must not keep them waiting; where all wait for its answer (`starting`) it hurries.
 */
export type CheckFolder = (folder: string, meanwhile: 'running' | 'starting') => Promise<CheckedFolder>;
