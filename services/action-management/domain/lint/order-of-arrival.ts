import type { Comparison, Condition, Defaults, Operand, Place, Rule, Window } from '../language/ast.ts';
import { NOT_REMEMBERED } from '../language/fields.ts';
import { LIMITS } from '../language/limits.ts';
import type { OperatorName } from '../language/operators.ts';
import { operandsOf } from '../language/reads.ts';
import { type Finding, finding, type PlacedRule } from './finding.ts';

/** Why signals that arrive in another order may end in other alerts. */
export type Because =
  /** More signals can make true what was false and false what was true. */
  | 'wavers'
  /** It is below a limit until more arrives. */
  | 'bounded-above'
  /** What must not come may come late. */
  | 'absence'
  /** A sequence is judged once, by the signals that complete it first. */
  | 'judged-once'
  /** Scoring makes it of what has arrived. */
  | 'scored-so-far'
  /** A late signal makes past signals be judged again, and this is not known of them any more. */
  | 'forgotten'
  /** The first match is the alert, and others do not join it. */
  | 'first-comes'
  /** Late signals are judged so far back and no further. */
  | 'out-of-reach';

/** One thing in a rule by which the order of arrival decides. */
export interface Dependence {
  readonly because: Because;
  /** As the author wrote it: `mood_30d`, `profile.churn_risk`. */
  readonly what: string;
  readonly at: Place;
}

/**
 * Everything in a rule by which it may end otherwise when its signals arrive in another order within the allowed
 * lateness, or twice. Nothing for a rule that settles: it judges in the order of what happened.
 *
 * Not meant: what people did meanwhile, what the CRM says of a customer meanwhile, which requests a storm or an open alert
 * about a segment holds back, and who is told by when. A rule without a dependence gives the same alerts with the same
 * severities; a property test holds the shipped rules to that.
 */
export function dependencesOf(
  rule: Rule,
  defaults: Pick<Defaults, 'allowedLatenessMs'>,
): readonly Dependence[] {
  if (rule.settleMs > 0) return [];
  if (rule.sequence !== undefined) return ofSequence(rule);
  return [
    ...ofCondition(rule.when, true, rule),
    ...(rule.muteIf === undefined ? [] : ofCondition(rule.muteIf, false, rule)),
    ...ofSeverity(rule),
    ...ofKey(rule),
    ...ofReach(rule, defaults),
  ];
}

/** Every comparison that more signals can undo. `grows`: whether being true makes the rule match. */
function ofCondition(condition: Condition, grows: boolean, rule: Rule): readonly Dependence[] {
  switch (condition.type) {
    case 'all':
    case 'any':
      return condition.of.flatMap((part) => ofCondition(part, grows, rule));
    case 'not':
      return ofCondition(condition.of, !grows, rule);
    case 'compare':
      return ofComparison(condition, grows, rule);
  }
}

function ofComparison(comparison: Comparison, grows: boolean, rule: Rule): readonly Dependence[] {
  const { operand, at } = comparison;
  const found = (because: Because): Dependence[] => [{ because, what: nameOf(operand), at }];
  switch (operand.from) {
    case 'ratio':
      return found('wavers');
    case 'window':
      return ofWindow(comparison, operand.window, grows).flatMap(found);
    case 'profile':
      return SCORED.has(operand.name) ? found('scored-so-far') : [];
    case 'event':
      if (OF_ITS_ARRIVAL.has(operand.name)) return found('scored-so-far');
      return isForgotten(operand.name, rule) ? found('forgotten') : [];
    case 'captured':
    case 'remembered':
      return [];
  }
}

function ofWindow(comparison: Comparison, window: Window, grows: boolean): readonly Because[] {
  const scored = window.where === undefined ? [] : operandsOf(window.where);
  const names = [...scored.map(({ name }) => name), window.field?.name ?? ''];
  if (names.some((name) => OF_ITS_ARRIVAL.has(name))) return ['scored-so-far'];
  const way = directionOf(window);
  if (comparison.operator === 'exists') {
    return way === 'count' || (comparison.literal === true) === grows ? [] : ['bounded-above'];
  }
  if (way === 'wavers') return ['wavers'];
  const upwards = way === 'down' ? BELOW : ABOVE;
  const downwards = way === 'down' ? ABOVE : BELOW;
  if ((grows ? upwards : downwards).includes(comparison.operator)) return [];
  return (grows ? downwards : upwards).includes(comparison.operator) ? ['bounded-above'] : ['wavers'];
}

const ABOVE: readonly OperatorName[] = ['gt', 'gte'];
const BELOW: readonly OperatorName[] = ['lt', 'lte'];

/** Where the value of a window goes when more signals arrive that lie in it. */
function directionOf({ fn, field, baseline }: Window): 'count' | 'up' | 'down' | 'wavers' {
  if (baseline !== undefined) return 'wavers';
  switch (fn) {
    case 'count':
    case 'distinct':
      return 'count';
    case 'max':
      return 'up';
    case 'min':
      return 'down';
    case 'sum':
      return (field?.field.range?.[0] ?? Number.NEGATIVE_INFINITY) >= 0 ? 'up' : 'wavers';
    case 'avg':
    case 'last':
    case 'trend':
      return 'wavers';
  }
}

/** What scoring knows of a customer from their signals, other than what the CRM says. */
const SCORED: ReadonlySet<string> = new Set([
  'churn_risk',
  'sentiment',
  'complaints_30d',
  'open_complaints',
  'contacts_30d',
  'transfers_30d',
  'days_since_contact',
]);

const OF_ITS_ARRIVAL: ReadonlySet<string> = new Set(['risk_score', 'risk_change']);

/** A signal is only judged again where something is counted; a segment remembers of it what makes the segment. */
function isForgotten(name: string, { scope, key, windows }: Rule): boolean {
  if (windows.length === 0) return false;
  return scope === 'segment' ? !key.some((field) => field.name === name) : NOT_REMEMBERED.has(name);
}

/**
 * An alert ends with the worst severity of its matches, whatever came first; so conditions of severity must be such that
 * more signals only make it worse.
 */
function ofSeverity(rule: Rule): readonly Dependence[] {
  const { severity, plan } = rule;
  const found = severity.flatMap((entry) =>
    entry.if === undefined ? [] : ofCondition(entry.if, true, rule),
  );
  const counting = severity.flatMap((entry, index) => {
    const better = severity.slice(index + 1).some(({ set }) => set < entry.set);
    const operands = entry.if === undefined ? [] : operandsOf(entry.if);
    return better ? operands.filter(({ from }) => from === 'window') : [];
  });
  const first = severity.find(({ if: when }) => when !== undefined)?.if;
  return [
    ...found,
    ...counting.map(
      (operand): Dependence => ({ because: 'wavers', what: nameOf(operand), at: rule.when.at }),
    ),
    ...(first === undefined || plan.mergeOpen
      ? []
      : [{ because: 'first-comes', what: 'merge_open: false', at: first.at } as const]),
  ];
}

/** Which alert it is must not depend on what has arrived either. */
function ofKey(rule: Rule): readonly Dependence[] {
  return rule.dedupeKey.parts.flatMap((part): Dependence[] => {
    if (typeof part === 'string' || typeof part.reads === 'string') return [];
    const { from, name } = part.reads;
    const scored = from === 'profile' ? SCORED.has(name) : OF_ITS_ARRIVAL.has(name);
    const what = `{${part.name}}`;
    if (scored) return [{ because: 'scored-so-far', what, at: rule.when.at }];
    if (from === 'window') return [{ because: 'wavers', what, at: rule.when.at }];
    return from === 'event' && isForgotten(name, rule)
      ? [{ because: 'forgotten', what, at: rule.when.at }]
      : [];
  });
}

/** A segment keeps so many buckets of a sixtieth of its shortest window. */
function ofReach(
  rule: Rule,
  { allowedLatenessMs }: Pick<Defaults, 'allowedLatenessMs'>,
): readonly Dependence[] {
  if (rule.scope !== 'segment') return [];
  return rule.windows
    .filter(
      ({ baseline, overMs }) =>
        baseline === undefined && (overMs / 60) * LIMITS.segmentLateBuckets < allowedLatenessMs,
    )
    .map(({ name, at }) => ({ because: 'out-of-reach', what: name, at }));
}

/** A sequence is found whatever the order, and judged once, when it is complete. */
function ofSequence(rule: Rule): readonly Dependence[] {
  const { steps, absence } = rule.sequence ?? { steps: [] };
  if (absence !== undefined) return [{ because: 'absence', what: absence.of.join(', '), at: absence.at }];
  const conditions = [rule.when, rule.muteIf, ...rule.severity.map((entry) => entry.if)].filter(
    (condition) => condition !== undefined,
  );
  const [first] = steps;
  const isLaterSignal = (operand: Operand): boolean =>
    operand.from === 'event' || (operand.from === 'captured' && operand.step !== first?.name);
  const read = conditions.flatMap((condition) =>
    operandsOf(condition).map((operand) => ({ operand, condition })),
  );
  const keyed = rule.dedupeKey.parts.flatMap((part) =>
    typeof part === 'string' || typeof part.reads === 'string' ? [] : [part.reads],
  );
  return [
    // Of several signals that a step could take the earliest is taken, and with another one the rest may not follow in time.
    ...(steps.length > 2 ? [{ because: 'judged-once', what: 'sequence', at: rule.when.at } as const] : []),
    ...[...read, ...keyed.map((operand) => ({ operand, condition: rule.when }))].flatMap(
      ({ operand, condition }): Dependence[] => {
        const scored = operand.from === 'profile' && SCORED.has(operand.name);
        const late = operand.from === 'window' || operand.from === 'ratio' || isLaterSignal(operand);
        if (!scored && !late) return [];
        return [
          { because: scored ? 'scored-so-far' : 'judged-once', what: nameOf(operand), at: condition.at },
        ];
      },
    ),
  ];
}

const nameOf = (operand: Operand): string =>
  operand.from === 'event' || operand.from === 'profile' ? `${operand.from}.${operand.name}` : operand.name;

/** Tells the author once per rule, unless they said what they want: `settle: 0s` is at once, in the order of arrival. */
export function lintOrder(placed: PlacedRule, defaults: Pick<Defaults, 'allowedLatenessMs'>): Finding[] {
  if (placed.written.settle !== undefined) return [];
  const dependences = dependencesOf(placed.rule, defaults);
  const [first] = dependences;
  if (first === undefined) return [];
  const reasons = new Map(dependences.map(({ because, what }) => [`${what} ${WORDS[because]}`, because]));
  const cannotWait = dependences.find(
    ({ because, what }) => because === 'forgotten' || what.startsWith('event.risk_'),
  );
  const fix =
    cannotWait === undefined
      ? 'settle: 1h waits for what comes late and judges in the order of what happened; settle: 0s says that it is to judge at once'
      : `ask for something else than ${cannotWait.what} and add settle: 1h; or settle: 0s, which says that it is to judge at once`;
  const message = `signals that arrive in another order may end in other alerts: ${[...reasons.keys()].join('; ')}`;
  return [finding('order-of-arrival', placed, first.at, message, fix)];
}

const WORDS: Readonly<Record<Because, string>> = {
  wavers: 'can rise and fall with what comes late',
  'bounded-above': 'holds until more comes late',
  absence: 'may come late',
  'judged-once': 'is that of the signals that complete the sequence first',
  'scored-so-far': 'is what has arrived by then',
  forgotten: 'is only known of a signal when it arrives',
  'first-comes': 'makes the first match the alert',
  'out-of-reach': 'is judged again for twelve times its length only',
};
