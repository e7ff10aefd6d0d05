import type { OpenPartition, Unfetched } from '../keyed-process/open-partition.ts';
import { type Clock, MINUTE, SECOND } from '../time/clock.ts';
import { pause } from '../time/rest.ts';

export interface Watched {
  readonly group: {
    opened(): readonly OpenPartition[];
    /** What the client leaves lying although there is room for it. */
    unfetched(): Promise<readonly Unfetched[]>;
  };
  readonly clock: Clock;
  /** False while something outside is known to be ill: then waiting is right. */
  readonly healthy: () => boolean;
}

/** The process makes no progress and does not know why; it must be started anew. */
export class NoProgress extends Error {
  override readonly name = 'NoProgress';
}

export const LOOK_EVERY_MS = 15 * SECOND;
/** A pass takes milliseconds, a fetch as well. Two minutes without one, with work at hand, is no slowness. */
export const STALLED_MS = 2 * MINUTE;
/** After so long without a look at what waits, the process is not ready. */
const SILENT_MS = 15 * SECOND;

/**
 * Rejects with `NoProgress` when for two minutes a partition with records at hand was not looked at, or the client
 * fetched nothing of a topic that holds more.
 */
export async function watchProgress(watched: Watched, stop: AbortSignal): Promise<void> {
  const fetching = new Fetching();
  while (!stop.aborted) {
    await pause(LOOK_EVERY_MS, stop);
    if (stop.aborted) return;
    if (!watched.healthy()) {
      fetching.beginAgain();
      continue;
    }
    const { group, clock } = watched;
    const silentMs = silence(group.opened(), clock.now());
    if (silentMs > STALLED_MS) {
      throw new NoProgress(`records wait, and nothing has looked at them for ${inSeconds(silentMs)}`);
    }
    // While no broker answers there is nothing to be fetched either, and afterwards a client may need a moment.
    const unfetched = await group.unfetched().catch(() => undefined);
    if (unfetched === undefined) fetching.beginAgain();
    else fetching.look(unfetched, clock.now());
  }
}

/** Why a process that waits for nothing is not ready; nothing when it looks at its work. */
export function notLooking(opened: readonly OpenPartition[], now: number): string | undefined {
  const silentMs = silence(opened, now);
  return silentMs > SILENT_MS ? `records wait, no pass for ${inSeconds(silentMs)}` : undefined;
}

/** For how long the partition that was neglected most has had records and was not looked at. */
function silence(opened: readonly OpenPartition[], now: number): number {
  const silent = opened
    .filter(({ feed, lastScanAt }) => lastScanAt > 0 && feed.waiting().some(({ count }) => count > 0))
    .map(({ lastScanAt }) => now - lastScanAt);
  return Math.max(0, ...silent);
}

const inSeconds = (ms: number): string => `${Math.round(ms / SECOND)} s`;

/** Remembers since when nothing of a topic was fetched although there is more. */
class Fetching {
  #stood = new Map<string, { readonly next: number; readonly since: number }>();

  beginAgain(): void {
    this.#stood.clear();
  }

  look(unfetched: readonly Unfetched[], now: number): void {
    const stands = new Map<string, { readonly next: number; readonly since: number }>();
    for (const { topic, partition, next, end } of unfetched) {
      const place = `${topic}/${partition}`;
      const before = this.#stood.get(place);
      const since = before?.next === next ? before.since : now;
      if (now - since >= STALLED_MS) {
        const idle = inSeconds(now - since);
        throw new NoProgress(
          `${place} holds records up to ${end}; nothing was fetched from ${next} on for ${idle}`,
        );
      }
      stands.set(place, { next, since });
    }
    this.#stood = stands;
  }
}
