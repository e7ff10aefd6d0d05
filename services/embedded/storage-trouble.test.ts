import { expect, test } from 'vitest';
import { type EventLog, StorageUnavailable } from '../platform/event-log/event-log.ts';
import { ManualClock, SECOND } from '../platform/time/clock.ts';
import { watchStorage } from './storage-trouble.ts';

const FULL = new StorageUnavailable('disk_full', 'full');
const WORDS = 'the data file takes no writes (disk_full)';

/** A log of which only `publish` is used. */
const logThat = (publish: EventLog['publish']): EventLog => ({ publish }) as EventLog;

test('a pass that was not stored is trouble until one is stored', () => {
  const trouble = watchStorage(new ManualClock(0));
  expect(trouble.words()).toBeUndefined();
  trouble.observer.onStorageTrouble?.(FULL, 100);
  expect(trouble.words()).toBe(WORDS);
  trouble.observer.onPass?.({ ledger: [], records: 0, timers: 0, seconds: 0 });
  expect(trouble.words()).toBeUndefined();
});

test('a publish that was not stored is trouble until one is stored, or for a quarter of a minute', async () => {
  const clock = new ManualClock(0);
  const trouble = watchStorage(clock);
  const failing = trouble.watched(logThat(() => Promise.reject(FULL)));
  const working = trouble.watched(logThat(async () => []));

  await expect(failing.publish('complaints', [])).rejects.toBe(FULL);
  expect(trouble.words()).toBe(WORDS);
  await working.publish('complaints', []);
  expect(trouble.words()).toBeUndefined();

  await expect(failing.publish('complaints', [])).rejects.toBe(FULL);
  clock.advance(15 * SECOND - 1);
  expect(trouble.words()).toBe(WORDS);
  clock.advance(1);
  expect(trouble.words()).toBeUndefined();
});

test('a record that cannot be encoded is no trouble of the store', async () => {
  const trouble = watchStorage(new ManualClock(0));
  const log = trouble.watched(logThat(() => Promise.reject(new TypeError('circular'))));
  await expect(log.publish('complaints', [])).rejects.toThrow(TypeError);
  expect(trouble.words()).toBeUndefined();
});
