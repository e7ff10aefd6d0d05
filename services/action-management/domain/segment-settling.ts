import type { AlertRequest } from '../../contracts/alert-request.ts';
import {
  type DueTimer,
  HANDLED,
  type Outcome,
  skipped,
  type TimerChange,
} from '../../platform/keyed-process/keyed-process.ts';
import type { Judging } from './action-management.ts';
import type { SegmentKeying } from './compile.ts';
import { beatAt, beatsToJudge, type Counted, endOf, judgeBeat, type SegmentRule } from './segment-moments.ts';
import type { SegmentState, Settling } from './segment-state.ts';
import { isTooLate, readWaitName, waitName } from './waits.ts';
import { happenedAt } from './window-state.ts';

/*
 * Segment rules with `settle`. Each beat is judged once the time has passed since its end, one after the other, over all
 * that has arrived by then. Two timers of the segment do for any number of beats: one is due when the next beat is, the other
 * when what came later than that has been waited with as long again.
 */

const ON_TIME = 'on-time';
const LATE = 'late';

/** Whether the rule waits with the signal, and the timers that it sets. A signal that raises nothing anyway is not waited with. */
export function waitWith(
  rule: SegmentRule,
  { assessment, state }: Counted,
  judging: Judging,
): { readonly state: SegmentState; readonly timers: readonly TimerChange[] } | 'judge now' {
  const at = happenedAt(assessment);
  const { settleMs } = rule.rule;
  if (settleMs === 0 || isTooLate(at, state, judging)) return 'judge now';
  const beat = beatAt(rule, at);
  const dueAt = endOf(rule, beat) + settleMs;
  const name = waitName('settle', rule, dueAt > judging.now ? ON_TIME : LATE);
  const from = endOf(rule, beat - 1);
  const before = state.settling?.[name];
  const after: Settling =
    dueAt > judging.now
      ? { from: Math.min(from, before?.from ?? from), dueAt: Math.min(dueAt, before?.dueAt ?? dueAt) }
      : { from: Math.min(from, before?.from ?? from), dueAt: before?.dueAt ?? judging.now + settleMs };
  return {
    state: { ...state, settling: { ...state.settling, [name]: after } },
    timers: after.dueAt === before?.dueAt ? [] : [{ name, dueAt: after.dueAt }],
  };
}

/** A time has passed: the beats are judged for which it has, and the next one is waited for. */
export function fireBeats(
  state: SegmentState,
  timer: DueTimer,
  keying: SegmentKeying | undefined,
  rule: SegmentRule | undefined,
  judging: Judging,
): Fired {
  const wait = state.settling?.[timer.name];
  if (wait === undefined) return { ...skipped('not_due'), state, timers: [], requests: [] };
  if (rule === undefined || keying === undefined) {
    return { ...skipped('rule_gone'), ...waitingFor(state, timer.name), requests: [] };
  }
  const beats = beatsToJudge(rule, state, keying, beatAt(rule, wait.from));
  const isDue = (beat: number): boolean => endOf(rule, beat) + rule.rule.settleMs <= judging.now;
  const next = isLate(timer) ? undefined : beats.find((beat) => !isDue(beat));
  return {
    outcome: HANDLED,
    ...waitingFor(
      state,
      timer.name,
      next === undefined
        ? undefined
        : { from: endOf(rule, next - 1), dueAt: endOf(rule, next) + rule.rule.settleMs },
    ),
    requests: beats
      .filter(isDue)
      .flatMap((beat) => judgeBeat(rule, beat, { segment: timer.key, state }, judging)),
  };
}

export interface Fired {
  readonly outcome: Outcome;
  readonly state: SegmentState;
  readonly timers: readonly TimerChange[];
  readonly requests: readonly AlertRequest[];
}

const isLate = ({ name }: DueTimer): boolean => readWaitName(name).signalId === LATE;

/** The state with one wait replaced, or gone. */
function waitingFor(state: SegmentState, name: string, wait?: Settling): Pick<Fired, 'state' | 'timers'> {
  const { settling = {}, ...rest } = state;
  const { [name]: _, ...others } = settling;
  const left = wait === undefined ? others : { ...others, [name]: wait };
  return {
    state: Object.keys(left).length === 0 ? rest : { ...rest, settling: left },
    timers: [{ name, dueAt: wait?.dueAt ?? null }],
  };
}
