import type { AlertRequest, Evidence } from '../../contracts/alert-request.ts';
import type { Assessment } from '../../contracts/assessment.ts';
import type { Judging } from './action-management.ts';
import type { CompiledRule } from './compile.ts';
import { askFor, because, type Evaluation, type Moment, momentOf, momentsAfter } from './evaluate.ts';
import { evidenceOf } from './evidence.ts';
import type { Facts } from './facts.ts';
import { contactNotBefore } from './fatigue.ts';
import { requestOf } from './request.ts';
import { worstFirst } from './severity.ts';
import { happenedAt, type WindowState } from './window-state.ts';
import { countedIds } from './windows.ts';

/** Judges a signal when it arrives, by each rule. */
export function judgeAll(
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
    const asked = askFor(evaluation, () => requestFor(rule, evaluation, arrived(assessment, state), judging));
    judging.onEvaluation?.(rule, asked.evaluation);
    if (asked.asked !== undefined) requests.push(asked.asked);
  }
  return requests;
}

/** Judges a signal that came late: at its own time, and at the times of the signals after it by rules with windows. */
export function judgeLate(
  rules: readonly CompiledRule[],
  assessment: Assessment,
  state: WindowState,
  judging: Judging,
): AlertRequest[] {
  const own = momentOf(assessment, state);
  const after = momentsAfter(assessment, state);
  return rules.flatMap((rule) => {
    const moments = [own, ...(rule.windows.length === 0 ? [] : after)];
    return judgeAt(rule, moments, arrived(assessment, state), judging);
  });
}

/** A signal by which a rule matched, with what its request tells of it. */
interface Subject {
  readonly assessment: Assessment;
  readonly state: WindowState;
  /** The newest signal of the customer, as far as it makes this one late. */
  readonly newestAt: number;
  readonly trigger: Evidence;
}

const arrived = (assessment: Assessment, state: WindowState): Subject => ({
  assessment,
  state,
  newestAt: state.newestAt,
  trigger: evidenceOf(assessment, 'in full'),
});

/** Judges one rule at several moments that a signal has changed. The first of the worst matches for each alert is asked for. */
export function judgeAt(
  rule: CompiledRule,
  moments: readonly Moment[],
  subject: Subject,
  judging: Judging,
): AlertRequest[] {
  const judged = moments
    .filter(({ type }) => rule.rule.listen.includes(type))
    .map(({ facts }) => judging.judge(rule, facts));
  const matches = worstFirst(
    rule,
    judged.filter(({ result }) => result === 'match'),
  );
  const told = matches[0] ?? judged.at(-1);
  if (told === undefined) return [];
  const { evaluation, asked = [] } = askFor(told, () =>
    matches.map((match) => requestFor(rule, match, subject, judging)),
  );
  judging.onEvaluation?.(rule, evaluation);
  return firstOfEachAlert(asked);
}

const firstOfEachAlert = (requests: readonly AlertRequest[]): AlertRequest[] =>
  [...Map.groupBy(requests, ({ alertKey }) => alertKey).values()].flatMap(([first], index) =>
    first === undefined ? [] : [index === 0 ? first : { ...first, id: `${first.id}/${index}` }],
  );

function requestFor(
  rule: CompiledRule,
  evaluation: Evaluation,
  { assessment, state, newestAt, trigger }: Subject,
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
      evidence: evidenceFor(rule, facts, trigger, state),
      at: happenedAt(assessment),
      newestAt,
      because: because(rule, evaluation),
      ...(notBefore === undefined ? {} : { contactNotBefore: notBefore }),
    },
    judging,
  );
}

/** Pieces of evidence in one request: more than an agent reads before the call. */
const MAX_EVIDENCE = 5;

/** The signal that made the rule match, and the latest ones before it that its windows counted. */
function evidenceFor(
  rule: CompiledRule,
  facts: Facts,
  trigger: Evidence,
  { quoted }: WindowState,
): Evidence[] {
  const counted = new Set(rule.windows.flatMap((window) => countedIds(window, facts.signals, facts.until)));
  const earlier = quoted.filter(({ signalId }) => signalId !== trigger.signalId && counted.has(signalId));
  return [...earlier.slice(-(MAX_EVIDENCE - 1)), trigger].sort((a, b) => a.occurredAt - b.occurredAt);
}
