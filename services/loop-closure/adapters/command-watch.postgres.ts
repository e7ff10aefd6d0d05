import { randomUUID } from 'node:crypto';
import type { AlertQueries, CommandWatch } from '../ports.ts';

/**
 * Waits for what a command did by looking at the views: another instance may be the one that writes them.
 *
 * `version` changes once a second, as nothing tells this instance of the others' changes.
 */
export function createCommandPoll(queries: Pick<AlertQueries, 'eventOfCommand'>): CommandWatch {
  const life = randomUUID().slice(0, 8);
  return {
    version: () => `${life}-${Math.floor(performance.now() / VERSION_MS)}`,
    settled: async (commandId, timeoutMs) => {
      const until = performance.now() + timeoutMs;
      while (performance.now() < until) {
        if ((await queries.eventOfCommand(commandId)) !== undefined) return true;
        await new Promise((resume) => setTimeout(resume, LOOK_EVERY_MS));
      }
      return false;
    },
  };
}

const LOOK_EVERY_MS = 25;
const VERSION_MS = 1_000;
