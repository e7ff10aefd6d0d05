import { DAY, HOUR, MINUTE, SECOND } from '../../../services/platform/time/clock.ts';

const UNITS = { s: SECOND, m: MINUTE, h: HOUR, d: DAY } as const;

/** Elapsed time as stories write it, in ms: `30m`, `1h30m`, `2d`. A day is 24 hours, whatever clocks do. */
export function elapsed(text: string): number {
  const parts = [...text.matchAll(/(\d+)([smhd])/g)];
  if (parts.map(([part]) => part).join('') !== text || parts.length === 0) {
    throw new Error(`"${text}" is no duration; write 30m, 1h30m or 2d`);
  }
  // The pattern takes no other letters than the four.
  return parts.reduce((sum, [, n, unit]) => sum + Number(n) * UNITS[unit as keyof typeof UNITS], 0);
}
