import type { Severity } from '../../contracts/alert-request.ts';
import type { CompiledRule, RuleSet } from './compile.ts';
import type { Evaluation } from './evaluate.ts';
import type { Facts } from './facts.ts';
import { TRUE } from './truth.ts';

/** How bad a match is: the first entry that holds. */
export const severityOf = ({ severity }: CompiledRule, facts: Facts): Severity | undefined =>
  severity.find((entry) => entry.if === undefined || entry.if(facts) === TRUE)?.set;

/**
 * The matches of one rule at several moments, the worst first and those of one severity as they were. In order each would
 * have been asked for, and the worst of them would have made the alert what it is.
 */
export function worstFirst(rule: CompiledRule, matches: readonly Evaluation[]): readonly Evaluation[] {
  if (matches.length < 2 || rule.severity.length < 2) return matches;
  return matches
    .map((match) => ({ match, severity: severityOf(rule, match.facts) ?? '' }))
    .sort((a, b) => (a.severity < b.severity ? -1 : a.severity > b.severity ? 1 : 0))
    .map(({ match }) => match);
}

/** As `severityOf`, where the rules of a set may leave it to the set. */
export const severityIn = (rule: CompiledRule, facts: Facts, { defaults }: RuleSet): Severity =>
  severityOf(rule, facts) ?? defaults.severity;
