import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type EventLog, StorageUnavailable } from '../../services/platform/event-log/event-log.ts';
import { bulky, complaint } from './records.ts';

/** A log to try, and what an adapter promises beyond the port. */
export interface EventLogUnderTest {
  log(): EventLog;
  /** Drops the connection or file handle, as a crash would, and opens the same log again. */
  reopen(): Promise<void>;
  close(): Promise<void>;
  /** Makes the storage refuse writes, until `storageBack`. */
  storageGone(): Promise<void>;
  storageBack(): Promise<void>;
  dispose(): Promise<void>;
  readonly promises: {
    /** A closed log refuses publishes at once. */
    readonly refusesWhenClosed: boolean;
    /** Halves of surrogate pairs come back as they were, not as the replacement character. */
    readonly keepsHalvesOfPairs: boolean;
  };
}

const P = 0;

/** What every event log keeps; `build` makes an empty one for each test. */
export function eventLogContract(name: string, build: () => Promise<EventLogUnderTest>): void {
  describe(`event log: ${name}`, () => {
    let subject: EventLogUnderTest;
    beforeEach(async () => {
      subject = await build();
    });
    afterEach(() => subject.dispose());

    const ids = async (from = 0, limit = 100) =>
      (await subject.log().read('complaints', P, from, limit)).map((record) => record.value.id);

    test('what was published is read in order, with offsets that grow by one', async () => {
      await subject.log().publish('complaints', [complaint('a'), complaint('b')]);
      await subject.log().publish('complaints', [complaint('c')]);
      const records = await subject.log().read('complaints', P, 0, 10);
      expect(records.map(({ key, offset, value }) => [key, offset, value.text])).toEqual([
        ['c-a', 0, 'text of a'],
        ['c-b', 1, 'text of b'],
        ['c-c', 2, 'text of c'],
      ]);
    });

    test('topics have offsets of their own', async () => {
      await subject.log().publish('complaints', [complaint('a')]);
      await subject.log().publish('call-notes', [complaint('a'), complaint('b')]);
      expect(await subject.log().endOffset('complaints', P)).toBe(1);
      expect(await subject.log().endOffset('call-notes', P)).toBe(2);
      expect(await subject.log().endOffset('social-posts', P)).toBe(0);
      expect(await subject.log().read('social-posts', P, 0, 10)).toEqual([]);
    });

    test('what publish reported survives a restart, and offsets go on from there', async () => {
      await subject.log().publish('complaints', [complaint('a'), complaint('b')]);
      await subject.reopen();
      await subject.log().publish('complaints', [complaint('c')]);
      expect(await ids()).toEqual(['a', 'b', 'c']);
      expect(await subject.log().endOffset('complaints', P)).toBe(3);
    });

    describe('an id published again is a repeat', () => {
      test('in a later publish, also after a restart', async () => {
        await subject.log().publish('complaints', [complaint('a')]);
        await subject.reopen();
        const again = await subject.log().publish('complaints', [complaint('a'), complaint('b')]);
        expect(again).toEqual(['repeated', 'accepted']);
        expect(await ids()).toEqual(['a', 'b']);
      });

      test('within one publish: the first one counts', async () => {
        const twice = [complaint('a', 'first'), complaint('b'), complaint('a', 'second')];
        expect(await subject.log().publish('complaints', twice)).toEqual([
          'accepted',
          'accepted',
          'repeated',
        ]);
        const [stored] = await subject.log().read('complaints', P, 0, 1);
        expect(stored?.value.text).toBe('first');
      });

      test('in a publish that waits beside another one', async () => {
        const [one, other] = await Promise.all([
          subject.log().publish('complaints', [complaint('a')]),
          subject.log().publish('complaints', [complaint('a'), complaint('b')]),
        ]);
        expect([one, other]).toEqual([['accepted'], ['repeated', 'accepted']]);
        expect(await ids()).toEqual(['a', 'b']);
      });

      test('but not on another topic', async () => {
        await subject.log().publish('complaints', [complaint('a')]);
        expect(await subject.log().publish('call-notes', [complaint('a')])).toEqual(['accepted']);
      });

      test.each([
        ['long ids that differ at their end', `${'x'.repeat(500)}1`, `${'x'.repeat(500)}2`],
        ['ids that differ in what UTF-8 cannot hold', '\ud800', '\ud801'],
        ['ids that differ behind a NUL', 'a\0b', 'a\0c'],
        ['ids that differ in case', 'a', 'A'],
        ['ids that differ in a space at the end', 'a', 'a '],
      ])('and %s are told apart', async (_, one, other) => {
        const published = await subject.log().publish('complaints', [complaint(one), complaint(other)]);
        expect(published).toEqual(['accepted', 'accepted']);
        expect(await subject.log().publish('complaints', [complaint(one), complaint(other)])).toEqual([
          'repeated',
          'repeated',
        ]);
      });
    });

    test('publishes that wait together keep the order in which they were made', async () => {
      const names = Array.from({ length: 50 }, (_, index) => `r${index}`);
      await Promise.all(names.map((id) => subject.log().publish('complaints', [complaint(id)])));
      expect(await ids()).toEqual(names);
    });

    test('more publishes than fit into one transaction are all stored, in order', async () => {
      const names = Array.from({ length: 30 }, (_, index) => `r${index}`);
      const hundred = (id: string) => Array.from({ length: 100 }, (_, index) => complaint(`${id}/${index}`));
      await Promise.all(names.map((id) => subject.log().publish('complaints', hundred(id))));
      const stored = await ids(0, 5_000);
      expect(stored).toEqual(names.flatMap((id) => hundred(id).map((record) => record.id)));
    });

    test('the value as it was when it was published is stored', async () => {
      const value = { ...complaint('a').value, text: 'as published' };
      const published = subject.log().publish('complaints', [{ id: 'a', key: 'k', value }]);
      value.text = 'changed afterwards';
      await published;
      expect((await subject.log().read('complaints', P, 0, 1))[0]?.value.text).toBe('as published');
    });

    test('any text comes back as it was', async () => {
      const text = 'line\nbreak \u2028 NUL \0 quote " back\\slash \ud83d\ude00 lone \ud800';
      await subject.log().publish('complaints', [complaint('a', text)]);
      await subject.reopen();
      const expected = subject.promises.keepsHalvesOfPairs ? text : text.toWellFormed();
      expect((await subject.log().read('complaints', P, 0, 1))[0]?.value.text).toBe(expected);
    });

    test('a value that cannot be written fails its own publish only', async () => {
      // The type forbids it; a mistake of ours could still bring it here.
      const broken = { ...complaint('b'), value: { ...complaint('b').value, text: 1n as unknown as string } };
      const [good, bad] = await Promise.allSettled([
        subject.log().publish('complaints', [complaint('a')]),
        subject.log().publish('complaints', [broken]),
      ]);
      expect(good).toEqual({ status: 'fulfilled', value: ['accepted'] });
      expect(bad.status).toBe('rejected');
      expect(await subject.log().publish('complaints', [complaint('b')])).toEqual(['accepted']);
    });

    test('an empty publish stores nothing and is answered', async () => {
      expect(await subject.log().publish('complaints', [])).toEqual([]);
      expect(await subject.log().endOffset('complaints', P)).toBe(0);
    });

    describe('reading', () => {
      beforeEach(async () => {
        for (const batch of [['a', 'b', 'c'], ['d'], ['e', 'f', 'g', 'h']]) {
          await subject.log().publish(
            'complaints',
            batch.map((id) => complaint(id)),
          );
        }
      });

      test.each([
        ['begins inside a batch', 1, 3, ['b', 'c', 'd']],
        ['goes over several batches', 2, 5, ['c', 'd', 'e', 'f', 'g']],
        ['ends at the end', 6, 100, ['g', 'h']],
        ['finds nothing behind the end', 8, 100, []],
        ['takes no more than asked', 0, 1, ['a']],
        ['takes nothing when asked for nothing', 0, 0, []],
      ])('%s', async (_, from, limit, expected) => {
        expect(await ids(from, limit)).toEqual(expected);
      });

      test.each([
        ['scattered offsets come in the order asked for', [7, 0, 3, 1], ['h', 'a', 'd', 'b']],
        ['an offset may be asked for twice', [2, 2], ['c', 'c']],
        ['offsets that do not exist are left out', [3, 8, 1_000], ['d']],
        ['none are none', [], []],
      ])('%s', async (_, offsets, expected) => {
        const records = await subject.log().fetch('complaints', P, offsets);
        expect(records.map((record) => record.value.id)).toEqual(expected);
      });
    });

    test('a publish that the storage refuses stores nothing, and can be sent again', async () => {
      await subject.log().publish('complaints', [complaint('a')]);
      await subject.storageGone();
      const big = complaint('b', bulky(200_000));
      const refused = await subject
        .log()
        .publish('complaints', [big])
        .catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(StorageUnavailable);
      expect(await ids()).toEqual(['a']);
      await subject.storageBack();
      expect(await subject.log().publish('complaints', [big])).toEqual(['accepted']);
      expect(await subject.log().endOffset('complaints', P)).toBe(2);
      expect(await ids()).toEqual(['a', 'b']);
    });

    test('what waits when the log is closed is still stored', async () => {
      const waiting = subject.log().publish('complaints', [complaint('a')]);
      await subject.close();
      expect(await waiting).toEqual(['accepted']);
      await subject.reopen();
      expect(await ids()).toEqual(['a']);
    });

    test('a closed log refuses', async (context) => {
      if (!subject.promises.refusesWhenClosed) context.skip('this adapter does not promise it');
      await subject.close();
      await expect(subject.log().publish('complaints', [complaint('a')])).rejects.toMatchObject({
        name: 'StorageUnavailable',
        reason: 'closed',
      });
    });
  });
}
