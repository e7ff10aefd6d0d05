import type { Severity } from '../../contracts/alert-request.ts';
import { SIGNAL_TYPES, type SignalType } from '../../contracts/signal.ts';
import { compileCondition, type Reader, type Test } from './compile-condition.ts';
import { type Facts, readWindow } from './facts.ts';
import type { Condition, Defaults, Operand, Route, Rule, Window } from './language/ast.ts';
import type { FieldReader, RememberedSignal, Retention } from './window-state.ts';
import type { CompiledWindow } from './windows.ts';

/** A rule as closures. Judging it allocates nothing but the values of its windows. */
export interface CompiledRule {
  readonly rule: Rule;
  readonly when: Test<Facts>;
  readonly severity: readonly { readonly set: Severity; readonly if?: Test<Facts> }[];
  readonly route: readonly { readonly route: Route; readonly if?: Test<Facts> }[];
  readonly muteIf?: Test<Facts>;
  readonly windows: readonly CompiledWindow[];
  /** Reads any operand of the rule: for texts and explanations. */
  readonly reader: (operand: Operand) => Reader<Facts>;
}

/** All rules that are judged, ready to run. Immutable: a reload makes a new one. */
export interface RuleSet {
  /** Short hash over the files; stamped on every request. */
  readonly hash: string;
  readonly defaults: Defaults;
  /** Every rule of the folder, drafts and retired ones too. */
  readonly rules: readonly Rule[];
  /** The rules that listen to a type, in the order of their ids. */
  readonly listening: ReadonlyMap<SignalType, readonly CompiledRule[]>;
  readonly retention: Retention;
}

/** Stages whose rules are judged. */
const ACTIVE = ['live', 'shadow', 'canary'];

export function compileRuleSet(rules: readonly Rule[], defaults: Defaults, hash: string): RuleSet {
  const active = rules.filter(({ stage }) => ACTIVE.includes(stage)).sort((a, b) => (a.id < b.id ? -1 : 1));
  const windows = new SharedWindows();
  const compiled = active.map((rule) => compileRule(rule, windows));
  const listening = new Map<SignalType, readonly CompiledRule[]>();
  for (const type of SIGNAL_TYPES) {
    const listeners = compiled.filter(({ rule }) => rule.listen.includes(type));
    if (listeners.length > 0) listening.set(type, listeners);
  }
  return { hash, defaults, rules, listening, retention: retentionOf(active, defaults.allowedLatenessMs) };
}

/** Windows of several rules that would always have the same value are computed once. */
class SharedWindows {
  readonly #known = new Map<string, CompiledWindow>();

  compiled(window: Window): CompiledWindow {
    const identity = JSON.stringify([
      [...window.of].sort(),
      window.fn,
      window.field?.name,
      window.overMs,
      window.minSamples,
      window.perMs,
      window.where,
    ]);
    const known = this.#known.get(identity);
    if (known !== undefined) return known;
    const fresh: CompiledWindow = {
      window,
      index: this.#known.size,
      types: new Set(window.of),
      ...(window.where === undefined ? {} : { where: compileCondition(window.where, rememberedReader) }),
    };
    this.#known.set(identity, fresh);
    return fresh;
  }
}

function compileRule(rule: Rule, shared: SharedWindows): CompiledRule {
  const byName = new Map(rule.windows.map((window) => [window.name, shared.compiled(window)]));
  const reader = (operand: Operand): Reader<Facts> => {
    if (operand.from === 'window') {
      const window = byName.get(operand.name);
      return window === undefined ? () => undefined : (facts) => readWindow(facts, window);
    }
    const { read } = operand.field;
    return (facts) => read(facts.assessment);
  };
  const test = (condition: Condition) => compileCondition(condition, reader);
  return {
    rule,
    when: test(rule.when),
    severity: rule.severity.map(({ set, if: when }) => ({
      set,
      ...(when === undefined ? {} : { if: test(when) }),
    })),
    route: rule.route.map((route) => ({ route, ...(route.if === undefined ? {} : { if: test(route.if) }) })),
    ...(rule.muteIf === undefined ? {} : { muteIf: test(rule.muteIf) }),
    windows: [...byName.values()],
    reader,
  };
}

const rememberedReader =
  ({ name, from }: Operand): Reader<RememberedSignal> =>
  (signal) =>
    from !== 'remembered' ? undefined : name === 'type' ? signal.type : signal.fields?.[name];

/**
 * For each type that some window counts: how long it is kept, and which of its fields. The allowed lateness is
 * added, because a signal that comes that late is judged with a window that ends that much earlier.
 */
function retentionOf(rules: readonly Rule[], latenessMs: number): Retention {
  const keepMs = new Map<SignalType, number>();
  const fields = new Map<SignalType, Map<string, FieldReader>>();
  for (const window of rules.flatMap((rule) => rule.windows)) {
    for (const type of window.of) {
      keepMs.set(type, Math.max(keepMs.get(type) ?? 0, window.overMs + latenessMs));
      const ofType = fields.get(type) ?? new Map<string, FieldReader>();
      fields.set(type, ofType);
      for (const { name, field } of fieldsUsed(window)) ofType.set(name, { name, read: field.read });
    }
  }
  return { keepMs, fields: new Map([...fields].map(([type, readers]) => [type, [...readers.values()]])) };
}

function fieldsUsed(window: Window): { name: string; field: FieldReader }[] {
  const filtered = window.where === undefined ? [] : operandsOf(window.where);
  const used = filtered.flatMap((operand) =>
    operand.from === 'remembered' && operand.name !== 'type'
      ? [{ name: operand.name, field: operand.field }]
      : [],
  );
  const all = window.field === undefined ? used : [...used, window.field];
  return all.map(({ name, field }) => ({ name, field: { name, read: field.read } }));
}

/** Every operand that a condition reads. */
export function operandsOf(condition: Condition): readonly Operand[] {
  if (condition.type === 'compare') return [condition.operand];
  return condition.type === 'not' ? operandsOf(condition.of) : condition.of.flatMap(operandsOf);
}
