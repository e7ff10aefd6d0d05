import type { Assessment } from '../../contracts/assessment.ts';
import {
  type DueTimer,
  HANDLED,
  skipped,
  type TimerChange,
} from '../../platform/keyed-process/keyed-process.ts';
import type { Judging } from './action-management.ts';
import { assessmentOf, evidenceOfRemembered, type Known } from './as-remembered.ts';
import type { CompiledRule } from './compile.ts';
import { type Moment, momentOf, momentsAfter } from './evaluate.ts';
import { judgeAt } from './judge-signal.ts';
import type { Fired } from './waiting.ts';
import {
  isTooLate,
  NO_TIMERS,
  readWaitName,
  settledAt,
  type Timers,
  waitName,
  withWaiting,
} from './waits.ts';
import { happenedAt, type RememberedSignal, type WindowState } from './window-state.ts';

/*
 * Rules with `settle`. A signal is not judged when it arrives, but when the time has passed since it happened: as of its
 * own instant, in the order in which signals happened, over everything that has arrived by then. So the order in which
 * they arrive does not matter to such a rule, whatever it asks.
 *
 * What has judged a later signal already when an earlier one arrives is judged again then, as by any other rule.
 */

/**
 * Which rules wait with a signal: those that listen to it, and those that have judged a later one without it. A rule that
 * cannot wait, because it is too late for that or all places are taken, judges it at once.
 */
export function beginToSettle(
  state: WindowState,
  assessment: Assessment,
  rules: readonly CompiledRule[],
  judging: Judging,
  room: () => boolean,
): { readonly timers: readonly TimerChange[]; readonly atOnce: readonly CompiledRule[] } {
  const at = happenedAt(assessment);
  const timers: TimerChange[] = [];
  const atOnce: CompiledRule[] = [];
  for (const rule of rules) {
    const concerns =
      rule.rule.listen.includes(assessment.signal.type) ||
      judgedAlready(rule, momentsAfter(assessment, state), state.waiting?.timers).length > 0;
    if (!concerns) continue;
    if (isTooLate(at, state, judging) || !room()) atOnce.push(rule);
    else timers.push({ name: nameOf(rule, assessment.id), dueAt: settledAt(at, rule, judging.now) });
  }
  return { timers, atOnce };
}

/** The time of a signal has passed: it is judged, after those that happened before it and still wait. */
export function fireSettled(state: WindowState, timer: DueTimer, judging: Judging): Fired {
  const { timers = NO_TIMERS, latest } = state.waiting ?? {};
  const { ruleId, signalId } = readWaitName(timer.name);
  const rule = judging.ruleSet.byId.get(ruleId);
  const last = state.signals.find(({ id }) => id === signalId);
  const without = (names: readonly string[]): Pick<Fired, 'state' | 'timers'> => {
    const changes = names.map((name) => ({ name, dueAt: null }));
    return { state: withWaiting(state, changes, latest), timers: changes };
  };
  if (rule === undefined || rule.rule.scope === 'segment') {
    return { ...skipped('rule_gone'), ...without([timer.name]), asked: [] };
  }
  if (last === undefined || latest === undefined) {
    return { ...skipped('signal_forgotten'), ...without([timer.name]), asked: [] };
  }
  const due = state.signals.filter(({ id, at }) => at <= last.at && timers[nameOf(rule, id)] !== undefined);
  return {
    outcome: HANDLED,
    ...without(due.map(({ id }) => nameOf(rule, id))),
    asked: due.flatMap((signal) =>
      judgeSettled(rule, signal, { state, latest, customerId: timer.key }, judging),
    ),
  };
}

function judgeSettled(
  rule: CompiledRule,
  signal: RememberedSignal,
  known: Known,
  judging: Judging,
): Fired['asked'] {
  const { state } = known;
  const assessment = assessmentOf(signal, known, judging.now);
  const own = momentOf(assessment, state);
  const moments = [
    { ...own, facts: { ...own.facts, event: signal } },
    ...judgedAlready(rule, momentsAfter(assessment, state), state.waiting?.timers),
  ];
  const requests = judgeAt(
    rule,
    moments,
    // It was late, or not, when it arrived; what the customer did while it was waited with does not make it late.
    { assessment, state, newestAt: signal.at, trigger: evidenceOfRemembered(signal, state) },
    judging,
  );
  return requests.map((request) => ({ request, assessment }));
}

/** Of the moments after a signal those that the rule has judged, and would perhaps judge otherwise with it. */
const judgedAlready = (
  rule: CompiledRule,
  after: readonly Moment[],
  timers: Timers = NO_TIMERS,
): readonly Moment[] =>
  rule.windows.length === 0
    ? []
    : after.filter(
        ({ type, facts }) =>
          rule.rule.listen.includes(type) && timers[nameOf(rule, facts.event?.id ?? '')] === undefined,
      );

const nameOf = (rule: CompiledRule, signalId: string): string => waitName('settle', rule, signalId);
