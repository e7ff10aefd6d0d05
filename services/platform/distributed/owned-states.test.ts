import { expect, test, vi } from 'vitest';
import { partitionOf } from '../event-log/partition-of.ts';
import { silentLogger } from '../logging/logger.ts';
import { OwnedStates, type StateWatcher } from './owned-states.ts';

const PARTITIONS = 4;
/** More than a page of them. */
const KEYS = Array.from({ length: 1_200 }, (_, n) => `k${String(n).padStart(4, '0')}`);
const keysOf = (...partitions: readonly number[]): string[] =>
  KEYS.filter((key) => partitions.includes(partitionOf(key, PARTITIONS)));

function watching({ failures = 0 } = {}) {
  const found = new Set<string>();
  const complete = vi.fn();
  let questions = 0;
  let left = failures;
  const watcher: StateWatcher = {
    keySpace: 'alert',
    without: 'closed',
    begun: () => undefined,
    found: ({ key }) => void found.add(String(key)),
    complete,
    lost: (isLost) => {
      for (const key of found) if (isLost(key)) found.delete(key);
    },
  };
  const postgres = {
    // Answers as the one statement does.
    query: async (_: unknown, [, , after, , limit]: readonly unknown[]) => {
      questions += 1;
      if (left-- > 0) throw new Error('the database is away');
      const rows = KEYS.filter((key) => key > String(after)).slice(0, Number(limit));
      return rows.map((key) => ({ key, body: JSON.stringify({ key }) })) as never;
    },
  };
  const log = silentLogger;
  const states = new OwnedStates({
    ...{ postgres, consumer: 'alerting', partitions: PARTITIONS, watcher, log, retryMs: 10 },
  });
  const completed = (times = 1) => vi.waitFor(() => expect(complete).toHaveBeenCalledTimes(times));
  return { states, found, completed, questions: () => questions };
}

test('what is stored of the partitions taken here is told, in one reading for all that come together', async () => {
  const { states, found, completed, questions } = watching();
  states.taken(0);
  states.taken(2);
  await completed();
  expect([...found]).toEqual(keysOf(0, 2));
  expect(questions()).toBe(3);
});

test('a partition that is given away is forgotten, and read anew when it comes back', async () => {
  const { states, found, completed } = watching();
  states.taken(0);
  states.taken(1);
  await completed();
  states.lost(0);
  expect([...found]).toEqual(keysOf(1));
  states.taken(0);
  await completed(2);
  expect([...found].sort()).toEqual(keysOf(0, 1));
});

test('a database that is away is asked again', async () => {
  const { states, found, completed } = watching({ failures: 2 });
  states.taken(3);
  await completed();
  expect([...found]).toEqual(keysOf(3));
});
