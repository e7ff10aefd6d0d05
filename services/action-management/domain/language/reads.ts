import type { Condition, Operand, Rule } from './ast.ts';

/** Every operand that a condition reads; of a ratio, its two windows. */
export function operandsOf(condition: Condition): readonly Operand[] {
  if (condition.type === 'compare') {
    const { operand } = condition;
    return operand.from === 'ratio' ? [operand.of, operand.to] : [operand];
  }
  return condition.type === 'not' ? operandsOf(condition.of) : condition.of.flatMap(operandsOf);
}

/** The fields of signals that conditions and texts of a rule read; its windows have their own. */
export function readOfSignals(rule: Omit<Rule, 'settleMs'>): readonly string[] {
  const conditions = [rule.when, rule.muteIf, ...[...rule.severity, ...rule.route].map((entry) => entry.if)];
  const templates = [rule.dedupeKey, ...rule.playbook].flatMap(({ parts }) =>
    parts.flatMap((part) => (typeof part === 'string' || typeof part.reads === 'string' ? [] : [part.reads])),
  );
  return [
    ...conditions.flatMap((condition) => (condition === undefined ? [] : operandsOf(condition))),
    ...templates,
  ].flatMap((operand) =>
    operand.from === 'captured' ? [operand.remembered] : operand.from === 'event' ? [operand.name] : [],
  );
}

/** The fields of past signals by which a rule counts them, or takes them into its sequence. */
export function readOfPast({ windows, sequence }: Omit<Rule, 'settleMs'>): readonly string[] {
  const { steps = [], absence } = sequence ?? {};
  const takings = absence === undefined ? steps : [...steps, absence];
  return [
    ...windows.flatMap(({ field }) => (field === undefined ? [] : [field.name])),
    ...[...windows, ...takings]
      .flatMap(({ where }) => (where === undefined ? [] : operandsOf(where)))
      .map(({ name }) => name),
    ...takings.flatMap(({ same }) => same.flatMap(({ name, as }) => [name, as.remembered])),
  ];
}
