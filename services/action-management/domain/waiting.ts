import type { AlertRequest } from '../../contracts/alert-request.ts';
import type { Assessment } from '../../contracts/assessment.ts';
import {
  type DueTimer,
  HANDLED,
  type Step,
  skipped,
  type TimerChange,
} from '../../platform/keyed-process/keyed-process.ts';
import { ALWAYS_OPEN } from '../../platform/time/business-time.ts';
import { findCalendar } from '../../settings/calendars.ts';
import { addTimeBox } from '../../settings/time-box.ts';
import type { Judging } from './action-management.ts';
import { assessmentOf, evidenceOfRemembered, type Known } from './as-remembered.ts';
import type { CompiledRule } from './compile.ts';
import { askFor, because } from './evaluate.ts';
import { factsOf } from './facts.ts';
import { contactNotBefore } from './fatigue.ts';
import { requestOf } from './request.ts';
import { type Found, findSequences, hasCome } from './sequences.ts';
import { beginToSettle } from './settling.ts';
import { isTooLate, NO_TIMERS, readWaitName, roomLeft, settledAt, waitName, withWaiting } from './waits.ts';
import type { WindowState } from './window-state.ts';

/** Each sequence is judged once; so many are remembered, which outlasts what is remembered of their signals. */
const MAX_JUDGED = 128;

/** What a signal did to what the rules wait for. */
export interface Advanced {
  readonly state: WindowState;
  readonly timers: readonly TimerChange[];
  readonly requests: readonly AlertRequest[];
  /** Whether a rule without a sequence waits with this signal. */
  readonly settles: boolean;
  /** Rules that settle and do not wait with this signal. */
  readonly atOnce: readonly CompiledRule[];
}

/**
 * Looks for the sequences that the signal may have begun, completed or ended. One that is complete is judged at
 * once, or when its rule has settled; one that waits for something not to come gets a timer, and loses it when it has
 * come. Rules without a sequence that settle get a timer for the signal.
 */
export function advance(
  state: WindowState,
  assessment: Assessment,
  rules: Concerned,
  judging: Judging,
): Advanced {
  const { riskScore, riskContributions, profile, modelVersion } = assessment;
  const latest = { riskScore, riskContributions, profile, modelVersion };
  const timers = state.waiting?.timers ?? NO_TIMERS;
  const changes: TimerChange[] = [];
  const requests: AlertRequest[] = [];
  const room = roomLeft(timers, state.signals, changes);
  const settling = beginToSettle(state, assessment, rules.settling, judging, room);
  changes.push(...settling.timers);
  let judged = state.judged ?? [];
  for (const rule of rules.sequences) {
    const { sequence } = rule;
    if (sequence === undefined) continue;
    for (const found of findSequences(sequence, state.signals)) {
      const name = nameOf(rule, found);
      if (judged.includes(name)) continue;
      const wanted = waitsUntil(rule, found, state, timers[name], judging);
      if (wanted !== 'judge now') {
        if (timers[name] === wanted) continue;
        const hasPlace = timers[name] !== undefined || room();
        if (hasPlace) changes.push({ name, dueAt: wanted ?? null });
        if (hasPlace || sequence.absence !== undefined) continue;
      }
      judged = [...judged, name].slice(-MAX_JUDGED);
      const known = { state, latest, customerId: assessment.customerId };
      const moment = { at: found.last.at, newestAt: state.newestAt };
      requests.push(...judgeSequence(rule, found, moment, known, judging));
    }
  }
  return {
    state: withWaiting(
      judged === state.judged || judged.length === 0 ? state : { ...state, judged },
      changes,
      latest,
    ),
    timers: changes,
    requests,
    settles: settling.timers.length > 0,
    atOnce: settling.atOnce,
  };
}

/** The rules that a signal may make wait. */
interface Concerned {
  readonly sequences: readonly CompiledRule[];
  readonly settling: readonly CompiledRule[];
}

/** Until when a sequence that was found waits; nothing when it waits no more. */
function waitsUntil(
  rule: CompiledRule,
  found: Found,
  state: WindowState,
  already: number | undefined,
  judging: Judging,
): number | undefined | 'judge now' {
  const isComplete = rule.sequence?.absence === undefined;
  const at = overAt(rule, found, judging);
  if (isComplete && (rule.rule.settleMs === 0 || isTooLate(at, state, judging))) return 'judge now';
  const isTooOld = at < judging.now - judging.ruleSet.defaults.maxEventAgeMs;
  if (isTooOld || (rule.sequence !== undefined && hasCome(rule.sequence, found, state.signals, at))) {
    return undefined;
  }
  return settledAt(at, rule, judging.now, already);
}

/** A timer fires: the sequence is looked for again among what is remembered, and judged by what is known now. */
export function fireSequence(state: WindowState, timer: DueTimer, judging: Judging): Fired {
  const { latest } = state.waiting ?? {};
  const { ruleId, signalId } = readWaitName(timer.name);
  const rule = judging.ruleSet.byId.get(ruleId);
  const sequence = rule?.sequence;
  const found = sequence && findSequences(sequence, state.signals).find(({ first }) => first.id === signalId);
  const rest = withWaiting(state, [{ name: timer.name, dueAt: null }], latest);
  const nothing = (reason: string): Fired => ({ ...skipped(reason), state: rest, asked: [] });
  if (rule === undefined || sequence === undefined) return nothing('rule_gone');
  if (found === undefined || latest === undefined) return nothing('sequence_forgotten');
  const at = overAt(rule, found, judging);
  if (at + rule.rule.settleMs > judging.now) {
    // The calendar or the rule has changed meanwhile.
    const later = { name: timer.name, dueAt: at + rule.rule.settleMs };
    return { ...nothing('not_due'), state: withWaiting(state, [later], latest), timers: [later] };
  }
  const known = { state: rest, latest, customerId: timer.key };
  const assessment = assessmentOf(found.last, known, judging.now);
  // It was waited for by the clock; what else the customer did meanwhile does not make it late.
  const requests = judgeSequence(rule, found, { at, newestAt: at }, known, judging);
  const judged = [...(rest.judged ?? []), timer.name].slice(-MAX_JUDGED);
  return {
    outcome: HANDLED,
    state: { ...rest, judged },
    asked: requests.map((request) => ({ request, assessment })),
  };
}

/** What came of a timer. */
export interface Fired extends Pick<Step<WindowState>, 'outcome' | 'state' | 'timers'> {
  /** Requests, each with the signal that it is about. */
  readonly asked: readonly { readonly request: AlertRequest; readonly assessment: Assessment }[];
}

const nameOf = (rule: CompiledRule, { first }: Found): string =>
  waitName(rule.sequence?.absence === undefined ? 'settle' : 'absence', rule, first.id);

/** When the sequence is complete: at its last signal, or when its absence is over, on its own clock. */
function overAt({ rule }: CompiledRule, found: Found, { calendars }: Judging): number {
  const absence = rule.sequence?.absence;
  if (absence === undefined) return found.last.at;
  const calendar = findCalendar(calendars, absence.calendar) ?? ALWAYS_OPEN;
  return addTimeBox(calendar, found.last.at, absence.for);
}

function judgeSequence(
  rule: CompiledRule,
  found: Found,
  { at, newestAt }: { readonly at: number; readonly newestAt: number },
  known: Known,
  judging: Judging,
): AlertRequest[] {
  const { state } = known;
  const facts = {
    ...factsOf(assessmentOf(found.last, known, judging.now), state.signals, at, state.since),
    captured: found.captured,
    event: found.last,
  };
  const evaluation = judging.judge(rule, facts);
  if (evaluation.result !== 'match') {
    judging.onEvaluation?.(rule, evaluation);
    return [];
  }
  const asked = askFor(evaluation, () => {
    const notBefore = contactNotBefore(rule.rule, state.signals, judging.now);
    return requestOf(
      {
        rule,
        facts,
        signalId: found.first.id,
        subject: known.customerId,
        evidence: Object.values(found.captured).map((signal) => evidenceOfRemembered(signal, state)),
        at,
        newestAt,
        because: because(rule, evaluation),
        ...(notBefore === undefined ? {} : { contactNotBefore: notBefore }),
      },
      judging,
    );
  });
  judging.onEvaluation?.(rule, asked.evaluation);
  return asked.asked === undefined ? [] : [asked.asked];
}
