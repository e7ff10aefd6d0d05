import { Gauge, type Registry } from 'prom-client';
import { type Clock, MINUTE } from '../time/clock.ts';
import { guardedCollect } from './registry.ts';

/** How far this machine's clock is off, in seconds; what it is compared with is for the caller to say. */
export function registerClockOffset(registry: Registry, offsetSeconds: () => number | Promise<number>): void {
  const name = 'tocsin_clock_offset_seconds';
  new Gauge({
    name,
    help: "How far this machine's clock is off: against the database's, or moved in the last ten minutes.",
    registers: [registry],
    collect: guardedCollect(registry, name, async function (this: Gauge) {
      this.set(await offsetSeconds());
    }),
  });
}

/**
 * With one machine there is nothing to compare its clock with but the time that passes: answers by how many seconds
 * the clock was moved lately. `passedMs` is a count of milliseconds that nobody can move.
 */
export function movedLately(clock: Clock, passedMs: () => number = () => performance.now()): () => number {
  let since = { clock: clock.now(), passed: passedMs() };
  return () => {
    const now = { clock: clock.now(), passed: passedMs() };
    const movedMs = now.clock - since.clock - (now.passed - since.passed);
    if (now.passed - since.passed >= LATELY_MS) since = now;
    return movedMs / 1000;
  };
}

/** Long enough for several scrapes to see a jump, short enough that one jump is not told for ever. */
const LATELY_MS = 10 * MINUTE;
