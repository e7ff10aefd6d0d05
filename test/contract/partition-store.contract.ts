import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DeadLetter } from '../../services/contracts/dead-letter.ts';
import { type EventLog, StorageUnavailable } from '../../services/platform/event-log/event-log.ts';
import type { KeySpace } from '../../services/platform/keyed-process/keyed-process.ts';
import {
  type Commit,
  type LedgerEntry,
  type PartitionStore,
  PositionTaken,
} from '../../services/platform/keyed-process/state-store.ts';
import { commitOf } from '../support/commit.ts';
import { bulky, callNoteFact, fact } from './records.ts';

/** A store to try, with what is needed to see what it has stored. */
export interface PartitionStoreUnderTest {
  store(): PartitionStore;
  /** Another owner of the same partition. */
  secondOwner(): PartitionStore;
  log(): EventLog;
  /** What the view `notes` holds. Its writer throws when a row is `refuse`. */
  notes(): Promise<Readonly<Record<string, unknown>>>;
  /** Ids of the effects that wait in the queue `slack`. */
  effects(): Promise<readonly string[]>;
  ledger(): Promise<readonly LedgerEntry[]>;
  deadLetters(): Promise<readonly string[]>;
  retry(deadLetterId: string): Promise<void>;
  reopen(): Promise<void>;
  storageGone(): Promise<void>;
  storageBack(): Promise<void>;
  dispose(): Promise<void>;
  readonly promises: {
    /** A second owner is refused by its first commit that moves a position, not only later. */
    readonly fencesByPosition: boolean;
    /** The offsets of facts are known before they are in the log. */
    readonly knowsOffsets: boolean;
  };
}

const NOW = 1_772_438_400_000;
const P = 0;

const moved = (expected: number, next: number): Commit['positions'] => [
  { topic: 'complaints', expected, next },
];
const timer = (key: string, name: string, dueAt: number | null) => ({ process: 'p', key, name, dueAt });
const letter = (id: string): DeadLetter => ({
  id,
  process: 'p',
  topic: 'complaints',
  key: 'k',
  partition: P,
  offset: 0,
  reason: 'handler_error',
  detail: 'broken',
  at: NOW,
  payload: JSON.stringify(fact('a').value),
});

/** One of everything. */
const EVERYTHING: Commit = {
  positions: moved(0, 1),
  states: [{ keySpace: 'customer', key: 'k', row: { p: { seen: 1 } } }],
  timers: [timer('k', 'wake', NOW + 1)],
  facts: [fact('a')],
  effects: [{ id: 'e', queue: 'slack', dueAt: NOW, payload: { say: 'hello' } }],
  views: [{ view: 'notes', id: 'n', row: { text: 'x' } }],
  ledger: [{ stage: 'p', topic: 'complaints', outcome: 'handled', reason: '', count: 1 }],
  deadLetters: [letter('d')],
  redelivered: [],
};

/** What every store of a partition keeps; `build` makes an empty one for each test. */
export function partitionStoreContract(name: string, build: () => Promise<PartitionStoreUnderTest>): void {
  describe(`partition store: ${name}`, () => {
    let subject: PartitionStoreUnderTest;
    beforeEach(async () => {
      subject = await build();
    });
    afterEach(() => subject.dispose());

    const load = async (keySpace: KeySpace, key: string) => {
      const store = subject.store();
      await store.prefetch([{ keySpace, key }]);
      return store.load(keySpace, key);
    };
    const commit = (parts: Partial<Commit>) => subject.store().commit(commitOf(parts), NOW);
    const stored = async () => ({
      position: (await subject.store().positions(['complaints'])).get('complaints'),
      state: await load('customer', 'k'),
      timer: await subject.store().nextTimerAt(),
      end: await subject.log().endOffset('complaints', P),
      effects: await subject.effects(),
      notes: await subject.notes(),
      ledger: (await subject.ledger()).map((entry) => entry.count),
      deadLetters: await subject.deadLetters(),
    });
    const ALL = {
      position: 1,
      state: { p: { seen: 1 } },
      timer: NOW + 1,
      end: 1,
      effects: ['e'],
      notes: { n: { text: 'x' } },
      ledger: [1],
      deadLetters: ['d'],
    };
    const NOTHING = {
      position: 0,
      state: undefined,
      timer: undefined,
      end: 0,
      effects: [],
      notes: {},
      ledger: [],
      deadLetters: [],
    };

    describe('a commit is all or nothing', () => {
      test('all of it is stored, and survives a restart', async () => {
        await commit(EVERYTHING);
        expect(await stored()).toEqual(ALL);
        await subject.reopen();
        expect(await stored()).toEqual(ALL);
      });

      test('nothing of it is stored when a view refuses its row', async () => {
        const views = [...EVERYTHING.views, { view: 'notes', id: 'm', row: 'refuse' }];
        await expect(commit({ ...EVERYTHING, views })).rejects.toThrow('refuses');
        expect(await stored()).toEqual(NOTHING);
      });

      test('nothing of it is stored when a view has no writer', async () => {
        const views = [{ view: 'unheard-of', id: 'm', row: {} }];
        await expect(commit({ ...EVERYTHING, views })).rejects.toThrow('unheard-of');
        expect(await stored()).toEqual(NOTHING);
      });

      test('nothing of it is stored when the storage has no room, and all of it once it has', async () => {
        await subject.storageGone();
        const states = [{ keySpace: 'customer' as const, key: 'k', row: { p: { seen: 1 } } }];
        const big = { keySpace: 'customer' as const, key: 'big', row: { p: bulky(300_000) } };
        const refused = await commit({ ...EVERYTHING, states: [...states, big] }).catch((error) => error);
        expect(refused).toBeInstanceOf(StorageUnavailable);
        await subject.storageBack();
        expect(await stored()).toEqual(NOTHING);
        await commit({ ...EVERYTHING, states: [...states, big] });
        expect(await stored()).toEqual(ALL);
      });
    });

    describe('positions', () => {
      test('begin at the first record', async () => {
        expect(await subject.store().positions(['complaints', 'call-notes'])).toEqual(
          new Map([
            ['complaints', 0],
            ['call-notes', 0],
          ]),
        );
      });

      test('moved by somebody else make a commit fail whole', async (context) => {
        if (!subject.promises.fencesByPosition) context.skip('this adapter does not promise it');
        await subject.secondOwner().commit(commitOf({ positions: moved(0, 5) }), NOW);
        await expect(commit({ ...EVERYTHING, positions: moved(0, 1) })).rejects.toBeInstanceOf(PositionTaken);
        expect(await stored()).toEqual({ ...NOTHING, position: 5 });
      });
    });

    describe('states', () => {
      test.each([
        ['numbers, text, lists and nothing', { p: { n: -0.25, t: 'ü😀', l: [1, [2]], z: null, b: false } }],
        ['an empty slot', { p: {} }],
        ['slots of several processes', { p: 1, q: 'x' }],
      ])('come back as they were: %s', async (_, row) => {
        await commit({ states: [{ keySpace: 'customer', key: 'k', row }] });
        await subject.reopen();
        expect(await load('customer', 'k')).toEqual(row);
      });

      test('are replaced whole, and forgotten', async () => {
        await commit({ states: [{ keySpace: 'customer', key: 'k', row: { p: 1, q: 2 } }] });
        await commit({ states: [{ keySpace: 'customer', key: 'k', row: { p: 3 } }] });
        expect(await load('customer', 'k')).toEqual({ p: 3 });
        await commit({ states: [{ keySpace: 'customer', key: 'k', row: null }] });
        expect(await load('customer', 'k')).toBeUndefined();
      });

      test('of one key in two key spaces are two', async () => {
        await commit({
          states: [
            { keySpace: 'customer', key: 'k', row: { p: 1 } },
            { keySpace: 'alert', key: 'k', row: { p: 2 } },
          ],
        });
        expect(await load('customer', 'k')).toEqual({ p: 1 });
        expect(await load('alert', 'k')).toEqual({ p: 2 });
      });

      test.each([
        ['quotes and backslashes', 'a "b" \\ c \\" \\u0041'],
        ['a NUL', 'a\0b'],
        ['half a surrogate pair', 'a\ud83d'],
        ['what JSON escapes, as text', String.raw`\u0000 \ud83d`],
        ['lines and other scripts', 'a\n\u2028\u0001 \ud83d\ude00 \u0416'],
      ])('hold text with %s', async (_, text) => {
        const row = { p: { [text]: text, list: [text, null, 1.5e300] } };
        await commit({ states: [{ keySpace: 'customer', key: 'k', row }] });
        expect(await load('customer', 'k')).toEqual(row);
      });

      test.each([
        ['case', 'a', 'A'],
        ['a space at the end', 'a', 'a '],
        ['what follows a NUL', 'a\0b', 'a\0c'],
        ['how a letter is composed', 'e\u0301', '\u00e9'],
      ])('of keys that differ in %s are two', async (_, one, other) => {
        await commit({ states: [{ keySpace: 'customer', key: one, row: { p: 1 } }] });
        expect(await load('customer', one)).toEqual({ p: 1 });
        expect(await load('customer', other)).toBeUndefined();
      });
    });

    describe('timers', () => {
      const due = async (now: number, limit = 10) =>
        (await subject.store().dueTimers(now, limit)).map(({ key, name, dueAt }) => [key, name, dueAt - NOW]);

      test('are due from their instant on, the earliest first', async () => {
        await commit({
          timers: [timer('b', 't', NOW + 20), timer('a', 't', NOW + 30), timer('c', 't', NOW)],
        });
        expect(await due(NOW - 1)).toEqual([]);
        expect(await due(NOW)).toEqual([['c', 't', 0]]);
        expect(await due(NOW + 30)).toEqual([
          ['c', 't', 0],
          ['b', 't', 20],
          ['a', 't', 30],
        ]);
        expect(await due(NOW + 30, 2)).toHaveLength(2);
        expect(await subject.store().nextTimerAt()).toBe(NOW);
      });

      test('of the same instant have one order', async () => {
        await commit({ timers: [timer('b', 'x', NOW), timer('a', 'y', NOW), timer('a', 'x', NOW)] });
        expect(await due(NOW)).toEqual([
          ['a', 'x', 0],
          ['a', 'y', 0],
          ['b', 'x', 0],
        ]);
      });

      test('set again are replaced, earlier or later; cleared are gone', async () => {
        await commit({
          timers: [timer('a', 't', NOW + 10), timer('b', 't', NOW + 10), timer('c', 't', NOW)],
        });
        await commit({
          timers: [timer('a', 't', NOW + 50), timer('b', 't', NOW - 5), timer('c', 't', null)],
        });
        expect(await due(NOW + 100)).toEqual([
          ['b', 't', -5],
          ['a', 't', 50],
        ]);
      });

      test('that were never set may be cleared', async () => {
        await commit({ timers: [timer('a', 't', null)] });
        expect(await subject.store().nextTimerAt()).toBeUndefined();
      });

      test('of one name belong to their process and key', async () => {
        await commit({ timers: [timer('a', 't', NOW), { process: 'q', key: 'a', name: 't', dueAt: NOW }] });
        await commit({ timers: [timer('a', 't', null)] });
        expect(await subject.store().dueTimers(NOW, 10)).toEqual([
          { process: 'q', key: 'a', name: 't', dueAt: NOW },
        ]);
      });
    });

    test('facts get the offsets that follow, each topic its own, in the order of the commit', async () => {
      const { knowsOffsets } = subject.promises;
      const next = (known: number) => (knowsOffsets ? known : -1);
      expect(subject.store().nextOffset('complaints')).toBe(next(0));
      await commit({ facts: [fact('a'), callNoteFact('n'), fact('b')] });
      expect(subject.store().nextOffset('complaints')).toBe(next(2));
      expect(subject.store().nextOffset('call-notes')).toBe(next(1));
      await commit({ facts: [fact('c')] });
      const records = await subject.log().read('complaints', P, 0, 10);
      expect(records.map(({ key, offset }) => [key, offset])).toEqual([
        ['c-a', 0],
        ['c-b', 1],
        ['c-c', 2],
      ]);
      if (knowsOffsets) expect(records.map(({ appendedAt }) => appendedAt)).toEqual([NOW, NOW, NOW]);
    });

    test('offsets of a commit that failed are given again', async () => {
      const views = [{ view: 'notes', id: 'm', row: 'refuse' }];
      await expect(commit({ facts: [fact('lost')], views })).rejects.toThrow();
      await commit({ facts: [fact('a')] });
      expect((await subject.log().read('complaints', P, 0, 10)).map(({ key }) => key)).toEqual(['c-a']);
    });

    test('rows of views are written, replaced and deleted in order', async () => {
      await commit({
        views: [
          { view: 'notes', id: 'n', row: 1 },
          { view: 'notes', id: 'm', row: 1 },
          { view: 'notes', id: 'n', row: 2 },
          { view: 'notes', id: 'm', row: null },
        ],
      });
      expect(await subject.notes()).toEqual({ n: 2 });
    });

    test('counts of the ledger add up', async () => {
      const entry = { stage: 'p', topic: 'complaints', outcome: 'skipped', reason: 'own', count: 2 };
      await commit({ ledger: [entry] });
      await commit({ ledger: [entry, { ...entry, reason: 'other', count: 1 }] });
      expect(await subject.ledger()).toEqual([
        { ...entry, reason: 'other', count: 1 },
        { ...entry, count: 4 },
      ]);
    });

    describe('redeliveries', () => {
      test('come with the record that was parked, until they went well', async () => {
        await commit({ deadLetters: [letter('d')] });
        expect(await subject.store().redeliveries(10)).toEqual([]);
        await subject.retry('d');
        const { value } = fact('a');
        const input = { topic: 'complaints', key: 'k', value, partition: P, offset: 0, appendedAt: NOW };
        expect(await subject.store().redeliveries(10)).toEqual([{ deadLetterId: 'd', process: 'p', input }]);
        await commit({ redelivered: ['d'] });
        expect(await subject.store().redeliveries(10)).toEqual([]);
      });

      test('bring a parked timer as a timer', async () => {
        const parked = { process: 'p', key: 'k', name: 't', dueAt: NOW };
        await commit({
          deadLetters: [{ ...letter('d'), topic: 'timers', payload: JSON.stringify(parked) }],
        });
        await subject.retry('d');
        expect(await subject.store().redeliveries(10)).toEqual([{ deadLetterId: 'd', timer: parked }]);
      });

      test('that failed again wait for somebody to ask again', async () => {
        await commit({ deadLetters: [letter('d')] });
        await subject.retry('d');
        await commit({ deadLetters: [letter('d')] });
        expect(await subject.store().redeliveries(10)).toEqual([]);
        expect(await subject.deadLetters()).toEqual(['d']);
      });
    });
  });
}
