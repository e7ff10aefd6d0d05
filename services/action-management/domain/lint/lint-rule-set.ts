import { parseYamlFile } from '../../../platform/config/yaml-file.ts';
import type { Teams } from '../../../settings/teams.ts';
import type { RuleSet } from '../compile.ts';
import type { Rule } from '../language/ast.ts';
import { ruleFileSchema } from '../language/rule-file.ts';
import type { RuleSetFile } from '../read-rule-set.ts';
import type { Finding, PlacedRule } from './finding.ts';
import { lintBetweenRules } from './lint-between-rules.ts';
import { lintConditions } from './lint-conditions.ts';
import { lintPlan } from './lint-plan.ts';
import { lintOrder } from './order-of-arrival.ts';

/**
 * Everything that is wrong with a set of rules of which each can be read, in the order of files and lines. Says only what
 * is certain: a set without findings may still do what nobody wants, which is what tests and replay are for.
 *
 * Drafts and retired rules are not looked at.
 */
export function lintRuleSet(ruleSet: RuleSet, files: readonly RuleSetFile[], teams: Teams): Finding[] {
  const placed = ruleSet.rules.flatMap((rule) => {
    const file = files.find(({ name }) => name === rule.file);
    return file === undefined ? [] : [placedIn(rule, file)];
  });
  const judged = placed.filter(({ rule }) => rule.stage !== 'draft' && rule.stage !== 'retired');
  return [
    ...judged.flatMap((one) => [
      ...lintConditions(one),
      ...lintPlan(one, teams),
      ...lintOrder(one, ruleSet.defaults),
    ]),
    ...lintBetweenRules(judged),
  ].sort(byPlace);
}

function placedIn(rule: Rule, { name, text }: RuleSetFile): PlacedRule {
  const parsed = parseYamlFile(name, text, ruleFileSchema);
  if (!parsed.ok) throw new Error(`${name} was read before`);
  return {
    rule,
    file: name,
    written: parsed.value.spec,
    place: (path, where = 'value') => {
      const { line, column } = parsed.at(path, '', where);
      return { line, column };
    },
  };
}

const byPlace = (a: Finding, b: Finding): number =>
  a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1;
