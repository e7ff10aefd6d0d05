import type { OpenPartition } from '../keyed-process/open-partition.ts';
import { type Clock, MINUTE, SECOND } from '../time/clock.ts';

export interface Watched {
  readonly group: { opened(): readonly OpenPartition[] };
  readonly clock: Clock;
  /** False while something outside is known to be ill: then waiting is right. */
  readonly healthy: () => boolean;
}

/** The process makes no progress and does not know why; it must be started anew. */
export class NoProgress extends Error {
  override readonly name = 'NoProgress';
}

const LOOK_EVERY_MS = 5 * SECOND;
/** A pass takes milliseconds. Two minutes without one, with work at hand, is no slowness. */
const STALLED_MS = 2 * MINUTE;

/** Rejects with `NoProgress` when a partition with work at hand has not been looked at for two minutes. */
export async function watchProgress({ group, clock, healthy }: Watched, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await rest(LOOK_EVERY_MS, stop);
    if (!healthy()) continue;
    for (const partition of group.opened()) {
      const waits = partition.feed.waiting().some(({ count }) => count > 0);
      const silentMs = partition.lastScanAt === 0 ? 0 : clock.now() - partition.lastScanAt;
      if (waits && silentMs > STALLED_MS) {
        throw new NoProgress(
          `records wait, and nothing has looked at them for ${Math.round(silentMs / SECOND)} s`,
        );
      }
    }
  }
}

function rest(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resume) => {
    const done = (): void => {
      clearTimeout(timeout);
      stop.removeEventListener('abort', done);
      resume();
    };
    const timeout = setTimeout(done, ms);
    stop.addEventListener('abort', done);
  });
}
