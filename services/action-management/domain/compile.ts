import type { Severity } from '../../contracts/alert-request.ts';
import { SIGNAL_TYPES, type SignalType } from '../../contracts/signal.ts';
import { type Beats, beatMsOf, beatsOf } from './beats.ts';
import { compileCondition, type Reader, type Test } from './compile-condition.ts';
import { type Facts, readWindow } from './facts.ts';
import type {
  Absence,
  Condition,
  Defaults,
  Operand,
  Route,
  Rule,
  SequenceStep,
  Window,
} from './language/ast.ts';
import type { Names } from './language/check.ts';
import { EVENT_FIELDS, NOT_REMEMBERED } from './language/fields.ts';
import { operandsOf, readOfPast, readOfSignals } from './language/reads.ts';
import { type CompiledSequence, type CompiledTaking, longestMs, rememberedValue } from './sequences.ts';
import { rememberedReader, SharedWindows } from './shared-windows.ts';
import type { FieldReader, Retention } from './window-state.ts';
import type { CompiledWindow } from './windows.ts';

/** A rule as closures. Judging it allocates nothing but the values of its windows. */
export interface CompiledRule {
  readonly rule: Rule;
  readonly when: Test<Facts>;
  readonly severity: readonly { readonly set: Severity; readonly if?: Test<Facts> }[];
  readonly route: readonly { readonly route: Route; readonly if?: Test<Facts> }[];
  readonly muteIf?: Test<Facts>;
  readonly windows: readonly CompiledWindow[];
  readonly sequence?: CompiledSequence;
  /** Of a segment rule: when it is judged. */
  readonly beats?: Beats;
  /** Reads any operand of the rule: for texts and explanations. */
  readonly reader: (operand: Operand) => Reader<Facts>;
  /** Judges any condition of the rule, or a part of one; compiled when it is asked for first. */
  readonly test: (condition: Condition) => Test<Facts>;
}

/** What a set is read from: with it, the same set can be read again. */
export interface RuleSetSource {
  readonly files: readonly { readonly name: string; readonly text: string }[];
  readonly names: Names;
}

/** All rules that are judged, ready to run. Immutable: a reload makes a new one. */
export interface RuleSet {
  /** Short hash over the files; stamped on every request. */
  readonly hash: string;
  readonly defaults: Defaults;
  /** The files that it was read from; not there for a set that was made of another. */
  readonly source?: RuleSetSource;
  /** Every rule of the folder, drafts and retired ones too. */
  readonly rules: readonly Rule[];
  /** The rules that judge a signal of a type when it arrives, in the order of their ids. */
  readonly listening: ReadonlyMap<SignalType, readonly CompiledRule[]>;
  /**
   * The same rules by every type that they listen to or count: those that a signal which comes late may make match at the
   * time of a signal after it.
   */
  readonly counting: ReadonlyMap<SignalType, readonly CompiledRule[]>;
  /** The rules with a sequence in which a signal of the type can have a part. */
  readonly sequences: ReadonlyMap<SignalType, readonly CompiledRule[]>;
  /** The rules without a sequence that wait before they judge, by every type that they listen to or count. */
  readonly settling: ReadonlyMap<SignalType, readonly CompiledRule[]>;
  /** How signals of a type are handed to segments: one for each set of fields by which some rule looks at them. */
  readonly segments: ReadonlyMap<SignalType, readonly SegmentKeying[]>;
  /** The rules that are judged, by id. */
  readonly byId: ReadonlyMap<string, CompiledRule>;
  readonly retention: Retention;
}

/** All segment rules that share their key. */
export interface SegmentKeying {
  /** `product/region`: the names of the fields. */
  readonly names: string;
  readonly key: Rule['key'];
  readonly windows: readonly CompiledWindow[];
  /** The rules by every type that they listen to or count: those whose outcome such a signal may change. */
  readonly concerned: ReadonlyMap<SignalType, readonly CompiledRule[]>;
  /** How long before the newest instant late signals make rules judge again, as far as there are buckets for it. */
  readonly lateMs: number;
}

/** Stages whose rules are judged. */
const ACTIVE = ['live', 'shadow', 'canary'];

export function compileRuleSet(rules: readonly Rule[], defaults: Defaults, hash: string): RuleSet {
  const active = rules.filter(({ stage }) => ACTIVE.includes(stage)).sort((a, b) => (a.id < b.id ? -1 : 1));
  const windows = new SharedWindows();
  const compiled = active.map((rule) => compileRule(rule, windows));
  const ofCustomers = compiled.filter(({ rule }) => rule.scope === 'customer');
  const ofSignals = ofCustomers.filter(({ sequence }) => sequence === undefined);
  const atOnce = ofSignals.filter(({ rule }) => rule.settleMs === 0);
  const settling = ofSignals.filter(({ rule }) => rule.settleMs > 0);
  return {
    hash,
    defaults,
    rules,
    listening: byType(atOnce, ({ rule }) => rule.listen),
    counting: byType(atOnce, typesCounted),
    settling: byType(settling, typesCounted),
    sequences: byType(ofCustomers, typesInSequence),
    segments: byType(
      segmentKeyings(
        compiled.filter(({ rule }) => rule.scope === 'segment'),
        defaults.allowedLatenessMs,
      ),
      ({ concerned }) => [...concerned.keys()],
    ),
    byId: new Map(compiled.map((rule) => [rule.rule.id, rule])),
    retention: retentionOf(
      ofCustomers.map(({ rule }) => rule),
      defaults.allowedLatenessMs,
    ),
  };
}

/** The same set, hash and memory, with some of its rules judged no more. */
export function withoutRules(ruleSet: RuleSet, ids: ReadonlySet<string>): RuleSet {
  const stays = ({ rule }: CompiledRule): boolean => !ids.has(rule.id);
  const staying = (rules: RuleSet['listening']): RuleSet['listening'] =>
    new Map([...rules].map(([type, list]) => [type, list.filter(stays)]));
  return {
    ...ruleSet,
    listening: staying(ruleSet.listening),
    counting: staying(ruleSet.counting),
    sequences: staying(ruleSet.sequences),
    settling: staying(ruleSet.settling),
    segments: new Map(
      [...ruleSet.segments].map(([type, keyings]) => [
        type,
        keyings.map((keying) => ({ ...keying, concerned: staying(keying.concerned) })),
      ]),
    ),
    byId: new Map([...ruleSet.byId].filter(([id]) => !ids.has(id))),
  };
}

/** What concerns each signal type; types that concern nothing are not in it. */
function byType<T>(
  all: readonly T[],
  typesOf: (one: T) => readonly SignalType[],
): ReadonlyMap<SignalType, readonly T[]> {
  const found = new Map<SignalType, readonly T[]>();
  for (const type of SIGNAL_TYPES) {
    const concerned = all.filter((one) => typesOf(one).includes(type));
    if (concerned.length > 0) found.set(type, concerned);
  }
  return found;
}

const typesCounted = ({ rule }: CompiledRule): readonly SignalType[] => [
  ...rule.listen,
  ...rule.windows.flatMap(({ of }) => of),
];

const typesInSequence = ({ sequence }: CompiledRule): readonly SignalType[] => [
  ...(sequence?.sequence.steps ?? []).flatMap(({ of }) => of),
  ...(sequence?.sequence.absence?.of ?? []),
];

function segmentKeyings(rules: readonly CompiledRule[], latenessMs: number): readonly SegmentKeying[] {
  const groups = Map.groupBy(rules, ({ rule }) => namesOf(rule.key));
  return [...groups].map(([names, group]) => ({
    names,
    key: group[0]?.rule.key ?? [],
    windows: [
      ...new Set(group.flatMap(({ windows, beats }) => [...windows, ...(beats ? [beats.marks] : [])])),
    ],
    concerned: byType(group, typesCounted),
    lateMs: latenessMs + Math.max(...group.map(({ rule }) => rule.settleMs)),
  }));
}

const namesOf = (key: Rule['key']): string => key.map(({ name }) => name).join('/');

function compileRule(rule: Rule, shared: SharedWindows): CompiledRule {
  const beatMs = beatMsOf(rule);
  const byName = new Map(
    rule.windows.map((window) => [window.name, shared.compiled(window, rule.scope, beatMs)]),
  );
  const reader = (operand: Operand): Reader<Facts> => {
    if (operand.from === 'window') {
      const window = byName.get(operand.name);
      return window === undefined ? () => undefined : (facts) => readWindow(facts, window);
    }
    if (operand.from === 'ratio') return ratioReader(reader(operand.of), reader(operand.to));
    if (operand.from === 'captured') {
      const { step, remembered } = operand;
      return ({ captured }) => captured?.[step] && rememberedValue(captured[step], remembered);
    }
    if (operand.from === 'event' && rule.sequence !== undefined) {
      return ({ event }) => event && rememberedValue(event, operand.name);
    }
    const { read } = operand.field;
    if (operand.from === 'event') {
      const { name } = operand;
      return (facts) =>
        facts.event === undefined ? read(facts.assessment) : rememberedValue(facts.event, name);
    }
    return (facts) => read(facts.assessment);
  };
  const tests = new Map<Condition, Test<Facts>>();
  const test = (condition: Condition): Test<Facts> => {
    const compiled = tests.get(condition) ?? compileCondition(condition, reader);
    tests.set(condition, compiled);
    return compiled;
  };
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
    ...(rule.sequence === undefined ? {} : { sequence: compileSequence(rule.sequence) }),
    ...(beatMs === undefined
      ? {}
      : { beats: beatsOf(rule, beatMs, (window) => shared.compiled(window, 'segment', beatMs)) }),
    reader,
    test,
  };
}

/** Nothing is a multiple of nothing: with a usual value of 0 the ratio is unknown. */
const ratioReader =
  (of: Reader<Facts>, to: Reader<Facts>): Reader<Facts> =>
  (facts) => {
    const below = to(facts);
    if (typeof below !== 'number' || below === 0) return undefined;
    const above = of(facts);
    return typeof above === 'number' ? above / below : undefined;
  };

function compileSequence(sequence: NonNullable<Rule['sequence']>): CompiledSequence {
  const { steps, absence } = sequence;
  return {
    sequence,
    steps: steps.map(compileTaking),
    ...(absence === undefined ? {} : { absence: compileTaking(absence) }),
  };
}

const compileTaking = ({ of, where }: SequenceStep | Absence): CompiledTaking => ({
  types: new Set(of),
  ...(where === undefined ? {} : { where: compileCondition(where, rememberedReader) }),
});

/**
 * For each type that some window counts: how long it is kept, and which of its fields. The allowed lateness is
 * added, because a signal that comes that late is judged with a window that ends that much earlier.
 */
function retentionOf(rules: readonly Rule[], latenessMs: number): Retention {
  const keepMs = new Map<SignalType, number>();
  const fields = new Map<SignalType, Map<string, FieldReader>>();
  const needs = rules.flatMap(needsOf);
  for (const need of needs) {
    for (const type of need.of) {
      keepMs.set(type, Math.max(keepMs.get(type) ?? 0, need.forMs + latenessMs));
      const ofType = fields.get(type) ?? new Map<string, FieldReader>();
      fields.set(type, ofType);
      for (const name of need.fields) {
        const field = EVENT_FIELDS.get(name);
        if (field !== undefined && name !== 'type') ofType.set(name, { name, read: field.read });
      }
    }
  }
  return {
    keepMs,
    fields: new Map([...fields].map(([type, readers]) => [type, [...readers.values()]])),
    tracksSince: rules.some(({ windows }) => windows.some(({ baseline }) => baseline !== undefined)),
  };
}

/** Signals of these types must be remembered for so long, with these fields. */
interface Need {
  readonly of: readonly SignalType[];
  readonly forMs: number;
  readonly fields: readonly string[];
}

/** A rule that settles looks back from an instant that is past by then. */
const needsOf = (rule: Rule): readonly Need[] =>
  [
    ...rule.windows.map(windowNeed),
    ...listeningNeed(rule),
    ...sequenceNeeds(rule),
    ...(rule.fatigue === undefined
      ? []
      : [{ of: [rule.fatigue.count], forMs: rule.fatigue.overMs, fields: ['reached'] }]),
  ].map((need) => ({ ...need, forMs: need.forMs + rule.settleMs }));

const windowNeed = ({ of, overMs, baseline, field, where }: Window): Need => ({
  of,
  forMs: overMs + (baseline?.lookbackMs ?? 0),
  fields: [
    ...(field === undefined ? [] : [field.name]),
    ...(where === undefined ? [] : operandsOf(where).map(({ name }) => name)),
  ],
});

/**
 * A rule with windows is judged again, when a signal comes late, at the times of the signals after it. For that long they
 * keep what the rule reads of them; not their texts. One that settles is only ever judged by what is kept.
 */
function listeningNeed(rule: Rule): readonly Need[] {
  const settles = rule.settleMs > 0;
  if ((rule.windows.length === 0 && !settles) || rule.sequence !== undefined) return [];
  const fields = readOfSignals(rule).filter((name) => !NOT_REMEMBERED.has(name));
  return [{ of: rule.listen, forMs: 0, fields: [...(settles ? ALWAYS_KEPT : []), ...fields] }];
}

/** A sequence is judged by what is remembered of its signals, so they keep every field that the rule reads. */
function sequenceNeeds(rule: Rule): readonly Need[] {
  if (rule.sequence === undefined) return [];
  const { steps, absence } = rule.sequence;
  const takings = absence === undefined ? steps : [...steps, absence];
  const forMs =
    steps.reduce((sum, { withinMs = 0 }) => sum + withinMs, 0) +
    (absence === undefined ? 0 : longestMs(absence.for));
  const fields = [...ALWAYS_KEPT, ...readOfSignals(rule), ...readOfPast(rule)];
  return [{ of: takings.flatMap(({ of }) => of), forMs, fields }];
}

/** What an alert says of any signal, and by what it may be held back. */
const ALWAYS_KEPT = ['source', 'channel', 'sentiment', 'product', 'region'];
