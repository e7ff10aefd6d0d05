import type { Comparison, Condition, Operand } from '../language/ast.ts';
import { OPERATORS } from '../language/operators.ts';
import { operandsOf } from '../language/reads.ts';
import type { Template } from '../language/template.ts';
import { MAX_SIGNALS } from '../window-state.ts';
import { type Finding, finding, type PlacedRule } from './finding.ts';
import { ALWAYS, allOf, implies, isNever, listeningTo, remembering, type Ways, waysOf } from './ways.ts';

/** What is wrong with the conditions of one rule, as far as it is certain. */
export function lintConditions(placed: PlacedRule): Finding[] {
  const { rule } = placed;
  // A sequence is judged when it is complete, by its last signal or by none.
  const listening = rule.sequence === undefined ? listeningTo(rule.listen) : ALWAYS;
  const limits = rule.scope === 'customer' ? remembering(rule.windows, MAX_SIGNALS) : ALWAYS;
  const matching = allOf([listening, limits, waysOf(rule.when)]);
  if (isNever(matching)) return [neverFires(placed, matching)];
  return [
    ...deadBranches(rule.when, listening, placed),
    ...muted(placed, matching),
    ...unreached('severity', rule.severity, matching, placed),
    ...unreached('route', rule.route, matching, placed),
    ...unusedWindows(placed),
  ];
}

function neverFires(placed: PlacedRule, { conflicts }: Ways): Finding {
  const [conflict] = conflicts;
  const last = conflict?.because.at(-1);
  return finding(
    'never-fires',
    placed,
    last?.at ?? placed.rule.when.at,
    `the rule can never match: ${conflictWords(conflict?.because ?? [], placed)}`,
    'change one of the two, join them by any, or remove the rule',
  );
}

/** `complaints_14d must be gte 5 and lt 3`. */
function conflictWords(because: readonly Comparison[], { rule }: PlacedRule): string {
  const [first, ...others] = because;
  if (first === undefined) return 'its conditions exclude one another';
  const name = operandName(first.operand);
  if (first.operand.from === 'event' && first.operand.name === 'type') {
    return `it listens to ${rule.listen.join(', ')}, and event.type would have to be ${comparisonText(first)}`;
  }
  if (others.length === 0) {
    const window = first.operand.from === 'window' ? first.operand.window.fn : undefined;
    const limit =
      window === 'count' || window === 'distinct' ? `; a window holds at most ${MAX_SIGNALS} signals` : '';
    return `${name} is never ${comparisonText(first)}${limit}`;
  }
  return `${name} would have to be ${because.map(comparisonText).join(' and also ')}`;
}

function comparisonText({ operator, literal }: Comparison): string {
  if (operator === 'exists') return OPERATORS.exists.words[literal === true ? 0 : 1];
  const value = Array.isArray(literal) ? literal.join(', ') : String(literal);
  return operator === 'eq' ? value : `${OPERATORS[operator].words[0]} ${value}`;
}

export const operandName = (operand: Operand): string =>
  operand.from === 'event' || operand.from === 'profile' ? `${operand.from}.${operand.name}` : operand.name;

/** Parts of an `any` that cannot be true beside what must hold anyway. */
function deadBranches(condition: Condition, context: Ways, placed: PlacedRule): Finding[] {
  if (condition.type === 'not' || condition.type === 'compare') return [];
  if (condition.type === 'all') {
    return condition.of.flatMap((part) => {
      const others = condition.of.filter((other) => other !== part).map((other) => waysOf(other));
      return deadBranches(part, allOf([context, ...others]), placed);
    });
  }
  return condition.of.flatMap((part) => {
    const possible = allOf([context, waysOf(part)]);
    if (!isNever(possible)) return deadBranches(part, context, placed);
    const because = possible.conflicts.at(-1)?.because ?? [];
    const message = `this part can never be true: ${conflictWords(because, placed)}`;
    return [finding('dead-branch', placed, part.at, message, 'remove the part, or correct its value')];
  });
}

function muted(placed: PlacedRule, matching: Ways): Finding[] {
  const { muteIf } = placed.rule;
  if (muteIf === undefined || !implies(matching, waysOf(muteIf))) return [];
  const at = placed.place(['spec', 'suppress', 'mute_if'], 'key');
  const message = 'whatever matches is muted, so the rule never alerts';
  return [finding('always-muted', placed, at, message, 'narrow mute_if, or set the stage to retired')];
}

/** Entries that come too late: whatever they are for has been taken by an entry above. */
function unreached(
  what: 'severity' | 'route',
  entries: readonly { readonly if?: Condition }[],
  matching: Ways,
  placed: PlacedRule,
): Finding[] {
  const lint = what === 'severity' ? 'severity-never-reached' : 'route-never-reached';
  const asked = entries.map((entry) =>
    entry.if === undefined ? matching : allOf([matching, waysOf(entry.if)]),
  );
  return asked.flatMap((ways, index) => {
    const at = placed.place(['spec', what, index]);
    if (isNever(ways)) {
      const because = ways.conflicts.at(-1)?.because ?? [];
      const message = `this entry is never taken: when the rule matches, ${conflictWords(because, placed)}`;
      return [finding(lint, placed, at, message, 'remove the entry, or correct its if')];
    }
    const earlier = asked.findIndex((other, place) => place < index && implies(ways, other));
    if (earlier === -1) return [];
    const message = `this entry is never taken: whatever it is for is taken by entry ${earlier + 1} above`;
    return [finding(lint, placed, at, message, 'move the entry up, or remove it')];
  });
}

function unusedWindows(placed: PlacedRule): Finding[] {
  const { rule } = placed;
  const conditions = [
    rule.when,
    ...(rule.muteIf === undefined ? [] : [rule.muteIf]),
    ...[...rule.severity, ...rule.route].flatMap((entry) => (entry.if === undefined ? [] : [entry.if])),
  ];
  const texts = [rule.dedupeKey, ...rule.playbook].flatMap(operandsIn);
  const read = new Set([...conditions.flatMap(operandsOf), ...texts].map(operandName));
  const unread = rule.windows.filter(({ name }) => !read.has(name));
  return unread.map(({ name, at }) =>
    finding(
      'window-unused',
      placed,
      at,
      `nothing reads the window "${name}"`,
      `use ${name} in when, or remove it: it costs memory for every customer`,
    ),
  );
}

const operandsIn = ({ parts }: Template): Operand[] =>
  parts.flatMap((part) => (typeof part === 'string' || typeof part.reads === 'string' ? [] : [part.reads]));
