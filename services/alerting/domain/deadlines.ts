import type { AlertDeadline } from '../../contracts/alert.ts';
import type { AlertPlan, Deadline } from '../../contracts/alert-request.ts';
import {
  ALWAYS_OPEN,
  addBusinessTime,
  businessTimeBetween,
  type Calendar,
} from '../../platform/time/business-time.ts';
import { type Calendars, findCalendar } from '../../settings/calendars.ts';
import { addTimeBox } from '../../settings/time-box.ts';

export { addTimeBox };

export type Deadlines = { readonly [D in Deadline]?: AlertDeadline };

/** In the order in which they are recorded when they fall due in the same instant. */
export const DEADLINES: readonly Deadline[] = ['ack_by', 'contact_by', 'close_by'];

/**
 * The deadlines of an alert that opens at `openedAt`. They are computed here, once, and then stored.
 *
 * Where the customer must be left alone until some instant, contact and closing are counted from there.
 */
export function openingDeadlines(
  plan: AlertPlan,
  calendars: Calendars,
  openedAt: number,
  contactNotBefore = openedAt,
): Deadlines {
  const calendar = calendarOf(calendars, plan.calendar);
  const deadlines: { [D in Deadline]?: AlertDeadline } = {};
  for (const milestone of DEADLINES) {
    const box = plan.deadlines[milestone];
    if (box === undefined) continue;
    deadlines[milestone] = {
      dueAt: addTimeBox(
        calendar,
        milestone === 'ack_by' ? openedAt : Math.max(openedAt, contactNotBefore),
        box,
      ),
      version: 1,
      text: box.text,
      clock: box.clock,
      calendar: box.clock === 'wall' ? ALWAYS_OPEN.id : calendar.id,
    };
  }
  return deadlines;
}

/**
 * An alert whose calendar is gone counts time as 24x7: its deadlines then come too early, never too late. The
 * rules are checked against the calendars, so this happens only to alerts of an older rule set.
 */
export const calendarOf = (calendars: Calendars, id: string): Calendar =>
  findCalendar(calendars, id) ?? ALWAYS_OPEN;

/** Takes over each fresh deadline that is earlier than a running one, as a new version. */
export function tightened(current: Deadlines, fresh: Deadlines): Deadlines {
  return mapDeadlines({ ...fresh, ...current }, (deadline, milestone) => {
    const sooner = fresh[milestone];
    if (!isRunning(deadline) || sooner === undefined || sooner.dueAt >= deadline.dueAt) return deadline;
    return { ...sooner, version: deadline.version + 1 };
  });
}

/** After a pause each running deadline has as much time left, on its own clock, as it had when time stood still. */
export function resumed(
  current: Deadlines,
  calendars: Calendars,
  pausedAt: number,
  resumedAt: number,
): Deadlines {
  return mapDeadlines(current, (deadline) => {
    if (!isRunning(deadline)) return deadline;
    const calendar = calendarOf(calendars, deadline.calendar);
    const left = businessTimeBetween(calendar, pausedAt, deadline.dueAt);
    return {
      ...deadline,
      dueAt: addBusinessTime(calendar, resumedAt, Math.max(0, left)),
      version: deadline.version + 1,
    };
  });
}

/** Marks a deadline as met. A second time changes nothing; a breach that was recorded stays. */
export function met(current: Deadlines, milestone: Deadline, at: number): Deadlines {
  const deadline = current[milestone];
  if (deadline === undefined || deadline.metAt !== undefined) return current;
  return { ...current, [milestone]: { ...deadline, metAt: at } };
}

/** Neither met nor missed yet. */
export const isRunning = (deadline: AlertDeadline): boolean =>
  deadline.metAt === undefined && deadline.breachedAt === undefined;

function mapDeadlines(
  deadlines: Deadlines,
  change: (deadline: AlertDeadline, milestone: Deadline) => AlertDeadline,
): Deadlines {
  const changed: { [D in Deadline]?: AlertDeadline } = {};
  for (const milestone of DEADLINES) {
    const deadline = deadlines[milestone];
    if (deadline !== undefined) changed[milestone] = change(deadline, milestone);
  }
  return changed;
}
