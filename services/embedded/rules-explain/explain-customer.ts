import type { RulesSince } from '../../action-management/adapters/kept-rule-sets.sqlite.ts';
import { explain, type Result } from '../../action-management/domain/evaluate.ts';
import type { Explanation } from '../../action-management/domain/explain.ts';
import { readWaitName } from '../../action-management/domain/waits.ts';
import { createActionManagementProcesses, RuleSetHolder } from '../../action-management/service.ts';
import type { AlertEventType } from '../../contracts/alert.ts';
import type { HeldReason, Stage } from '../../contracts/alert-request.ts';
import type { Assessment, Profile, RiskContribution } from '../../contracts/assessment.ts';
import type { SignalType } from '../../contracts/signal.ts';
import type { Calendars } from '../../settings/calendars.ts';
import { INTERNAL_TOPICS } from '../rules-replay/replay.ts';
import { Simulation } from '../rules-test/simulation.ts';

/** What was known of a customer at a moment, how each rule judged them last, and what came of it. */
export interface CustomerExplanation {
  readonly customerId: string;
  /** The latest signal that is taken into account. */
  readonly at: number;
  readonly signals: number;
  readonly profile: Profile;
  readonly riskScore: number;
  readonly riskContributions: readonly RiskContribution[];
  /** The last of the sets that were judged by. */
  readonly ruleSetHash: string;
  /** Sets by which this customer's recorded alerts were raised, where another one. */
  readonly recordedHashes: readonly string[];
  readonly rules: readonly RuleExplanation[];
}

export interface RuleExplanation {
  readonly rule: string;
  readonly title: string;
  readonly stage: Stage;
  /** Absent while the customer said nothing that the rule listens to. */
  readonly judged?: {
    readonly at: number;
    readonly signalId: string;
    readonly type: SignalType;
    readonly result: Result;
    readonly ruleSetHash: string;
    /** Every condition with its value: true, false or unknown. */
    readonly condition?: Explanation;
    readonly held?: { readonly reason: HeldReason; readonly words: string };
  };
  /** When the next thing is judged that the rule waits with; see `settle` and `absent` in rules/README.md. */
  readonly waitsUntil?: number;
  readonly listens: readonly SignalType[];
  readonly recorded: readonly RecordedEvent[];
}

/** What is recorded of a customer. */
export interface CustomerRecords {
  /** As scoring wrote them, oldest first. */
  readonly assessments: readonly { readonly appendedAt: number; readonly value: Assessment }[];
  readonly events: readonly AlertRecord[];
  /** Sets of rules that asked for its alerts. */
  readonly ruleSetHashes: readonly string[];
}

/** Something that happened to an alert of a rule. */
export interface AlertRecord {
  readonly at: number;
  readonly type: AlertEventType;
  readonly ruleId: string;
  readonly label: string;
  readonly stage: Stage;
  readonly held?: HeldReason | undefined;
  readonly heldBy?: string | undefined;
}

/** What alerting recorded for the rule and the customer. */
export interface RecordedEvent {
  readonly at: number;
  readonly type: AlertEventType;
  readonly label: string;
  /** Of a rule that is in shadow, or in canary and not for this customer. */
  readonly tellsNobody: boolean;
  readonly held?: string;
}

/** The rules by which something is explained: those that were in force, the first of them also for what was before. */
export interface RulesThen {
  readonly sets: readonly [RulesSince, ...RulesSince[]];
  readonly calendars: Calendars;
}

/**
 * Judges a customer's recorded assessments again, each at the time at which it was recorded and by the rules of that time,
 * and tells how every rule judged the last signal that it listens to. What a signal said, the profile and the risk are
 * what was recorded then, not what is known today.
 */
export function explainCustomer(
  { sets, calendars }: RulesThen,
  { assessments: records, events, ruleSetHashes }: CustomerRecords,
  until = records.at(-1)?.appendedAt ?? 0,
): CustomerExplanation | undefined {
  const last = records.at(-1)?.value;
  if (last === undefined) return undefined;
  const { judged, waits } = judgeAll(sets, calendars, records, until);
  const { ruleSet } = sets.at(-1) ?? sets[0];
  return {
    customerId: last.customerId,
    at: last.assessedAt,
    signals: records.length,
    profile: last.profile,
    riskScore: last.riskScore,
    riskContributions: last.riskContributions,
    ruleSetHash: ruleSet.hash,
    recordedHashes: ruleSetHashes.filter((hash) => hash !== ruleSet.hash),
    rules: ruleSet.rules.map((rule): RuleExplanation => {
      const judgement = judged.get(rule.id);
      const waitsUntil = waits.get(rule.id);
      return {
        rule: rule.id,
        title: rule.title,
        stage: rule.stage,
        listens: rule.listen,
        ...(waitsUntil === undefined ? {} : { waitsUntil }),
        ...(judgement === undefined ? {} : { judged: judgement }),
        recorded: events.filter(({ ruleId }) => ruleId === rule.id).map(recordedEvent),
      };
    }),
  };
}

type Judgement = NonNullable<RuleExplanation['judged']>;

/** Per rule, how it judged the last signal that it listens to, or the last thing that did not come, and what it waits for. */
function judgeAll(
  [first, ...later]: RulesThen['sets'],
  calendars: Calendars,
  records: CustomerRecords['assessments'],
  until: number,
): { readonly judged: Map<string, Judgement>; readonly waits: ReadonlyMap<string, number> } {
  const judged = new Map<string, Judgement>();
  const holder = new RuleSetHolder(first.ruleSet);
  const simulation = new Simulation({
    processes: createActionManagementProcesses({
      ruleSet: holder,
      calendars,
      onEvaluation: (rule, evaluation) => {
        const { signal } = evaluation.facts.assessment;
        judged.set(rule.rule.id, {
          at: simulation.now,
          signalId: signal.id,
          type: signal.type,
          result: evaluation.result,
          ruleSetHash: holder.current.hash,
          ...(evaluation.result === 'error' ? {} : { condition: explain(rule, evaluation) }),
        });
      },
    }),
    chained: INTERNAL_TOPICS,
    start: records[0]?.appendedAt ?? 0,
    onFact: ({ topic, value }) => {
      if (topic !== 'alert-requests' || value.held === undefined) return;
      const judgement = judged.get(value.ruleId);
      if (judgement === undefined) return;
      judged.set(value.ruleId, { ...judgement, held: { reason: value.held, words: value.heldBy ?? '' } });
    },
  });
  const moveTo = (instant: number): void => {
    while (later[0] !== undefined && later[0].at <= instant) {
      simulation.moveTo(later[0].at);
      holder.replace(later[0].ruleSet);
      later.shift();
    }
    simulation.moveTo(instant);
  };
  for (const { value, appendedAt } of records) {
    moveTo(appendedAt);
    simulation.hand({ topic: 'assessments', key: value.customerId, value });
  }
  moveTo(until);
  const waits = simulation.timers
    .map(({ name, dueAt }) => [readWaitName(name).ruleId, dueAt] as const)
    .sort(([, a], [, b]) => b - a);
  return { judged, waits: new Map(waits) };
}

const recordedEvent = ({ at, type, label, stage, held, heldBy }: AlertRecord): RecordedEvent => ({
  at,
  type,
  label,
  tellsNobody: stage === 'shadow',
  ...(held === undefined ? {} : { held: heldBy === undefined ? held : `${held} (${heldBy})` }),
});
