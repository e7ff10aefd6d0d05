import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Problem } from '../platform/config/yaml-file.ts';
import type { Settings } from '../settings/load-settings.ts';
import { TEMPLATES } from '../settings/templates.ts';
import type { Names } from './domain/language/check.ts';
import {
  beginRuleSet,
  DEFAULTS_FILE,
  type LoadedRules,
  RULE_FILE,
  type RuleSetFile,
} from './domain/read-rule-set.ts';

/**
 * Reads the rules of a folder: `*.rule.yaml` and `_defaults.yaml`, not its subfolders. Whole or not at all.
 * Every problem is a value with its place, also a folder or file that cannot be read.
 */
export async function loadRuleSet(dir: string, names: Names): Promise<LoadedRules> {
  let entries: string[];
  try {
    entries = await readdir(dir);
  } catch (error) {
    return { ok: false, problems: [cannotRead(dir, error)] };
  }
  const wanted = entries.filter((name) => RULE_FILE.test(name) || DEFAULTS_FILE.test(name));
  const read = await Promise.all(wanted.map((name) => readRuleFile(join(dir, name))));
  const problems = read.flatMap((file) => ('problem' in file ? [file.problem] : []));
  if (problems.length > 0) return { ok: false, problems };
  const begun = beginRuleSet(
    read.flatMap((file) => ('problem' in file ? [] : [file])),
    names,
  );
  if (!begun.ok) return begun;
  const reads = [];
  for (const file of begun.ruleFiles) {
    reads.push(begun.read(file));
    await aBreath();
  }
  return begun.finish(reads);
}

/** The names that rules may use besides fields. */
export const namesIn = ({ teams, calendars }: Settings): Names => ({
  teams: [...teams.byId.keys()],
  calendars: [...calendars.keys()],
  templates: TEMPLATES,
  people: [...teams.people.keys()],
});

/** A file takes milliseconds, hundreds take seconds: whoever reloads while it works must get its turn in between. */
const aBreath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function readRuleFile(name: string): Promise<RuleSetFile | { readonly problem: Problem }> {
  try {
    return { name, text: new TextDecoder('utf-8', { fatal: true }).decode(await readFile(name)) };
  } catch (error) {
    return { problem: cannotRead(name, error) };
  }
}

function cannotRead(file: string, error: unknown): Problem {
  const notText = error instanceof TypeError;
  const message = notText ? 'is not UTF-8 text; save it as UTF-8' : `cannot be read: ${String(error)}`;
  return { file, line: 1, column: 1, message };
}
