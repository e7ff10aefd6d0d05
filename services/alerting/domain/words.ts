import { DAY, HOUR, MINUTE } from '../../platform/time/clock.ts';

/** A duration for people, in its largest unit that divides it: `7 days`, `90 minutes`. */
export function durationWords(ms: number): string {
  const [unit, size] =
    ms % DAY === 0 ? ['day', DAY] : ms % HOUR === 0 ? ['hour', HOUR] : (['minute', MINUTE] as const);
  const count = Math.round(ms / size);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
