import type { EffectQueue } from '../../../services/platform/database/effect-queue.ts';

/** Takes an effect off the queue when it is claimed, as a queue with acknowledgement on receipt does. */
export function settlingFirst(queue: EffectQueue): EffectQueue {
  return {
    ...asItIs(queue),
    claim: async (name, now, limit, leaseMs) => {
      const claimed = await queue.claim(name, now, limit, leaseMs);
      for (const effect of claimed) await queue.settle(effect.id, []);
      return claimed;
    },
    stillHeld: async () => true,
  };
}

/** Does not tell that somebody has had an effect before, as a queue without a count of claims does. */
export function forgetful(queue: EffectQueue): EffectQueue {
  return {
    ...asItIs(queue),
    claim: async (name, now, limit, leaseMs) => {
      const claimed = await queue.claim(name, now, limit, leaseMs);
      return claimed.map((effect) => ({ ...effect, uncertain: false }));
    },
  };
}

const asItIs = (queue: EffectQueue): EffectQueue => ({
  claim: (name, now, limit, leaseMs) => queue.claim(name, now, limit, leaseMs),
  stillHeld: (id, now) => queue.stillHeld(id, now),
  settle: (id, outcome) => queue.settle(id, outcome),
  release: (id, dueAt) => queue.release(id, dueAt),
  pending: (name) => queue.pending(name),
});
