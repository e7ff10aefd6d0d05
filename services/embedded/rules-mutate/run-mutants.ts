import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse } from 'yaml';
import { compileRuleSet } from '../../action-management/domain/compile.ts';
import type { Rule } from '../../action-management/domain/language/ast.ts';
import { parseRule } from '../../action-management/domain/language/parse-rule.ts';
import { ruleFileSchema } from '../../action-management/domain/language/rule-file.ts';
import { RULE_FILE } from '../../action-management/domain/read-rule-set.ts';
import { namesIn } from '../../action-management/load-rules.ts';
import { type Locate, type Problem, parseYamlFile } from '../../platform/config/yaml-file.ts';
import { findTestFiles, type PreparedTests, prepareTests, runStories } from '../rules-test/run-rule-tests.ts';
import { type Mapping, type Mutant, mutantsOf } from './mutants.ts';

/** A change that no test noticed. */
export interface Survivor {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `complaints_14d: gte 2 becomes gte 3`. */
  readonly change: string;
}

export interface RuleMutation {
  readonly rule: string;
  readonly file: string;
  /** Changes that leave a rule that can be read. The others are noticed by lint, and not counted. */
  readonly mutants: number;
  readonly killed: number;
  readonly survivors: readonly Survivor[];
  /** Test files that play the rule; with none, every change survives. */
  readonly tests: number;
}

export interface MutationReport {
  readonly rules: readonly RuleMutation[];
  readonly mutants: number;
  readonly killed: number;
  /** Killed of a hundred mutants; 100 when there are none. */
  readonly score: number;
  /** Why nothing was changed: files that cannot be read, tests that fail already. */
  readonly problems: readonly Problem[];
}

/**
 * Changes each rule of a folder in one place at a time and plays the tests beside it: a change that fails no test is
 * something that the tests do not say. Looks at live, canary and shadow rules, or at `only` one of whatever stage.
 */
export function mutateFolder(
  folder: string,
  only?: string,
  onRule?: (rule: RuleMutation) => void,
): MutationReport {
  const prepared = findTestFiles(folder).map((file) => prepareTests(file));
  const problems = prepared.flatMap((one) => (one.ok ? [] : one.problems));
  const tests = prepared.flatMap((one) => (one.ok ? [one.value] : []));
  const failing = tests.flatMap(runStories).filter(({ passed }) => !passed);
  const broken = [
    ...problems,
    ...failing.map(({ file, line, name }) => ({
      file,
      line,
      column: 1,
      message: `the test "${name}" fails already`,
    })),
  ];
  if (broken.length > 0) return { rules: [], mutants: 0, killed: 0, score: 0, problems: broken };
  const rules = readdirSync(folder)
    .filter((name) => RULE_FILE.test(name) && (only === undefined || name === `${only}.rule.yaml`))
    .sort()
    .flatMap((name) => {
      const mutation = mutateRule(join(folder, name), tests, only !== undefined);
      if (mutation !== undefined) onRule?.(mutation);
      return mutation ?? [];
    });
  const mutants = sum(rules.map((rule) => rule.mutants));
  const killed = sum(rules.map((rule) => rule.killed));
  return { rules, mutants, killed, score: mutants === 0 ? 100 : (100 * killed) / mutants, problems: [] };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

function mutateRule(
  file: string,
  tests: readonly PreparedTests[],
  anyStage: boolean,
): RuleMutation | undefined {
  const text = readFileSync(file, 'utf8');
  const id = basename(file).replace(RULE_FILE, '');
  const parsed = parseYamlFile(file, text, ruleFileSchema);
  if (!parsed.ok || !(anyStage || JUDGED.includes(parsed.value.metadata.stage))) return undefined;
  const concerned = tests.filter(({ ruleSet }) => ruleSet.rules.some((rule) => rule.id === id));
  const [first] = concerned;
  const teams = first === undefined ? [] : [...first.settings.teams.byId.keys()];
  // The rule was read a moment ago, so it is a mapping.
  const mutants = mutantsOf(parse(text, { merge: true }) as Mapping, teams);
  if (first === undefined) {
    const survivors = mutants.map((mutant) => survivor(file, mutant, parsed.at));
    return { rule: id, file, mutants: mutants.length, killed: 0, survivors, tests: 0 };
  }
  const survivors: Survivor[] = [];
  let readable = 0;
  for (const mutant of mutants) {
    const rule = readMutant(file, mutant, first);
    if (rule === undefined) continue;
    readable += 1;
    if (!concerned.some((one) => isNoticed(rule, one))) survivors.push(survivor(file, mutant, parsed.at));
  }
  return {
    rule: id,
    file,
    mutants: readable,
    killed: readable - survivors.length,
    survivors,
    tests: concerned.length,
  };
}

const JUDGED: readonly string[] = ['live', 'canary', 'shadow'];

function survivor(file: string, { path, where, change }: Mutant, at: Locate): Survivor {
  const { line, column } = at(path, '', where);
  return { file, line, column, change };
}

/** Nothing when lint refuses it: then nobody needs a test to notice. JSON is YAML. */
function readMutant(file: string, mutant: Mutant, { settings, ruleSet }: PreparedTests): Rule | undefined {
  const there = readdirSync(dirname(file)).filter((name) => RULE_FILE.test(name));
  const names = { ...namesIn(settings), rules: there.map((name) => name.replace(RULE_FILE, '')) };
  const read = parseRule(file, JSON.stringify(mutant.rule, undefined, 1), names, ruleSet.defaults);
  return read.ok ? read.value : undefined;
}

/** Whether a test fails with the changed rule. The first one is enough. */
function isNoticed(mutant: Rule, prepared: PreparedTests): boolean {
  const { defaults, hash, rules } = prepared.ruleSet;
  const changed = rules.map((rule) => (rule.id === mutant.id ? mutant : rule));
  const ruleSet = compileRuleSet(changed, defaults, hash);
  const { stories } = prepared.tests;
  return stories.some((story) => {
    if (story.only !== undefined && story.only !== mutant.id) return false;
    const [result] = runStories({ ...prepared, ruleSet, tests: { ...prepared.tests, stories: [story] } });
    return result?.passed !== true;
  });
}
