import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '../../action-management/domain/lint/finding.ts';
import { lintRuleSet } from '../../action-management/domain/lint/lint-rule-set.ts';
import { RULE_FILE } from '../../action-management/domain/read-rule-set.ts';
import type { Problem } from '../../platform/config/yaml-file.ts';
import { RulesBroken, type RulesFolder, readRulesFolder } from '../rules-folder.ts';

export interface LintedFolder {
  /** Why the folder cannot be used at all. While there are any, the set is not looked at. */
  readonly problems: readonly Problem[];
  /** What is wrong with the set. */
  readonly findings: readonly Finding[];
  readonly rules: number;
  /** Of the rule set; empty when it cannot be read. */
  readonly hash: string;
}

/** Reads a rules folder as `tocsin start` would, and then looks at its rules as a set. */
export async function lintRulesFolder(folder: string): Promise<LintedFolder> {
  let read: RulesFolder;
  try {
    read = await readRulesFolder(folder);
  } catch (error) {
    if (!(error instanceof RulesBroken)) throw error;
    return { problems: error.problems, findings: [], rules: 0, hash: '' };
  }
  const { ruleSet, teams } = read;
  const findings = lintRuleSet(ruleSet, await ruleFiles(folder), teams);
  return { problems: [], findings, rules: ruleSet.rules.length, hash: ruleSet.hash };
}

async function ruleFiles(folder: string): Promise<{ name: string; text: string }[]> {
  const names = (await readdir(folder)).filter((name) => RULE_FILE.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      return { name: path, text: await readFile(path, 'utf8') };
    }),
  );
}
