import type { Assessment } from '../../contracts/assessment.ts';
import type { SignalType } from '../../contracts/signal.ts';
import type { CompiledRule } from './compile.ts';
import { type Explanation, explainCondition } from './explain.ts';
import { type Facts, factsOf } from './facts.ts';
import { FALSE, TRUE } from './truth.ts';
import { happenedAt, type WindowState } from './window-state.ts';
import { becauseWords } from './words.ts';

/** How a rule judged a signal. `unknown`: data is missing, so it does not fire. `error`: the rule is broken. */
export const RESULTS = ['match', 'no_match', 'unknown', 'error'] as const;
export type Result = (typeof RESULTS)[number];

export interface Evaluation {
  readonly result: Result;
  /** What it looked at; for a late signal, the moment at which it matched. */
  readonly facts: Facts;
  readonly error?: unknown;
}

/** What is known at one moment, and which kind of signal made it a moment. */
export interface Moment {
  readonly type: SignalType;
  readonly facts: Facts;
}

/**
 * Judges one signal by one rule at its moments; the first match wins, otherwise the last moment counts.
 */
export function evaluate(
  rule: CompiledRule,
  [first, ...later]: Moments,
  judge: Judge = evaluateOnce,
): Evaluation {
  let evaluation = judge(rule, first.facts);
  for (const { type, facts } of later) {
    if (evaluation.result === 'match' || evaluation.result === 'error') return evaluation;
    if (rule.rule.listen.includes(type)) evaluation = judge(rule, facts);
  }
  return evaluation;
}

/** Judges one rule by what is known at one moment: `evaluateOnce`, or the same with somebody who watches. */
export type Judge = (rule: CompiledRule, facts: Facts) => Evaluation;

export type Moments = readonly [Moment, ...Moment[]];

/**
 * The moments at which an assessment is judged, with its signal already remembered in `state`.
 *
 * Windows end when the signal happened, not when it is judged: after an outage of hours, signals that queued up
 * together still count together. A signal that comes late is judged at its own time and then at the times of
 * the signals after it, since it may complete a window that one of them would have completed, had it come in order.
 */
export function momentsOf(assessment: Assessment, state: WindowState): Moments {
  const { signals, newestAt, since } = state;
  const at = happenedAt(assessment);
  const first = { type: assessment.signal.type, facts: factsOf(assessment, signals, at, since) };
  if (at >= newestAt) return [first];
  const later = signals.filter((signal) => signal.at > at);
  return [
    first,
    ...later.map((signal) => ({ type: signal.type, facts: factsOf(assessment, signals, signal.at, since) })),
  ];
}

/** Judges one rule by what is known at one moment. */
export function evaluateOnce(rule: CompiledRule, facts: Facts): Evaluation {
  try {
    const truth = rule.when(facts);
    return { result: truth === TRUE ? 'match' : truth === FALSE ? 'no_match' : 'unknown', facts };
  } catch (error) {
    // One broken rule must not stop the others; it is counted, and its result is visible.
    return { result: 'error', facts, error };
  }
}

/**
 * What a match asks for. A rule whose owner or texts throw is as broken as one whose condition does: it is an error of
 * this rule, and the signal is judged by the others.
 */
export function askFor<T>(evaluation: Evaluation, ask: () => T): { evaluation: Evaluation; asked?: T } {
  try {
    return { evaluation, asked: ask() };
  } catch (error) {
    return { evaluation: { ...evaluation, result: 'error', error } };
  }
}

/** Why a match matched, in words. */
export const because = (rule: CompiledRule, { facts }: Evaluation): string[] =>
  becauseWords(rule.rule.when, rule, facts);

/** Every condition of a rule with its value, also of those that were not needed for the result. */
export const explain = (rule: CompiledRule, { facts }: Evaluation): Explanation =>
  explainCondition(rule.rule.when, rule, facts);
