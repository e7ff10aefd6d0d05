import type { Alert } from '../../contracts/alert.ts';
import type { EscalationStep } from '../../contracts/alert-request.ts';
import type { Calendars } from '../../settings/calendars.ts';
import type { Teams } from '../../settings/teams.ts';
import type { AlertState, Firing } from './alert-state.ts';
import { ALERTING, type Change } from './changes.ts';
import { addTimeBox, calendarOf, resumed } from './deadlines.ts';
import { type Due, earliestDue } from './due.ts';
import { nextOnShift } from './owner.ts';

/** What ops people set, and the present time. */
export interface Circumstances {
  readonly calendars: Calendars;
  readonly teams: Teams;
  readonly now: number;
}

/**
 * What the earliest due thing does, if it is due by `until`; nothing otherwise. Called until it returns nothing,
 * with the state that each result leads to: a step may reassign the alert that the next step is about.
 */
export function decideDue(
  state: AlertState,
  until: number,
  circumstances: Circumstances,
): readonly Change[] | undefined {
  const due = earliestDue(state);
  if (due === undefined || due.at > until || state.alert === undefined) return undefined;
  switch (due.type) {
    case 'wake':
      return [woken(state, state.alert, due.at, circumstances)];
    case 'breach':
      return [
        {
          type: 'breached',
          milestone: due.milestone,
          at: due.at,
          by: ALERTING,
          recordedAt: circumstances.now,
        },
      ];
    case 'step':
      return fire(state, state.alert, due, until, circumstances);
  }
}

/** The end of a snooze. Deadlines that stood still go on with the time they had left. */
export function woken(
  state: AlertState,
  alert: Alert,
  at: number,
  { calendars }: Pick<Circumstances, 'calendars'>,
): Change & { readonly type: 'woken' } {
  const deadlines =
    state.pausedAt === undefined ? alert.deadlines : resumed(alert.deadlines, calendars, state.pausedAt, at);
  return { type: 'woken', at, by: ALERTING, deadlines };
}

function fire(
  state: AlertState,
  alert: Alert,
  due: Due & { readonly type: 'step' },
  until: number,
  circumstances: Circumstances,
): readonly Change[] {
  const { step, firingKey, at } = due;
  const before = state.fired[firingKey];
  const repeats = before === undefined ? 0 : before.repeats + 1;
  const firing = nextFiring(step, repeats, alert, at, until, circumstances.calendars);
  const escalated: Change = { type: 'escalated', at, by: ALERTING, step, firingKey, firing };
  if (step.reassign !== 'next_on_shift' || before !== undefined) return [escalated];
  const owner = nextOnShift(circumstances.teams, alert.owner, circumstances.now);
  if (owner === undefined) return [{ ...escalated, note: 'nobody else is on shift to take it over' }];
  const reassigned: Change = { type: 'reassigned', at, by: ALERTING, owner, note: `step ${step.id}` };
  return [escalated, reassigned];
}

/**
 * When a step that fires now will fire again. Repeats that were missed, because we were down or the alert was
 * snoozed, count as done: the one message that goes out now stands for all of them.
 */
export function nextFiring(
  step: EscalationStep,
  repeatsDone: number,
  alert: Alert,
  at: number,
  until: number,
  calendars: Calendars,
): Firing {
  if (step.repeat === undefined) return { repeats: repeatsDone };
  const calendar = calendarOf(calendars, alert.plan.calendar);
  let repeats = repeatsDone;
  let next = at;
  while (repeats < step.repeat.max) {
    next = addTimeBox(calendar, next, step.repeat.every);
    if (next > until) return { repeats, nextAt: next };
    repeats++;
  }
  return { repeats };
}
