import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { OpenPartition, Unfetched } from '../keyed-process/open-partition.ts';
import { ManualClock } from '../time/clock.ts';
import {
  LOOK_EVERY_MS,
  NoProgress,
  notLooking,
  STALLED_MS,
  type Watched,
  watchProgress,
} from './watch-progress.ts';

const START = '2026-03-02T08:00:00Z';

// The watch rests by a timer of its own, the time that it judges by is the clock's.
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a partition whose records nobody looks at for two minutes ends the watch', async () => {
  const clock = new ManualClock(START);
  const { ended } = watch({ clock, opened: [partition({ waiting: 3, lastScanAt: clock.now() })] });
  await pass(clock, STALLED_MS);
  expect(ended()).toBeUndefined();
  await pass(clock, LOOK_EVERY_MS);
  expect(ended()).toEqual(new NoProgress('records wait, and nothing has looked at them for 135 s'));
});

test('a partition that has nothing to look at may rest for ever', async () => {
  const clock = new ManualClock(START);
  const { ended } = watch({ clock, opened: [partition({ waiting: 0, lastScanAt: clock.now() })] });
  await pass(clock, 10 * STALLED_MS);
  expect(ended()).toBeUndefined();
});

test('a client that fetches nothing for two minutes, although there is more, ends the watch', async () => {
  const clock = new ManualClock(START);
  const { ended } = watch({ clock, unfetched: async () => [at(7)] });
  await pass(clock, STALLED_MS);
  expect(ended()).toBeUndefined();
  await pass(clock, LOOK_EVERY_MS);
  expect(ended()).toEqual(
    new NoProgress('signals/0 holds records up to 9; nothing was fetched from 7 on for 120 s'),
  );
});

test('a client that comes on, however slowly, is left alone', async () => {
  const clock = new ManualClock(START);
  let next = 0;
  const { ended } = watch({ clock, unfetched: async () => [at(next++)] });
  await pass(clock, 10 * STALLED_MS);
  expect(ended()).toBeUndefined();
});

test('while the brokers do not answer, or the database is known to be ill, waiting is right', async () => {
  const clock = new ManualClock(START);
  const down = watch({ clock, unfetched: () => Promise.reject(new Error('no broker')) });
  const ill = watch({ clock, healthy: false, opened: [partition({ waiting: 3, lastScanAt: 1 })] });
  await pass(clock, 10 * STALLED_MS);
  expect([down.ended(), ill.ended()]).toEqual([undefined, undefined]);
});

test('after brokers that were gone the client has its two minutes again', async () => {
  const clock = new ManualClock(START);
  let down = false;
  const { ended } = watch({
    clock,
    unfetched: async () => {
      if (down) throw new Error('no broker');
      return [at(7)];
    },
  });
  await pass(clock, LOOK_EVERY_MS);
  down = true;
  await pass(clock, STALLED_MS);
  down = false;
  await pass(clock, STALLED_MS);
  expect(ended()).toBeUndefined();
  await pass(clock, LOOK_EVERY_MS);
  expect(ended()).toBeInstanceOf(NoProgress);
});

test('a process that does not look at its records for fifteen seconds is not ready', () => {
  const opened = [partition({ waiting: 1, lastScanAt: 1_000 })];
  expect(notLooking(opened, 16_000)).toBeUndefined();
  expect(notLooking(opened, 17_000)).toBe('records wait, no pass for 16 s');
});

const at = (next: number): Unfetched => ({ topic: 'signals', partition: 0, next, end: 9 });

/** Only what the watch asks of a partition. */
const partition = ({ waiting, lastScanAt }: { readonly waiting: number; readonly lastScanAt: number }) =>
  ({
    feed: { waiting: () => [{ topic: 'signals', count: waiting, since: undefined }] },
    lastScanAt,
  }) as unknown as OpenPartition;

function watch(given: {
  readonly clock: ManualClock;
  readonly opened?: readonly OpenPartition[];
  readonly unfetched?: Watched['group']['unfetched'];
  readonly healthy?: boolean;
}) {
  const { clock, opened = [], unfetched = async () => [], healthy = true } = given;
  let error: unknown;
  const group = { opened: () => opened, unfetched };
  watchProgress({ group, clock, healthy: () => healthy }, new AbortController().signal).catch((thrown) => {
    error = thrown;
  });
  return { ended: () => error };
}

async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let gone = 0; gone < ms; gone += LOOK_EVERY_MS) {
    clock.advance(LOOK_EVERY_MS);
    await vi.advanceTimersByTimeAsync(LOOK_EVERY_MS);
  }
}
