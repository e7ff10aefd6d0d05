import type { TimeBoxDuration } from '../../../contracts/alert-request.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../../platform/time/clock.ts';

/** A duration, or in words why the text is none. */
export type DurationRead<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

const UNITS: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };

/** The calendar that needs no definition: every minute of every day. */
export const ALWAYS = '24x7';

/** Plain elapsed time as `90s`, `30m`, `2h30m`, `14d` or `2w`: windows, cooldowns, offsets. */
export function readElapsed(text: string): DurationRead<number> {
  const parts = readParts(text);
  if (parts === undefined) {
    return { ok: false, message: `got "${text}", expected a duration such as 30m, 2h, 2h30m or 14d` };
  }
  if (parts.some(({ unit }) => unit === 'bd')) {
    return {
      ok: false,
      message: `got "${text}": business days only make sense in a time box; write ${text.replace('bd', 'd')}`,
    };
  }
  return { ok: true, value: total(parts) };
}

/**
 * A time box as a rule writes it: `30m` is business time of the rule's calendar, `3bd` the end of the third
 * business day after the opening, and `@24x7` forces plain elapsed time.
 *
 * A plain `d` in a business calendar is refused, because half of all readers would take it for a working day
 * and the other half for 24 hours.
 */
export function readTimeBox(text: string, calendar: string): DurationRead<TimeBoxDuration> {
  const wallSuffix = text.endsWith('@24x7');
  const body = wallSuffix ? text.slice(0, -'@24x7'.length) : text;
  const parts = readParts(body);
  if (parts === undefined) {
    return { ok: false, message: `got "${text}", expected a time box such as 30m, 4h, 3bd or 24h@24x7` };
  }
  const wall = wallSuffix || calendar === ALWAYS;
  const businessDays = parts.filter(({ unit }) => unit === 'bd');
  if (businessDays.length > 0) return readBusinessDays(text, parts, wall, calendar);
  const days = parts.find(({ unit }) => unit === 'd' || unit === 'w');
  if (days !== undefined && !wall) {
    const working = days.unit === 'w' ? days.amount * 5 : days.amount;
    return {
      ok: false,
      message:
        `got "${text}", but a day of the calendar "${calendar}" is ambiguous; ` +
        `write ${working}bd for the end of a business day, or ${body}@24x7 for elapsed time`,
    };
  }
  const amount = total(parts);
  if (amount === 0) return { ok: false, message: `got "${text}"; a time box must be longer than nothing` };
  return { ok: true, value: { amount, unit: 'ms', clock: wall ? 'wall' : 'business', text } };
}

function readBusinessDays(
  text: string,
  parts: readonly Part[],
  wall: boolean,
  calendar: string,
): DurationRead<TimeBoxDuration> {
  const [only, ...more] = parts;
  if (only === undefined || more.length > 0 || !Number.isInteger(only.amount) || only.amount < 1) {
    return { ok: false, message: `got "${text}"; business days stand alone, as 1bd, 2bd or 3bd` };
  }
  if (wall) {
    return {
      ok: false,
      message: `got "${text}", but ${calendar === ALWAYS ? 'the calendar 24x7' : '@24x7'} has no business days; write ${only.amount}d${calendar === ALWAYS ? '' : '@24x7'}`,
    };
  }
  return { ok: true, value: { amount: only.amount, unit: 'business_days', clock: 'business', text } };
}

interface Part {
  readonly amount: number;
  readonly unit: string;
}

/** Longer texts are no durations; also keeps the pattern below from reading novels. */
const MAX_LENGTH = 24;

function readParts(text: string): readonly Part[] | undefined {
  if (text.length > MAX_LENGTH || !/^(?:\d+(?:\.\d+)?(?:bd|[smhdw]))+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(bd|[smhdw])/g)].map(([, amount, unit]) => ({
    amount: Number(amount),
    unit: unit ?? '',
  }));
}

const total = (parts: readonly Part[]): number =>
  parts.reduce((sum, { amount, unit }) => sum + amount * (UNITS[unit] ?? 0), 0);

/** `14 days`, `1 hour`, `2 h 30 min`: for people. */
export function durationWords(ms: number): string {
  for (const [size, one, many] of WORDS) {
    if (ms >= size && ms % size === 0) return ms === size ? `1 ${one}` : `${ms / size} ${many}`;
  }
  const hours = Math.floor(ms / HOUR);
  const minutes = Math.round((ms % HOUR) / MINUTE);
  if (hours >= 48) return `${Math.round(ms / DAY)} days`;
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} minutes`;
}

const WORDS = [
  [DAY, 'day', 'days'],
  [HOUR, 'hour', 'hours'],
  [MINUTE, 'minute', 'minutes'],
  [SECOND, 'second', 'seconds'],
] as const;
