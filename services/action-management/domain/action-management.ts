import type { AlertRequest, Evidence } from '../../contracts/alert-request.ts';
import type { Assessment } from '../../contracts/assessment.ts';
import type { Segment } from '../../contracts/segment.ts';
import type { Silence } from '../../contracts/silence.ts';
import {
  type DueTimer,
  type Emit,
  HANDLED,
  type Input,
  type KeyedProcess,
  type Step,
  skipped,
} from '../../platform/keyed-process/keyed-process.ts';
import { BUILT_IN_CALENDARS, type Calendars } from '../../settings/calendars.ts';
import type { CompiledRule, RuleSet } from './compile.ts';
import {
  askFor,
  because,
  type Evaluation,
  evaluateOnce,
  type Judge,
  momentOf,
  momentsAfter,
} from './evaluate.ts';
import { evidenceOf } from './evidence.ts';
import { contactNotBefore } from './fatigue.ts';
import { type Circumstances, requestOf } from './request.ts';
import { ruleSegment, segmentOf } from './segments.ts';
import { advance, fireAbsence } from './waiting.ts';
import { EMPTY, happenedAt, isRepeat, remember, type WindowState } from './window-state.ts';
import { countedIds } from './windows.ts';

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
 * judged by every rule that listens to its type, and each match leaves as one alert request. Sequences that wait
 * for something not to come have a timer each. What segments count is handed on to them.
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
    onTimer: (state, timer, now) => judgeAbsence(state ?? EMPTY, timer, judgingNow(inForce, now)),
  };
}

function judge(state: WindowState, input: Input, judging: Judging): Step<WindowState> {
  if (input.topic !== 'assessments') return skipped('other_topic');
  const assessment = input.value;
  const { ruleSet } = judging;
  const { type } = assessment.signal;
  const rules = ruleSet.listening.get(type);
  const sequences = ruleSet.sequences.get(type);
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
  for (const request of requests) emit.push(route(request, assessment, judging));
  const waited =
    sequences === undefined && state.waiting === undefined
      ? undefined
      : advance(remembered, assessment, sequences ?? [], judging);
  for (const request of waited?.requests ?? []) emit.push(route(request, assessment, judging));
  return {
    outcome: HANDLED,
    state: waited?.state ?? remembered,
    ...(emit.length === 0 ? {} : { emit }),
    ...(waited === undefined || waited.timers.length === 0 ? {} : { timers: waited.timers }),
  };
}

/** The time of a sequence has passed, and what was not to come has not come. */
function judgeAbsence(state: WindowState, timer: DueTimer, judging: Judging): Step<WindowState> {
  const { assessment, requests, ...step } = fireAbsence(state, timer, judging);
  const emit = requests.map((request) => route(request, assessment, judging));
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

function judgeAll(
  rules: readonly CompiledRule[],
  assessment: Assessment,
  state: WindowState,
  judging: Judging,
): AlertRequest[] {
  const requests: AlertRequest[] = [];
  const { facts } = momentOf(assessment, state);
  for (const rule of rules) {
    const evaluation = judging.judge(rule, facts);
    if (evaluation.result !== 'match') {
      judging.onEvaluation?.(rule, evaluation);
      continue;
    }
    const asked = askFor(evaluation, () => requestFor(rule, evaluation, assessment, state, judging));
    judging.onEvaluation?.(rule, asked.evaluation);
    if (asked.asked !== undefined) requests.push(asked.asked);
  }
  return requests;
}

/**
 * Judges a signal that came late: at its own time, and at the times of the signals after it by rules with windows. The
 * first match for each alert is the one that is asked for.
 */
function judgeLate(
  rules: readonly CompiledRule[],
  assessment: Assessment,
  state: WindowState,
  judging: Judging,
): AlertRequest[] {
  const own = momentOf(assessment, state);
  const after = momentsAfter(assessment, state);
  return rules.flatMap((rule) => {
    const moments = [own, ...(rule.windows.length === 0 ? [] : after)];
    const judged = moments
      .filter(({ type }) => rule.rule.listen.includes(type))
      .map(({ facts }) => judging.judge(rule, facts));
    const matches = judged.filter(({ result }) => result === 'match');
    const told = matches[0] ?? judged.at(-1);
    if (told === undefined) return [];
    const { evaluation, asked = [] } = askFor(told, () =>
      matches.map((match) => requestFor(rule, match, assessment, state, judging)),
    );
    judging.onEvaluation?.(rule, evaluation);
    return firstOfEachAlert(asked);
  });
}

const firstOfEachAlert = (requests: readonly AlertRequest[]): AlertRequest[] =>
  [...Map.groupBy(requests, ({ alertKey }) => alertKey).values()].flatMap(([first], index) =>
    first === undefined ? [] : [index === 0 ? first : { ...first, id: `${first.id}/${index}` }],
  );

function requestFor(
  rule: CompiledRule,
  evaluation: Evaluation,
  assessment: Assessment,
  state: WindowState,
  judging: Judging,
): AlertRequest {
  const { facts } = evaluation;
  const notBefore = contactNotBefore(rule.rule, state.signals, judging.now);
  return requestOf(
    {
      rule,
      facts,
      signalId: assessment.id,
      subject: assessment.customerId,
      evidence: evidenceFor(rule, facts, state),
      at: happenedAt(assessment),
      newestAt: state.newestAt,
      because: because(rule, evaluation),
      ...(notBefore === undefined ? {} : { contactNotBefore: notBefore }),
    },
    judging,
  );
}

/** Pieces of evidence in one request: more than an agent reads before the call. */
const MAX_EVIDENCE = 5;

/** The signal that made the rule match, and the latest ones before it that its windows counted. */
function evidenceFor(rule: CompiledRule, facts: Evaluation['facts'], { quoted }: WindowState): Evidence[] {
  const trigger = evidenceOf(facts.assessment, 'in full');
  const counted = new Set(rule.windows.flatMap((window) => countedIds(window, facts.signals, facts.until)));
  const earlier = quoted.filter(({ signalId }) => signalId !== trigger.signalId && counted.has(signalId));
  return [...earlier.slice(-(MAX_EVIDENCE - 1)), trigger].sort((a, b) => a.occurredAt - b.occurredAt);
}
