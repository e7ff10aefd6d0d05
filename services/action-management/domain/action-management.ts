import type { AlertRequest } from '../../contracts/alert-request.ts';
import type { Assessment } from '../../contracts/assessment.ts';
import type { Segment } from '../../contracts/segment.ts';
import type { Silence } from '../../contracts/silence.ts';
import {
  type DueTimer,
  type Emit,
  HANDLED,
  type Input,
  type KeyedProcess,
  type Outcome,
  type Step,
  skipped,
} from '../../platform/keyed-process/keyed-process.ts';
import { BUILT_IN_CALENDARS, type Calendars } from '../../settings/calendars.ts';
import type { CompiledRule, RuleSet } from './compile.ts';
import { type Evaluation, evaluateOnce, type Judge } from './evaluate.ts';
import { judgeAll, judgeLate } from './judge-signal.ts';
import type { Circumstances } from './request.ts';
import { ruleSegment, segmentOf } from './segments.ts';
import { fireSettled } from './settling.ts';
import { advance, fireSequence } from './waiting.ts';
import { readWaitName } from './waits.ts';
import { EMPTY, happenedAt, isRepeat, remember, type WindowState } from './window-state.ts';

/** Told about every judgement, for counting. Must not throw and must not wait. */
export type OnEvaluation = (rule: CompiledRule, evaluation: Evaluation) => void;

/** What the rules are judged by, asked once per input: each is judged by exactly one rule set. */
export interface RulesInForce {
  readonly ruleSet: () => RuleSet;
  readonly onEvaluation?: OnEvaluation | undefined;
  /** Default: `evaluateOnce`. */
  readonly judge?: Judge | undefined;
  /** For absences in business time; without it every calendar but 24x7 is taken for 24x7. */
  readonly calendars?: Calendars | undefined;
  readonly silences?: (() => readonly Silence[]) | undefined;
}

/** Everything that one input is judged by. */
export interface Judging extends Circumstances {
  readonly calendars: Calendars;
  readonly onEvaluation: OnEvaluation | undefined;
  readonly judge: Judge;
}

export const judgingNow = (inForce: RulesInForce, now: number): Judging => ({
  ruleSet: inForce.ruleSet(),
  calendars: inForce.calendars ?? BUILT_IN_CALENDARS,
  silences: inForce.silences?.() ?? [],
  onEvaluation: inForce.onEvaluation,
  judge: inForce.judge ?? evaluateOnce,
  now,
});

/**
 * The rules about customers as a keyed process, one key per customer: an assessment comes in, is remembered, is
 * judged by every rule that listens to its type, and each match leaves as one alert request. What waits (sequences for
 * something not to come, rules that settle for what comes late) has a timer each. What segments count is handed on to them.
 */
export function createRulesProcess(
  ruleSet: () => RuleSet,
  onEvaluation?: OnEvaluation,
  more: Pick<RulesInForce, 'calendars' | 'silences' | 'judge'> = {},
): KeyedProcess<WindowState> {
  const inForce = { ruleSet, onEvaluation, ...more };
  return {
    name: 'action-management',
    keySpace: 'customer',
    inputs: ['assessments'],
    onInput: (state, input, now) => judge(state ?? EMPTY, input, judgingNow(inForce, now)),
    onTimer: (state, timer, now) => judgeWaiting(state ?? EMPTY, timer, judgingNow(inForce, now)),
  };
}

/** Some rule judges the signal later; its timer is counted then. */
export const SETTLES: Outcome = { type: 'handled', reason: 'settles' };

function judge(state: WindowState, input: Input, judging: Judging): Step<WindowState> {
  if (input.topic !== 'assessments') return skipped('other_topic');
  const assessment = input.value;
  const { ruleSet } = judging;
  const { type } = assessment.signal;
  const rules = ruleSet.listening.get(type);
  const sequences = ruleSet.sequences.get(type);
  const settling = ruleSet.settling.get(type);
  const segments = ruleSet.segments.get(type);
  const isWanted =
    rules !== undefined ||
    sequences !== undefined ||
    segments !== undefined ||
    ruleSet.retention.keepMs.has(type) ||
    state.waiting !== undefined;
  if (!isWanted) return skipped('no_rule_listens');
  if (isRepeat(state, assessment.id)) return skipped('repeated');
  const remembered = remember(state, assessment, ruleSet.retention);
  // First the segments: an alert that this very signal raises about them holds back those about the customer.
  const emit: Emit[] = (segments ?? []).flatMap(({ key }) =>
    handOver(segmentOf(key, assessment), assessment),
  );
  const isLate = happenedAt(assessment) < state.newestAt;
  const requests = isLate
    ? judgeLate(ruleSet.counting.get(type) ?? [], assessment, remembered, judging)
    : judgeAll(rules ?? [], assessment, remembered, judging);
  const waited =
    sequences === undefined && settling === undefined && state.waiting === undefined
      ? undefined
      : advance(remembered, assessment, { sequences: sequences ?? [], settling: settling ?? [] }, judging);
  if (waited !== undefined) {
    requests.push(...judgeLate(waited.atOnce, assessment, remembered, judging), ...waited.requests);
  }
  for (const request of requests) emit.push(route(request, assessment, judging));
  return {
    outcome: waited?.settles === true ? SETTLES : HANDLED,
    state: waited?.state ?? remembered,
    ...(emit.length === 0 ? {} : { emit }),
    ...(waited === undefined || waited.timers.length === 0 ? {} : { timers: waited.timers }),
  };
}

/** The time has passed: what was not to come has not come, or what comes late has come. */
function judgeWaiting(state: WindowState, timer: DueTimer, judging: Judging): Step<WindowState> {
  const { ruleId } = readWaitName(timer.name);
  const isOfSequence = judging.ruleSet.byId.get(ruleId)?.sequence !== undefined;
  const fire = isOfSequence ? fireSequence : fireSettled;
  const { asked, ...step } = fire(state, timer, judging);
  const emit = asked.map(({ request, assessment }) => route(request, assessment, judging));
  return { ...step, ...(emit.length === 0 ? {} : { emit }) };
}

const handOver = (segment: Segment | undefined, assessment: Assessment): Emit[] =>
  segment === undefined
    ? []
    : [{ topic: 'segment-entries', key: segment, value: { type: 'signal', assessment } }];

/**
 * Where a request goes: straight to alerting, or first past the segments that may hold it back. What is held already
 * asks nobody.
 */
function route(request: AlertRequest, assessment: Assessment, { ruleSet }: Judging): Emit {
  const rule = ruleSet.byId.get(request.ruleId)?.rule;
  const straight: Emit = { topic: 'alert-requests', key: request.alertKey, value: request };
  if (rule === undefined || request.held !== undefined) return straight;
  const inhibitors = rule.inhibitedBy.flatMap((id) => {
    const inhibitor = ruleSet.byId.get(id)?.rule;
    return inhibitor === undefined ? [] : (segmentOf(inhibitor.key, assessment) ?? []);
  });
  const counts = rule.storm === undefined || request.stage === 'shadow' ? [] : [ruleSegment(rule.id)];
  const [first, ...next] = [...new Set([...inhibitors, ...counts])];
  if (first === undefined) return straight;
  return { topic: 'segment-entries', key: first, value: { type: 'request', request, next } };
}
