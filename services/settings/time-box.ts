import type { TimeBoxDuration } from '../contracts/alert-request.ts';
import { addBusinessTime, type Calendar, endOfBusinessDay } from '../platform/time/business-time.ts';
import { DAY } from '../platform/time/clock.ts';

/** Where a time box that begins at `start` ends. */
export function addTimeBox(calendar: Calendar, start: number, box: TimeBoxDuration): number {
  if (box.clock === 'wall') return start + box.amount * (box.unit === 'ms' ? 1 : DAY);
  return box.unit === 'ms'
    ? addBusinessTime(calendar, start, box.amount)
    : endOfBusinessDay(calendar, start, box.amount);
}
