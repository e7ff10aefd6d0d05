import type { AlertRequest } from '../../contracts/alert-request.ts';
import type { Assessment } from '../../contracts/assessment.ts';
import {
  HANDLED,
  type Input,
  type KeyedProcess,
  type Step,
  skipped,
} from '../../platform/keyed-process/keyed-process.ts';
import type { CompiledRule, RuleSet } from './compile.ts';
import { type Evaluation, evaluate, momentsOf } from './evaluate.ts';
import { requestOf } from './request.ts';
import { EMPTY, isRepeat, remember, type WindowState } from './window-state.ts';

/** Told about every judgement, for counting. Must not throw and must not wait. */
export type OnEvaluation = (rule: CompiledRule, evaluation: Evaluation) => void;

/**
 * The rules as a keyed process, one key per customer: an assessment comes in, is remembered, is judged by
 * every rule that listens to its type, and each match leaves as one alert request.
 *
 * `current` is asked once per assessment, so that each is judged by exactly one rule set.
 */
export function createRulesProcess(
  current: () => RuleSet,
  onEvaluation?: OnEvaluation,
): KeyedProcess<WindowState> {
  return {
    name: 'action-management',
    keySpace: 'customer',
    inputs: ['assessments'],
    onInput: (state, input, now) => judge(state ?? EMPTY, input, current(), now, onEvaluation),
  };
}

function judge(
  state: WindowState,
  input: Input,
  ruleSet: RuleSet,
  now: number,
  onEvaluation: OnEvaluation | undefined,
): Step<WindowState> {
  if (input.topic !== 'assessments') return skipped('other_topic');
  const assessment = input.value;
  const { type } = assessment.signal;
  const rules = ruleSet.listening.get(type);
  if (rules === undefined && !ruleSet.retention.keepMs.has(type)) return skipped('no_rule_listens');
  if (isRepeat(state, assessment.id)) return skipped('repeated');
  const remembered = remember(state, assessment, ruleSet.retention);
  const requests = judgeAll(rules ?? [], assessment, remembered, ruleSet, now, onEvaluation);
  if (requests.length === 0) return { outcome: HANDLED, state: remembered };
  return {
    outcome: HANDLED,
    state: remembered,
    emit: requests.map((value) => ({ topic: 'alert-requests', key: value.alertKey, value })),
  };
}

function judgeAll(
  rules: readonly CompiledRule[],
  assessment: Assessment,
  state: WindowState,
  ruleSet: RuleSet,
  now: number,
  onEvaluation: OnEvaluation | undefined,
): AlertRequest[] {
  const requests: AlertRequest[] = [];
  const moments = momentsOf(assessment, state);
  for (const rule of rules) {
    const evaluation = evaluate(rule, moments);
    onEvaluation?.(rule, evaluation);
    if (evaluation.result === 'match') requests.push(requestOf(rule, evaluation, state, ruleSet, now));
  }
  return requests;
}
