import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../platform/config/yaml-file.ts';
import type { Settings } from '../settings/load-settings.ts';
import { TEMPLATES } from '../settings/templates.ts';
import type { RuleSet } from './domain/compile.ts';
import type { Rule } from './domain/language/ast.ts';
import type { Names } from './domain/language/check.ts';
import type { Read } from './domain/language/parse-rule.ts';
import {
  beginRuleSet,
  DEFAULTS_FILE,
  type LoadedRules,
  RULE_FILE,
  type RuleSetFile,
} from './domain/read-rule-set.ts';

/**
 * Reads the rules of a folder: `*.rule.yaml` and `_defaults.yaml`, not its subfolders. Whole or not at all.
 * Every problem is a value with its place, also a folder or file that cannot be read. Files that are as they were in the
 * set `before` are not parsed again: of 500 rules that takes 0.6 s, and most edits change one.
 */
export async function loadRuleSet(dir: string, names: Names, before?: RuleSet): Promise<LoadedRules> {
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
  const files = read.flatMap((file) => ('problem' in file ? [] : [file]));
  const begun = beginRuleSet(files, names, dir);
  if (!begun.ok) return begun;
  const readBefore = unchangedSince(before, files, names);
  const reads: Read<Rule>[] = [];
  for (const file of begun.ruleFiles) {
    const known = readBefore(file);
    if (known !== undefined) reads.push({ ok: true, value: known });
    else {
      reads.push(begun.read(file));
      await aBreath();
    }
  }
  return begun.finish(reads);
}

/** The rule that a file was in the set before, where neither its text nor anything else that it is read with has changed. */
function unchangedSince(
  before: RuleSet | undefined,
  files: readonly RuleSetFile[],
  names: Names,
): (file: RuleSetFile) => Rule | undefined {
  const source = before?.source;
  const readWith = (all: readonly RuleSetFile[]): unknown[] =>
    all.map(({ name, text }) => (RULE_FILE.test(name) ? name : `${name}\n${text}`)).sort();
  if (
    before === undefined ||
    source === undefined ||
    !isDeepStrictEqual(source.names, names) ||
    !isDeepStrictEqual(readWith(source.files), readWith(files))
  )
    return () => undefined;
  const texts = new Map(source.files.map(({ name, text }) => [name, text]));
  const rules = new Map(before.rules.map((rule) => [rule.file, rule]));
  return ({ name, text }) => (texts.get(name) === text ? rules.get(name) : undefined);
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
