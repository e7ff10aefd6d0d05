import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EffectQueue } from '../../services/platform/database/effect-queue.ts';
import type { EventLog } from '../../services/platform/event-log/event-log.ts';
import type { EffectChange } from '../../services/platform/keyed-process/keyed-process.ts';
import type { Traced } from '../../services/platform/keyed-process/state-store.ts';
import { fact } from './records.ts';

/** A queue to try, and the way in which keyed processes fill it. */
export interface EffectQueueUnderTest {
  queue(): EffectQueue;
  log(): EventLog;
  /** Commits these changes as a runner does. */
  change(...effects: readonly Traced<EffectChange>[]): Promise<void>;
  reopen(): Promise<void>;
  dispose(): Promise<void>;
  readonly promises: {
    /** Only one process can have the queue open, so claims end when it is opened again. */
    readonly leasesEndWithTheOwner: boolean;
  };
}

const T = 1_772_438_400_000;
const LEASE = 1_000;
const effect = (id: string, dueAt = T): EffectChange => ({ id, queue: 'slack', dueAt, payload: { say: id } });
const cancel = (id: string): EffectChange => ({ id, queue: 'slack', dueAt: T, payload: null });

/** What every effect queue keeps; `build` makes an empty one for each test. */
export function effectQueueContract(name: string, build: () => Promise<EffectQueueUnderTest>): void {
  describe(`effect queue: ${name}`, () => {
    let subject: EffectQueueUnderTest;
    beforeEach(async () => {
      subject = await build();
    });
    afterEach(() => subject.dispose());

    const claim = (now: number, limit = 10) => subject.queue().claim('slack', now, limit, LEASE);
    const claimedIds = async (now: number, limit = 10) => (await claim(now, limit)).map(({ id }) => id);

    test('effects are claimed from their due instant on, the earliest first', async () => {
      await subject.change(effect('late', T + 20), effect('soon', T + 10), effect('now'));
      expect(await claimedIds(T - 1)).toEqual([]);
      expect(await claimedIds(T + 20, 2)).toEqual(['now', 'soon']);
      expect(await claimedIds(T + 20)).toEqual(['late']);
    });

    test('a claim brings the payload, and says that nobody held the effect before', async () => {
      await subject.change(effect('a'));
      expect(await claim(T)).toEqual([
        { id: 'a', queue: 'slack', dueAt: T, payload: { say: 'a' }, uncertain: false, cancelled: false },
      ]);
    });

    test('an effect keeps the trace that it belongs to, and so does what came of it', async () => {
      const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
      await subject.change({ ...effect('a'), trace });
      expect(await claim(T)).toMatchObject([{ id: 'a', trace }]);
      await subject.queue().settle('a', [{ ...fact('done'), trace }, fact('untraced')]);
      const records = await subject.log().read(fact('done').topic, 0, 0, 10);
      expect(records.map((record) => record.trace)).toEqual([trace, undefined]);
    });

    test('queues do not see each other', async () => {
      await subject.change({ ...effect('a'), queue: 'email' });
      expect(await claimedIds(T)).toEqual([]);
      expect(await subject.queue().pending('slack')).toEqual({ count: 0 });
      expect(await subject.queue().pending('email')).toEqual({ count: 1, earliestDueAt: T, oldestSince: T });
    });

    test('what is put off, or repeats an earlier attempt, is as old as what was wanted first', async () => {
      await subject.change(effect('a'), { ...effect('retry', T + 20), since: T - 30 });
      expect(await subject.queue().pending('slack')).toMatchObject({ earliestDueAt: T, oldestSince: T - 30 });
      await subject.change(cancel('retry'));
      await claim(T);
      await subject.queue().release('a', T + 5);
      expect(await subject.queue().pending('slack')).toMatchObject({ earliestDueAt: T + 5, oldestSince: T });
    });

    test('the same id is queued once while it waits', async () => {
      await subject.change(effect('a'), { ...effect('a'), payload: { say: 'something else' } });
      await subject.change(effect('a'));
      expect((await claim(T)).map(({ payload }) => payload)).toEqual([{ say: 'a' }]);
    });

    test('what is claimed is nobody else’s until the lease ends, and uncertain from then on', async () => {
      await subject.change(effect('a'));
      await claim(T);
      expect(await claim(T + LEASE - 1)).toEqual([]);
      expect(await subject.queue().stillHeld('a', T + LEASE - 1)).toBe(true);
      expect(await subject.queue().stillHeld('a', T + LEASE)).toBe(false);
      expect(await claim(T + LEASE)).toMatchObject([{ id: 'a', uncertain: true, cancelled: false }]);
    });

    test('what was claimed before a restart is uncertain; with one owner, at once', async () => {
      await subject.change(effect('a'));
      await claim(T);
      await subject.reopen();
      const from = subject.promises.leasesEndWithTheOwner ? T : T + LEASE;
      if (from > T) expect(await claim(T + LEASE - 1)).toEqual([]);
      expect(await claim(from)).toMatchObject([{ id: 'a', uncertain: true }]);
    });

    test('cancelled before anybody claimed it, it is gone', async () => {
      await subject.change(effect('a'));
      await subject.change(cancel('a'));
      expect(await claim(T)).toEqual([]);
      expect(await subject.queue().pending('slack')).toEqual({ count: 0 });
    });

    test('queued and cancelled by one commit, it is gone', async () => {
      await subject.change(effect('a'), cancel('a'));
      expect(await claim(T)).toEqual([]);
    });

    test('cancelled after the claim, its worker is told to leave it', async () => {
      await subject.change(effect('a'));
      await claim(T);
      await subject.change(cancel('a'));
      expect(await subject.queue().stillHeld('a', T + 1)).toBe(false);
    });

    test('cancelled after a claim that was never heard of again, the next worker hears both', async () => {
      await subject.change(effect('a'));
      await claim(T);
      await subject.change(cancel('a'));
      expect(await claim(T + LEASE)).toMatchObject([{ id: 'a', uncertain: true, cancelled: true }]);
    });

    test('what was never queued may be cancelled', async () => {
      await subject.change(cancel('a'));
      expect(await subject.queue().pending('slack')).toEqual({ count: 0 });
    });

    test('settled, it is gone and its outcome is in the log, once', async () => {
      await subject.change(effect('a'));
      await claim(T);
      await subject.queue().settle('a', [fact('sent')]);
      await subject.queue().settle('a', [fact('sent')]);
      expect(await claim(T + LEASE)).toEqual([]);
      const outcomes = await subject.log().read('complaints', 0, 0, 10);
      expect(outcomes.map(({ key }) => key)).toEqual(['c-sent']);
    });

    test('of two workers who settle after a lease ran out, the first counts', async () => {
      await subject.change(effect('a'));
      await claim(T);
      await claim(T + LEASE);
      await subject.queue().settle('a', [fact('first')]);
      await subject.queue().settle('a', [fact('second')]);
      expect((await subject.log().read('complaints', 0, 0, 10)).map(({ key }) => key)).toEqual(['c-first']);
    });

    test('released, it waits as if nobody had claimed it', async () => {
      await subject.change(effect('a'));
      await claim(T);
      await subject.queue().release('a', T + 5);
      expect(await subject.queue().stillHeld('a', T)).toBe(false);
      expect(await claim(T + 4)).toEqual([]);
      expect(await claim(T + 5)).toMatchObject([{ id: 'a', dueAt: T + 5, uncertain: false }]);
    });

    test('released after it was cancelled, it is gone', async () => {
      await subject.change(effect('a'));
      await claim(T);
      await subject.change(cancel('a'));
      await subject.queue().release('a', T);
      expect(await subject.queue().pending('slack')).toEqual({ count: 0 });
    });

    test('released by the second worker, it stays uncertain because of the first', async () => {
      await subject.change(effect('a'));
      await claim(T);
      await claim(T + LEASE);
      await subject.change(cancel('a'));
      await subject.queue().release('a', T + LEASE);
      expect(await claim(T + LEASE)).toMatchObject([{ id: 'a', uncertain: true, cancelled: true }]);
    });

    test('waiting and claimed effects are both pending', async () => {
      await subject.change(effect('a', T + 5), effect('b', T + 9));
      await claim(T + 5);
      expect(await subject.queue().pending('slack')).toEqual({
        count: 2,
        earliestDueAt: T + 5,
        oldestSince: T + 5,
      });
    });
  });
}
