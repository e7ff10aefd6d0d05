import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DueTimers } from './due-timers.ts';

const change = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  dueAt: fc.option(fc.integer({ min: 0, max: 20 }), { nil: null }),
});

test('the next timer is the earliest of those that are set, whatever was set, moved and cleared before', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const timers = new DueTimers();
      const plain = new Map<string, number>();
      for (const { name, dueAt } of changes) {
        timers.set({ process: 'p', key: 'k', name, dueAt });
        if (dueAt === null) plain.delete(name);
        else plain.set(name, dueAt);
        const earliest = plain.size === 0 ? undefined : Math.min(...plain.values());
        expect(timers.next()?.dueAt).toBe(earliest);
      }
      expect(timers.all().length).toBe(plain.size);
    }),
  );
});
