import { randomUUID } from 'node:crypto';
import type { Emit } from '../platform/keyed-process/keyed-process.ts';
import type { CommandWatch } from './ports.ts';

/** A watch that is told of every committed fact. */
export interface FactWatch extends CommandWatch {
  /** Call after the commit, when the views show the fact. */
  onFact(fact: Emit): void;
}

/** Lets whoever gave an order wait for the alert event that answers it, and pages know when to read again. */
export const createCommandWatch = (): FactWatch => {
  const waiting = new Map<string, Set<() => void>>();
  const life = randomUUID().slice(0, 8);
  let changes = 0;
  return {
    version: () => `${life}-${changes}`,
    onFact(fact) {
      if (fact.topic !== 'alerts') return;
      changes += 1;
      if (waiting.size === 0 || fact.value.commandId === undefined) return;
      for (const wake of waiting.get(fact.value.commandId) ?? []) wake();
    },
    settled: (commandId, timeoutMs) =>
      new Promise((resolve) => {
        const done = (settled: boolean) => {
          clearTimeout(timer);
          forget(waiting, commandId, wake);
          resolve(settled);
        };
        const wake = () => done(true);
        const timer = setTimeout(() => done(false), timeoutMs);
        remember(waiting, commandId, wake);
      }),
  };
};

const remember = (waiting: Map<string, Set<() => void>>, commandId: string, wake: () => void): void => {
  const wakes = waiting.get(commandId) ?? new Set();
  waiting.set(commandId, wakes.add(wake));
};

const forget = (waiting: Map<string, Set<() => void>>, commandId: string, wake: () => void): void => {
  const wakes = waiting.get(commandId);
  wakes?.delete(wake);
  if (wakes?.size === 0) waiting.delete(commandId);
};
