import type { AlertRequest, Evidence } from '../../contracts/alert-request.ts';
import type { Assessment } from '../../contracts/assessment.ts';
import { CHANNELS, SOURCES } from '../../contracts/sources.ts';
import {
  type DueTimer,
  HANDLED,
  type Outcome,
  type Step,
  skipped,
  type TimerChange,
} from '../../platform/keyed-process/keyed-process.ts';
import { ALWAYS_OPEN } from '../../platform/time/business-time.ts';
import { findCalendar } from '../../settings/calendars.ts';
import { addTimeBox } from '../../settings/time-box.ts';
import type { Judging } from './action-management.ts';
import type { CompiledRule } from './compile.ts';
import { askFor, because } from './evaluate.ts';
import { factsOf } from './facts.ts';
import { contactNotBefore } from './fatigue.ts';
import { requestOf } from './request.ts';
import { type Found, findSequences, hasCome } from './sequences.ts';
import type { RememberedSignal, Waiting, WindowState } from './window-state.ts';

/** Each sequence is judged once; so many are remembered, which outlasts what is remembered of their signals. */
const MAX_JUDGED = 64;

/** Sequences of one customer that wait at the same time. A bot has more; the first ones are enough to alert about it. */
export const MAX_WAITING = 64;

/** What a signal did to the sequences of its customer. */
export interface Advanced {
  readonly state: WindowState;
  readonly timers: readonly TimerChange[];
  readonly requests: readonly AlertRequest[];
}

/**
 * Looks for the sequences that the signal may have begun, completed or ended. One that is complete is judged at
 * once; one that waits for something not to come gets a timer, and loses it when it has come.
 */
export function advance(
  state: WindowState,
  assessment: Assessment,
  rules: readonly CompiledRule[],
  judging: Judging,
): Advanced {
  const { riskScore, riskContributions, profile, modelVersion } = assessment;
  const latest = { riskScore, riskContributions, profile, modelVersion };
  const timers = state.waiting?.timers ?? NO_TIMERS;
  const changes: TimerChange[] = [];
  const requests: AlertRequest[] = [];
  const room = roomLeft(timers, state.signals, changes);
  let judged = state.judged ?? [];
  for (const rule of rules) {
    const { sequence } = rule;
    if (sequence === undefined) continue;
    for (const found of findSequences(sequence, state.signals)) {
      const name = timerName(rule, found.first.id);
      if (judged.includes(name)) continue;
      const absence = sequence.sequence.absence;
      if (absence === undefined) {
        judged = [...judged, name].slice(-MAX_JUDGED);
        requests.push(
          ...judgeSequence(
            rule,
            found,
            found.last.at,
            { state, latest, customerId: assessment.customerId },
            judging,
          ),
        );
        continue;
      }
      const dueAt = overAt(absence, found, judging);
      const isOver = hasCome(sequence, found, state.signals, dueAt);
      const isTooOld = dueAt < judging.now - judging.ruleSet.defaults.maxEventAgeMs;
      const wanted = isOver || isTooOld ? undefined : dueAt;
      if (timers[name] === wanted) continue;
      if (timers[name] === undefined && !room()) continue;
      changes.push({ name, dueAt: wanted ?? null });
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
  };
}

/** A timer fires: the sequence is looked for again among what is remembered, and judged by what is known now. */
export function fireAbsence(
  state: WindowState,
  timer: DueTimer,
  judging: Judging,
): Pick<Step<WindowState>, 'outcome' | 'state' | 'timers'> & {
  readonly requests: readonly AlertRequest[];
  readonly assessment: Assessment;
} {
  const { latest } = state.waiting ?? {};
  const { ruleId, firstId } = readTimerName(timer.name);
  const rule = judging.ruleSet.byId.get(ruleId);
  const sequence = rule?.sequence;
  const found = sequence && findSequences(sequence, state.signals).find(({ first }) => first.id === firstId);
  const absence = sequence?.sequence.absence;
  const rest = withWaiting(state, [{ name: timer.name, dueAt: null }], latest);
  const nothing = (reason: string, outcome: Outcome = skipped(reason).outcome) => ({
    outcome,
    state: rest,
    requests: [],
    assessment: NOBODY,
  });
  if (rule === undefined || sequence === undefined || absence === undefined) return nothing('rule_gone');
  if (found === undefined || latest === undefined) return nothing('sequence_forgotten');
  const dueAt = overAt(absence, found, judging);
  if (dueAt > judging.now) {
    // The calendar has changed meanwhile.
    const later = { name: timer.name, dueAt };
    return { ...nothing('not_due'), state: withWaiting(state, [later], latest), timers: [later] };
  }
  const known = { state: rest, latest, customerId: timer.key };
  const requests = judgeSequence(rule, found, dueAt, known, judging);
  const judged = [...(rest.judged ?? []), timer.name].slice(-MAX_JUDGED);
  return {
    outcome: HANDLED,
    state: { ...rest, judged },
    requests,
    assessment: assessmentOf(found.last, known, judging.now),
  };
}

/** Stands in where there is nothing to hand on. */
const NOBODY = {} as Assessment; // never read: it goes with an empty list of requests

const timerName = ({ rule }: CompiledRule, firstId: string): string => `absence/${rule.id}/${firstId}`;

function readTimerName(name: string): { readonly ruleId: string; readonly firstId: string } {
  const [, ruleId = '', firstId = ''] = /^absence\/([^/]+)\/(.*)$/s.exec(name) ?? [];
  return { ruleId, firstId };
}

/** Asked for each sequence that begins to wait. When all places are taken, those of forgotten signals are given up. */
function roomLeft(
  timers: Timers,
  signals: readonly RememberedSignal[],
  changes: TimerChange[],
): () => boolean {
  let free: number | undefined;
  return () => {
    if (free === undefined) {
      const names = Object.keys(timers);
      const remembered = names.length < MAX_WAITING ? undefined : new Set(signals.map(({ id }) => id));
      const forgotten = names.filter((name) => remembered?.has(readTimerName(name).firstId) === false);
      changes.push(...forgotten.map((name) => ({ name, dueAt: null })));
      free = MAX_WAITING - names.length + forgotten.length;
    }
    free -= 1;
    return free >= 0;
  };
}

/** When the absence is over, on its own clock. */
function overAt(
  absence: NonNullable<NonNullable<CompiledRule['rule']['sequence']>['absence']>,
  found: Found,
  { calendars }: Judging,
): number {
  const calendar = findCalendar(calendars, absence.calendar) ?? ALWAYS_OPEN;
  return addTimeBox(calendar, found.last.at, absence.for);
}

/** The state with what it waits for brought up to date. Waiting for nothing, it has no word about it. */
function withWaiting(
  state: WindowState,
  changes: readonly TimerChange[],
  latest: Waiting['latest'] | undefined,
): WindowState {
  const before = state.waiting?.timers ?? NO_TIMERS;
  const timers = changes.length === 0 ? before : changed(before, changes);
  if (latest !== undefined && hasAny(timers)) return { ...state, waiting: { timers, latest } };
  if (state.waiting === undefined) return state;
  const { waiting: _, ...rest } = state;
  return rest;
}

type Timers = Waiting['timers'];
const NO_TIMERS: Timers = {};

function changed(before: Timers, changes: readonly TimerChange[]): Timers {
  const timers: Record<string, number> = { ...before };
  for (const { name, dueAt } of changes) {
    if (dueAt === null) delete timers[name];
    else timers[name] = dueAt;
  }
  return timers;
}

function hasAny(timers: Timers): boolean {
  for (const _ in timers) return true;
  return false;
}

/** What a sequence is judged by when its signals are past. */
interface Known {
  readonly state: WindowState;
  readonly latest: Waiting['latest'];
  readonly customerId: string;
}

function judgeSequence(
  rule: CompiledRule,
  found: Found,
  at: number,
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
        // An absence is over by the clock; what else the customer did meanwhile does not make it late.
        newestAt: rule.rule.sequence?.absence === undefined ? state.newestAt : at,
        because: because(rule, evaluation),
        ...(notBefore === undefined ? {} : { contactNotBefore: notBefore }),
      },
      judging,
    );
  });
  judging.onEvaluation?.(rule, asked.evaluation);
  return asked.asked === undefined ? [] : [asked.asked];
}

/** The last signal of a sequence with what is known of the customer now. Its text is gone; its quote may be left. */
function assessmentOf(signal: RememberedSignal, { latest, customerId }: Known, now: number): Assessment {
  const { id, type, at, fields = {} } = signal;
  return {
    ...latest,
    id,
    customerId,
    assessedAt: now,
    intents: [],
    signal: {
      id,
      type,
      customerId,
      quarantined: customerId.startsWith('quarantine:'),
      occurredAt: at,
      receivedAt: at,
      source: wordOf(SOURCES, fields.source),
      channel: wordOf(CHANNELS, fields.channel),
      ...(typeof fields.product === 'string' ? { product: fields.product } : {}),
      ...(typeof fields.region === 'string' ? { region: fields.region } : {}),
    },
  };
}

/** Every remembered signal of a sequence has these; the first word stands in for one of an older version. */
const wordOf = <W extends string>(words: readonly [W, ...W[]], found: unknown): W =>
  words.find((word) => word === found) ?? words[0];

function evidenceOfRemembered(signal: RememberedSignal, { quoted }: WindowState): Evidence {
  const { id, type, at, fields = {} } = signal;
  return (
    quoted.find(({ signalId }) => signalId === id) ?? {
      signalId: id,
      type,
      occurredAt: at,
      source: wordOf(SOURCES, fields.source),
      channel: wordOf(CHANNELS, fields.channel),
      ...(typeof fields.sentiment === 'number' ? { sentiment: fields.sentiment } : {}),
      words: [],
      intents: [],
    }
  );
}
