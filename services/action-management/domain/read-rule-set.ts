import { createHash } from 'node:crypto';
import type { Problem } from '../../platform/config/yaml-file.ts';
import { compileRuleSet, type RuleSet } from './compile.ts';
import type { Defaults, Rule } from './language/ast.ts';
import type { Names } from './language/check.ts';
import { LIMITS } from './language/limits.ts';
import { parseDefaults, parseRule, type Read } from './language/parse-rule.ts';

/** A file of the rules folder. */
export interface RuleSetFile {
  /** As it stands in messages, for example `rules/payment-failed-twice.rule.yaml`. */
  readonly name: string;
  readonly text: string;
}

export type LoadedRules =
  | { readonly ok: true; readonly ruleSet: RuleSet; readonly hash: string }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export const RULE_FILE = /\.rule\.yaml$/;
export const DEFAULTS_FILE = /(^|\/)_defaults\.yaml$/;

/**
 * Makes a rule set of files: whole or not at all. With one bad file there is no set, and all problems of all
 * files are reported together.
 */
export function readRuleSet(files: readonly RuleSetFile[], names: Names): LoadedRules {
  const begun = beginRuleSet(files, names);
  return begun.ok ? begun.finish(begun.ruleFiles.map(begun.read)) : begun;
}

/** The set in which nothing is judged: until it is known which one comes into force. */
export function noRules(): RuleSet {
  const defaults = readDefaults([]);
  if (!defaults.ok) throw new Error('the defaults of the language cannot be read');
  return compileRuleSet([], defaults.value, '');
}

/** The same in parts, for those who must not be kept waiting: read each file, then finish. */
export interface BegunRuleSet {
  readonly ok: true;
  readonly ruleFiles: readonly RuleSetFile[];
  readonly read: (file: RuleSetFile) => Read<Rule>;
  readonly finish: (reads: readonly Read<Rule>[]) => LoadedRules;
}

export function beginRuleSet(
  files: readonly RuleSetFile[],
  names: Names,
  folder = 'rules',
): BegunRuleSet | (LoadedRules & { readonly ok: false }) {
  const ruleFiles = files.filter(({ name }) => RULE_FILE.test(name)).sort(byName);
  if (ruleFiles.length > LIMITS.rules) {
    return refused(folder, `${ruleFiles.length} rule files; at most ${LIMITS.rules} are allowed`);
  }
  if (ruleFiles.length === 0) return refused(folder, 'no rule here; a rule is a file called <id>.rule.yaml');
  const defaults = readDefaults(files);
  if (!defaults.ok) return defaults;
  const known = { ...names, rules: [...(names.rules ?? []), ...ruleFiles.map(({ name }) => idOf(name))] };
  return {
    ok: true,
    ruleFiles,
    read: ({ name, text }) => parseRule(name, text, known, defaults.value),
    finish: (reads) => {
      const rules: Rule[] = reads.flatMap((read) => (read.ok ? [read.value] : []));
      const problems = [
        ...reads.flatMap((read) => (read.ok ? [] : read.problems)),
        ...rules.flatMap((rule) => wrongInhibitors(rule, rules)),
      ];
      if (problems.length > 0) return { ok: false, problems };
      const hash = hashOf([...files].sort(byName));
      const ruleSet = { ...compileRuleSet(rules, defaults.value, hash), source: { files, names } };
      return { ok: true, ruleSet, hash };
    },
  };
}

/** A rule is held back by alerts about its customer's segment; an alert about a customer has none. */
function wrongInhibitors({ file, inhibitedBy, at }: Rule, rules: readonly Rule[]): Problem[] {
  const wrong = rules.filter(({ id, scope }) => inhibitedBy.includes(id) && scope !== 'segment');
  return wrong.map(({ id }) => ({
    file,
    ...at.inhibitedBy,
    message: `inhibited_by: "${id}" is a rule about customers; only one with scope: segment can hold others back`,
  }));
}

/** What holds when there is no `_defaults.yaml`; the parser knows the values. */
const NO_DEFAULTS = { name: '_defaults.yaml', text: 'apiVersion: tocsin/v1\nkind: Defaults\n' };

function readDefaults(files: readonly RuleSetFile[]): Read<Defaults> {
  const { name, text } = files.find((file) => DEFAULTS_FILE.test(file.name)) ?? NO_DEFAULTS;
  return parseDefaults(name, text);
}

const idOf = (name: string): string => name.split('/').pop()?.replace(RULE_FILE, '') ?? name;

const byName = (a: RuleSetFile, b: RuleSetFile): number => (a.name < b.name ? -1 : 1);

/** Twelve hex digits tell a company's rule sets of a thousand years apart. Names count: a renamed rule differs. */
function hashOf(files: readonly RuleSetFile[]): string {
  const hash = createHash('sha256');
  for (const { name, text } of files) hash.update(`${name.split('/').pop()}\0${text}\0`);
  return hash.digest('hex').slice(0, 12);
}

const refused = (folder: string, message: string): LoadedRules & { readonly ok: false } => ({
  ok: false,
  problems: [{ file: folder, line: 1, column: 1, message }],
});
