import type { OwnedTimer, PartitionStore } from '../../../services/platform/keyed-process/state-store.ts';
import { storeWith } from './store-with.ts';

/** Timers as `setTimeout` has them: they live as long as the process. */
export class MemoryTimers {
  readonly #timers = new Map<string, OwnedTimer>();

  around(store: PartitionStore): PartitionStore {
    return storeWith(store, {
      dueTimers: async (now) => [...this.#timers.values()].filter(({ dueAt }) => dueAt <= now),
      nextTimerAt: async () => undefined,
      commit: async (commit, now) => {
        for (const { dueAt, ...timer } of commit.timers) {
          const id = `${timer.process}/${timer.key}/${timer.name}`;
          if (dueAt === null) this.#timers.delete(id);
          else this.#timers.set(id, { ...timer, dueAt });
        }
        return store.commit({ ...commit, timers: [] }, now);
      },
    });
  }
}
