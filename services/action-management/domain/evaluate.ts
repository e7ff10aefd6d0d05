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

/** Judges one rule by what is known at one moment: `evaluateOnce`, or the same with somebody who watches. */
export type Judge = (rule: CompiledRule, facts: Facts) => Evaluation;

/** What is known when an assessment is judged, with its signal already remembered in `state`. */
export const momentOf = (assessment: Assessment, { signals, since }: WindowState): Moment => ({
  type: assessment.signal.type,
  facts: factsOf(assessment, signals, happenedAt(assessment), since),
});

/**
 * The moments after a signal that came late, each with the signal that happened then.
 *
 * Windows end when a signal happened, not when it is judged: after an outage of hours, signals that queued up together
 * still count together. A signal that comes late may complete a window that one of these would have completed, had it
 * come in order.
 */
export function momentsAfter(assessment: Assessment, { signals, since }: WindowState): readonly Moment[] {
  const at = happenedAt(assessment);
  return signals
    .filter((signal) => signal.at > at)
    .map((event) => ({
      type: event.type,
      facts: { ...factsOf(assessment, signals, event.at, since), event },
    }));
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
