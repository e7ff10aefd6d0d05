import { type EventLog, StorageUnavailable } from '../platform/event-log/event-log.ts';
import type { RunnerObserver } from '../platform/keyed-process/runner.ts';
import type { Clock } from '../platform/time/clock.ts';
import { SECOND } from '../platform/time/clock.ts';

/**
 * A publish that failed says nothing about the disk of a quarter of a minute later. Without an end, a balancer
 * that sends nothing to whoever is not ready would never let it become ready again.
 */
const FORGET_AFTER_MS = 15 * SECOND;

/** Whether the store takes writes, as those know who tried last: the runner, and whoever publishes. */
export interface StorageTrouble {
  /** In words; nothing while writes are taken. */
  words(): string | undefined;
  readonly observer: RunnerObserver;
  /** The same log, whose publishes are watched. */
  watched(log: EventLog): EventLog;
}

export function watchStorage(clock: Clock): StorageTrouble {
  let ofRunner: string | undefined;
  let ofPublish: { readonly words: string; readonly at: number } | undefined;
  return {
    words: () => {
      if (ofRunner !== undefined) return ofRunner;
      const isRecent = ofPublish !== undefined && clock.now() - ofPublish.at < FORGET_AFTER_MS;
      return isRecent ? ofPublish?.words : undefined;
    },
    observer: {
      onStorageTrouble: (error) => {
        ofRunner = wordsFor(error);
      },
      onPass: () => {
        ofRunner = undefined;
      },
    },
    watched: (log) => ({
      read: (topic, partition, offset, limit) => log.read(topic, partition, offset, limit),
      fetch: (topic, partition, offsets) => log.fetch(topic, partition, offsets),
      endOffset: (topic, partition) => log.endOffset(topic, partition),
      publish: async (topic, records) => {
        try {
          const results = await log.publish(topic, records);
          ofPublish = undefined;
          return results;
        } catch (error) {
          if (error instanceof StorageUnavailable) {
            ofPublish = { words: wordsFor(error), at: clock.now() };
          }
          throw error;
        }
      },
    }),
  };
}

const wordsFor = ({ reason }: StorageUnavailable): string => `the data file takes no writes (${reason})`;
