import type { Rule } from '../language/ast.ts';
import { type Finding, finding, type PlacedRule, placeWords } from './finding.ts';
import { operandName } from './lint-conditions.ts';
import { allOf, implies, isNever, listeningTo, reasonKey, type Way, type Ways, waysOf } from './ways.ts';

/** What is wrong between rules: one covered by another, two alerts for one reason, inhibition that has no effect. */
export function lintBetweenRules(all: readonly PlacedRule[]): Finding[] {
  const stages = new Map(all.map(({ rule }) => [rule.id, rule.stage]));
  const live = all
    .filter(({ rule }) => rule.stage === 'live')
    .map(withWays)
    .filter(({ matching }) => !isNever(matching));
  const pairs = live.flatMap((one, index) => live.slice(index + 1).map((other) => [one, other] as const));
  return [
    ...all.flatMap((placed) => silentInhibitors(placed, stages)),
    ...pairs.flatMap(([one, other]) => lintPair(one, other)),
  ];
}

interface Live {
  readonly placed: PlacedRule;
  readonly when: Ways;
  readonly matching: Ways;
}

function withWays(placed: PlacedRule): Live {
  const when = waysOf(placed.rule.when);
  return { placed, when, matching: allOf([listeningTo(placed.rule.listen), when]) };
}

function lintPair(one: Live, other: Live): Finding[] {
  const [a, b] = [one.placed.rule, other.placed.rule];
  const common = a.listen.filter((type) => b.listen.includes(type));
  // What a sequence waits for is not reasoned about.
  if (common.length === 0 || a.sequence !== undefined || b.sequence !== undefined) return [];
  if (judgedFor(a) !== judgedFor(b)) return [];
  if (implies(one.matching, other.matching)) return [covered(one, other)];
  if (implies(other.matching, one.matching)) return [covered(other, one)];
  return overlap(one, other, common);
}

/** The customer, or the fields that make the segment. */
const judgedFor = ({ scope, key }: Rule): string => [scope, ...key.map(({ name }) => name)].join(' ');

function covered(narrow: Live, wide: Live): Finding {
  const { rule, file } = wide.placed;
  return finding(
    'covered-by-another',
    narrow.placed,
    narrow.placed.rule.when.at,
    `whenever this matches, ${rule.id} matches too (${placeWords(file, rule.when.at)}), and two alerts are raised`,
    `narrow one of them, or retire this rule`,
  );
}

/**
 * Two rules raise two alerts for one reason when a single signal can satisfy both, and both look at the same facts
 * of what happened. What is known of the customer is no reason, it says who matters.
 */
function overlap(one: Live, other: Live, common: readonly string[]): Finding[] {
  if (one.when.tooMany || other.when.tooMany) return [];
  const types = listeningTo(one.placed.rule.listen.filter((type) => common.includes(type)));
  for (const left of one.when.ways) {
    for (const right of other.when.ways) {
      const reasons = reasonsOf(left);
      if (reasons.size === 0 || !sameSet(reasons, reasonsOf(right)) || !shareWords(left, right)) continue;
      const together = allOf([types, single(left), single(right)]);
      if (isNever(together)) continue;
      return [twice(one, other, left)];
    }
  }
  return [];
}

/** A text can speak of leaving and of a lawyer; those are two reasons, although both stand in one field. */
const shareWords = (left: Way, right: Way): boolean =>
  [...left].every(([key, { possible: a }]) => {
    const b = right.get(key)?.possible;
    if (b === undefined || a.someOf.length === 0 || b.someOf.length === 0) return true;
    return a.someOf.some((one) => b.someOf.some((other) => [...one].some((word) => other.has(word))));
  });

const single = (way: Way): Ways => ({ ways: [way], conflicts: [], tooMany: false });

const reasonsOf = (way: Way): ReadonlySet<string> =>
  new Set(
    [...way.values()]
      .map(({ operand }) => operand)
      .filter((operand) => operand.from !== 'profile' && operand.name !== 'type')
      .map(reasonKey),
  );

const sameSet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((key) => b.has(key));

function twice(one: Live, other: Live, way: Way): Finding {
  const { rule, file } = one.placed;
  const facts = [...way.values()]
    .filter(({ operand }) => operand.from !== 'profile')
    .map(({ operand }) => operandName(operand));
  return finding(
    'two-alerts-for-one-reason',
    other.placed,
    other.placed.rule.when.at,
    `one signal can raise this and ${rule.id} (${placeWords(file, rule.when.at)}), both because of ${[...new Set(facts)].join(', ')}`,
    `leave to one rule what the other has, for example with not`,
  );
}

function silentInhibitors(placed: PlacedRule, stages: ReadonlyMap<string, string>): Finding[] {
  return placed.rule.inhibitedBy.flatMap((id, index) => {
    const stage = stages.get(id);
    if (stage === undefined || stage === 'live' || stage === 'canary') return [];
    const at = placed.place(['spec', 'suppress', 'inhibited_by', index]);
    const message = `"${id}" is in stage ${stage} and holds nothing back until it is live`;
    return [finding('inhibited-by-silent-rule', placed, at, message, `make ${id} live, or remove it here`)];
  });
}
