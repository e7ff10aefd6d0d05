import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { StorageUnavailable } from '../event-log/event-log.ts';
import { DAY, HOUR } from '../time/clock.ts';
import type { Emit } from './keyed-process.ts';
import { type Commit, likeStore, type PartitionStore, PositionTaken } from './state-store.ts';
import { obey, split, type TestPipeline, type TestPipelineOptions, testPipeline } from './test-pipeline.ts';

const opened: TestPipeline[] = [];
afterEach(() => {
  for (const pipeline of opened.splice(0)) pipeline.dispose();
});
function given(options?: TestPipelineOptions): TestPipeline {
  const pipeline = testPipeline(options);
  opened.push(pipeline);
  return pipeline;
}

const orders = (pipeline: TestPipeline, customer: string): unknown =>
  (pipeline.state(customer) as { obey?: { orders: readonly string[] } } | undefined)?.obey?.orders;
const keys = async (pipeline: TestPipeline, topic: 'signals' | 'identities' | 'contact-holds') =>
  (await pipeline.store.log.read(topic, 0, 0, 100)).map((record) => record.key);
const letters = (pipeline: TestPipeline) => pipeline.store.deadLetters.list(undefined, 100);

describe('the chain', () => {
  test('takes each record through all processes before the next one begins', async () => {
    const seen: string[] = [];
    const pipeline = given({
      observers: [{ onFact: (fact: Emit) => seen.push(`${fact.topic} ${fact.key}`) }],
    });
    await pipeline.publish('a: one', 'b: two');
    expect(await pipeline.runner.drain()).toBe(2);
    expect(seen).toEqual(['signals a', 'contact-holds a', 'signals b', 'contact-holds b']);
  });

  test('stores a slot per process in one row of the key', async () => {
    const pipeline = given();
    await pipeline.publish('a: one', 'a: two');
    await pipeline.runner.drain();
    expect(pipeline.state('a')).toEqual({ obey: { orders: ['one', 'two'] }, echo: { heard: 2 } });
  });

  test('logs what it hands on, except on internal topics', async () => {
    const pipeline = given();
    await pipeline.publish('a: one');
    await pipeline.runner.drain();
    expect(await keys(pipeline, 'signals')).toEqual(['a']);
    expect(await keys(pipeline, 'identities')).toEqual([]);
  });

  test('still listens to the log for internal topics, which somebody outside may write', async () => {
    const pipeline = given();
    await pipeline.publish('a: one');
    await pipeline.runner.drain();
    const [signal] = await pipeline.store.log.read('signals', 0, 0, 1);
    if (signal === undefined) throw new Error('no signal');
    const value = { type: 'said', identity: 'a', signal: signal.value } as const;
    await pipeline.store.log.publish('identities', [{ id: 'x', key: 'a', value }]);
    await pipeline.runner.drain();
    expect(pipeline.state('a')).toMatchObject({ echo: { heard: 2 } });
  });

  test('forgets a process’s slot and leaves the others; a row without slots is gone', async () => {
    const pipeline = given();
    const withoutEcho = given({ processes: [split, obey] });
    for (const each of [pipeline, withoutEcho]) {
      await each.publish('a: one', 'a: forget');
      await each.runner.drain();
    }
    expect(pipeline.state('a')).toEqual({ echo: { heard: 2 } });
    expect(withoutEcho.state('a')).toBeUndefined();
  });

  test('that runs in a circle sets its record aside and goes on', async () => {
    const circle = {
      name: 'circle',
      keySpace: 'customer',
      inputs: ['complaints', 'identities'],
      onInput: (_: unknown, input: { readonly key: string }) => ({
        outcome: { type: 'handled' },
        emit: [{ topic: 'identities', key: input.key, value: { type: 'claim' } }],
      }),
    } as never;
    const pipeline = given({ processes: [circle] });
    await pipeline.publish('a: one', 'b: two');
    expect(await pipeline.runner.drain()).toBe(2);
    expect((await letters(pipeline)).map((letter) => letter.detail)).toEqual(
      Array(2).fill('Error: more than 32 processes follow one another: is there a cycle?'),
    );
  });
});

describe('the result does not depend on how the input is cut into passes', () => {
  const order = fc
    .tuple(
      fc.constantFrom('a', 'b', 'c'),
      fc.constantFrom(
        'one',
        'throw',
        'throw early',
        'echo throws',
        'reject',
        'forget',
        'ignore',
        'remind x',
        'remind throw',
        'remind unstorable',
        'postpone x',
        'cancel x',
        'queue e',
        'unqueue e',
        'note n',
        'unstorable n',
      ),
    )
    .map(([customer, text]) => `${customer}: ${text}`);

  const play = async (stream: readonly string[], options: TestPipelineOptions) => {
    const pipeline = testPipeline(options);
    try {
      await pipeline.publish(...stream);
      await pipeline.runner.drain();
      const before = await pipeline.everything();
      pipeline.clock.advance(3 * DAY);
      await pipeline.runner.drain();
      return [before, await pipeline.everything()];
    } finally {
      pipeline.dispose();
    }
  };

  test('for any stream of orders, any batch size and any cache', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(order, { maxLength: 25 }),
        fc.integer({ min: 2, max: 30 }),
        fc.integer({ min: 1, max: 3 }),
        async (stream, batchSize, cachedRows) => {
          const oneByOne = await play(stream, { batchSize: 1 });
          expect(await play(stream, { batchSize, cachedRows })).toEqual(oneByOne);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('what cannot be handled', () => {
  test('by a handler that throws is set aside with the process that threw; the others go on', async () => {
    const pipeline = given();
    await pipeline.publish('a: one', 'b: throw', 'a: two');
    await pipeline.runner.drain();
    expect(orders(pipeline, 'a')).toEqual(['one', 'two']);
    expect(pipeline.state('b')).toEqual({ echo: { heard: 1 } });
    expect(await letters(pipeline)).toMatchObject([
      { id: 'obey/signals/0/1', process: 'obey', reason: 'handler_error', detail: 'Error: thrown on order' },
    ]);
    expect((await pipeline.store.log.read('dead-letters', 0, 0, 10)).map(({ key }) => key)).toEqual([
      'obey/signals/0/1',
    ]);
  });

  test('because a process says so is set aside for its reason', async () => {
    const pipeline = given();
    await pipeline.publish('a: reject');
    await pipeline.runner.drain();
    expect(await letters(pipeline)).toMatchObject([{ reason: 'invalid_record', detail: 'as ordered' }]);
  });

  test('of two records that were handed on unlogged under one key, both are kept', async () => {
    const pipeline = given();
    await pipeline.publish('a: echo throws', 'a: echo throws');
    await pipeline.runner.drain();
    expect((await letters(pipeline)).map(({ id }) => id)).toEqual([
      'echo/identities/complaints/0/0/1',
      'echo/identities/complaints/0/1/1',
    ]);
  });

  test('by a commit is found among its neighbours, which are stored', async () => {
    const pipeline = given();
    await pipeline.publish('a: one', 'b: unstorable n', 'c: two', 'a: three');
    expect(await pipeline.runner.drain()).toBe(4);
    expect(orders(pipeline, 'a')).toEqual(['one', 'three']);
    expect(orders(pipeline, 'c')).toEqual(['two']);
    expect(pipeline.state('b')).toBeUndefined();
    expect(await keys(pipeline, 'signals')).toEqual(['a', 'c', 'a']);
    expect(await letters(pipeline)).toMatchObject([
      { id: 'split/complaints/0/1', detail: 'TypeError: Do not know how to serialize a BigInt' },
    ]);
  });

  test.each([1, 2, 3, 500, 999, 1_000])(
    'by a commit is found in halves: the %ith of a thousand',
    async (at) => {
      const tried: number[] = [];
      const between = (store: PartitionStore) =>
        likeStore(store, {
          commit: (commit: Commit, now) => {
            tried.push(commit.facts.filter(({ topic }) => topic === 'signals').length);
            return store.commit(commit, now);
          },
        });
      const pipeline = given({ batchSize: 1_000, between });
      const stream = Array.from({ length: 1_000 }, (_, i) =>
        i + 1 === at ? 'b: unstorable n' : `a${i}: one`,
      );
      await pipeline.publish(...stream);
      expect(await pipeline.runner.pass()).toBe(1_000);
      const [all, ...smaller] = tried;
      expect(all).toBe(1_000);
      // Ten halvings, two parts each, and the one that is set aside.
      expect(smaller.length).toBeLessThanOrEqual(2 * 10 + 1);
      expect(smaller.reduce((sum, records) => sum + records, 0)).toBeLessThanOrEqual(2 * 1_000);
      expect((await letters(pipeline)).map(({ offset }) => offset)).toEqual([at - 1]);
      expect(await pipeline.store.log.read('signals', 0, 0, 2_000)).toHaveLength(999);
    },
  );

  test('by a commit leaves the neighbours waiting for no more than two passes of their own size', async () => {
    const stored: number[] = [];
    const between = (store: PartitionStore) =>
      likeStore(store, {
        commit: async (commit: Commit, now) => {
          await store.commit(commit, now);
          stored.push(commit.positions[0]?.next ?? 0);
        },
      });
    const pipeline = given({ batchSize: 8, between });
    await pipeline.publish('a: 1', 'a: 2', 'a: 3', 'a: 4', 'a: 5', 'b: unstorable n', 'a: 7', 'a: 8');
    await pipeline.runner.pass();
    expect(stored).toEqual([4, 5, 6, 8]);
    expect(orders(pipeline, 'a')).toEqual(['1', '2', '3', '4', '5', '7', '8']);
  });

  test('of timers is set aside, too, and no innocent record with them', async () => {
    const pipeline = given();
    await pipeline.publish('a: remind throw', 'b: remind unstorable', 'c: remind x');
    await pipeline.runner.drain();
    pipeline.clock.advance(DAY);
    await pipeline.publish('d: one', 'e: two');
    await pipeline.runner.drain();
    expect((await letters(pipeline)).map(({ process, topic, key }) => [process, topic, key])).toEqual([
      ['obey', 'timers', 'a'],
      ['obey', 'timers', 'b'],
    ]);
    expect(orders(pipeline, 'c')).toEqual(['remind x', 'fired x']);
    expect(orders(pipeline, 'd')).toEqual(['one']);
    expect(await pipeline.partition.nextTimerAt()).toBeUndefined();
  });

  test('is counted for each input exactly once', async () => {
    const pipeline = given();
    await pipeline.publish('a: one', 'b: throw', 'c: unstorable n', 'd: reject', 'e: ignore');
    await pipeline.runner.drain();
    const sum = (stage: string) =>
      pipeline.store.ledger
        .entries()
        .filter((entry) => entry.stage === stage && entry.outcome !== 'emitted')
        .reduce((total, entry) => total + entry.count, 0);
    expect([sum('split'), sum('obey'), sum('echo')]).toEqual([5, 4, 4]);
  });
});

describe('dead letters that are tried again', () => {
  test('go to the process that could not handle them, with the repaired payload', async () => {
    const pipeline = given();
    await pipeline.publish('a: throw');
    await pipeline.runner.drain();
    const [parked] = await letters(pipeline);
    const repaired = (parked?.payload ?? '').replace('"throw"', '"repaired"');
    await pipeline.store.deadLetters.retry(parked?.id ?? '', { by: 'ana', at: 0 }, repaired);
    expect(await pipeline.runner.drain()).toBe(1);
    expect(pipeline.state('a')).toEqual({ obey: { orders: ['repaired'] }, echo: { heard: 1 } });
    expect(await pipeline.store.deadLetters.counts()).toMatchObject({ parked: 0, retried: 1 });
  });

  test.each([
    ['because the handler throws again', 'a: throw'],
    ['because they are rejected again', 'a: reject'],
    ['because they were never logged', 'a: echo throws'],
    ['because they cannot be committed', 'a: unstorable n'],
  ])('and fail again %s are parked again under the same id', async (_, order) => {
    const pipeline = given();
    await pipeline.publish(order);
    await pipeline.runner.drain();
    const [parked] = await letters(pipeline);
    await pipeline.store.deadLetters.retry(parked?.id ?? '', { by: 'ana', at: 0 });
    expect(await pipeline.runner.drain()).toBe(1);
    expect(await letters(pipeline)).toMatchObject([{ id: parked?.id, status: 'parked', attempts: 2 }]);
  });

  test('may be timers', async () => {
    const pipeline = given();
    await pipeline.publish('a: remind throw');
    await pipeline.runner.drain();
    pipeline.clock.advance(DAY);
    await pipeline.runner.drain();
    const [parked] = await letters(pipeline);
    const repaired = (parked?.payload ?? '').replace('"throw"', '"gently"');
    await pipeline.store.deadLetters.retry(parked?.id ?? '', { by: 'ana', at: 0 }, repaired);
    await pipeline.runner.drain();
    expect(orders(pipeline, 'a')).toEqual(['remind throw', 'fired gently']);
    expect(await letters(pipeline)).toMatchObject([{ status: 'retried' }]);
  });

  test('for a process that is no more stay parked', async () => {
    const pipeline = given();
    await pipeline.publish('a: throw');
    await pipeline.runner.drain();
    const [parked] = await letters(pipeline);
    pipeline.store.db.prepare("UPDATE dead_letter SET process = 'renamed'").run();
    await pipeline.store.deadLetters.retry(parked?.id ?? '', { by: 'ana', at: 0 });
    await pipeline.runner.drain();
    expect(await letters(pipeline)).toMatchObject([
      { status: 'parked', detail: 'no process called renamed takes this in this version' },
    ]);
  });
});

describe('timers', () => {
  const fired: string[] = [];
  const observers = [
    {
      onTimerFired: ({ name, delayMs }: { name: string; delayMs: number }) =>
        fired.push(`${name} ${delayMs}`),
    },
  ];
  afterEach(() => {
    fired.length = 0;
  });

  test('fire once, at their instant and not before', async () => {
    const pipeline = given({ observers });
    await pipeline.publish('a: remind x');
    await pipeline.runner.drain();
    pipeline.clock.advance(DAY - 1);
    expect(await pipeline.runner.drain()).toBe(0);
    pipeline.clock.advance(1);
    expect(await pipeline.runner.drain()).toBe(1);
    expect(await pipeline.runner.drain()).toBe(0);
    expect(fired).toEqual(['x 0']);
  });

  test.each([
    ['cancelled', 'a: cancel x', []],
    ['postponed', 'a: postpone x', []],
  ])('that are %s by a record of the same pass do not fire', async (_, order, expected) => {
    const pipeline = given({ observers });
    await pipeline.publish('a: remind x');
    await pipeline.runner.drain();
    pipeline.clock.advance(DAY);
    await pipeline.publish(order);
    await pipeline.runner.pass();
    expect(fired).toEqual(expected);
  });

  test('that are postponed fire once, at the later instant', async () => {
    const pipeline = given({ observers });
    await pipeline.publish('a: remind x', 'a: postpone x');
    await pipeline.runner.drain();
    pipeline.clock.advance(5 * DAY);
    await pipeline.runner.drain();
    expect(fired).toEqual([`x ${3 * DAY}`]);
  });

  test('that a record moves to another due instant in the same pass fire with that one', async () => {
    const pipeline = given({ observers });
    await pipeline.publish('a: remind x');
    await pipeline.runner.drain();
    pipeline.clock.advance(DAY + HOUR);
    await pipeline.publish('a: due x');
    await pipeline.runner.drain();
    expect(fired).toEqual(['x 0']);
  });

  test('that are missed while nothing runs fire late, in due order, once', async () => {
    const pipeline = given({ observers });
    await pipeline.publish('b: postpone y', 'a: remind x');
    await pipeline.runner.drain();
    pipeline.clock.advance(10 * DAY);
    await pipeline.runner.drain();
    expect(fired).toEqual([`x ${9 * DAY}`, `y ${8 * DAY}`]);
  });

  test('do not fire twice when the clock goes back, nor early', async () => {
    const pipeline = given({ observers });
    await pipeline.publish('a: remind x', 'b: postpone y');
    await pipeline.runner.drain();
    pipeline.clock.advance(DAY);
    await pipeline.runner.drain();
    pipeline.clock.advance(-2 * HOUR);
    await pipeline.runner.drain();
    pipeline.clock.advance(2 * HOUR);
    await pipeline.runner.drain();
    expect(fired).toEqual(['x 0']);
    pipeline.clock.advance(DAY);
    await pipeline.runner.drain();
    expect(fired).toEqual(['x 0', 'y 0']);
  });

  test('more than fit into one pass all fire', async () => {
    const pipeline = given({ observers, batchSize: 3 });
    await pipeline.publish(...Array.from({ length: 10 }, (_, index) => `c${index}: remind x`));
    await pipeline.runner.drain();
    pipeline.clock.advance(DAY);
    expect(await pipeline.runner.pass()).toBe(3);
    await pipeline.runner.drain();
    expect(fired).toHaveLength(10);
  });
});

describe('a store that takes no writes now', () => {
  /** Refuses the next commits, before or after they are stored. */
  function failing(times: { before?: number; load?: number }) {
    let { before = 0, load = 0 } = times;
    return (store: PartitionStore): PartitionStore =>
      likeStore(store, {
        load: (keySpace, key) => {
          if (load-- > 0) throw new StorageUnavailable('io_error', 'no answer');
          return store.load(keySpace, key);
        },
        commit: async (commit: Commit, now: number) => {
          if (before-- > 0) throw new StorageUnavailable('disk_full', 'no room');
          await store.commit(commit, now);
        },
      });
  }

  test.each([
    ['at the commit', { before: 1 }],
    ['while loading a state', { load: 1 }],
  ])('loses nothing: the same records come again, %s', async (_, times) => {
    const pipeline = given({ between: failing(times) });
    await pipeline.publish('a: one', 'b: two');
    await expect(pipeline.runner.pass()).rejects.toBeInstanceOf(StorageUnavailable);
    expect(await pipeline.runner.drain()).toBe(2);
    expect([orders(pipeline, 'a'), orders(pipeline, 'b')]).toEqual([['one'], ['two']]);
    expect(await letters(pipeline)).toEqual([]);
  });

  test('is asked again by run until it does', async () => {
    const trouble: string[] = [];
    const stop = new AbortController();
    const pipeline = given({
      between: failing({ before: 2 }),
      observers: [
        { onStorageTrouble: ({ reason }, retryInMs) => trouble.push(`${reason} ${retryInMs}`) },
        { onPass: () => stop.abort() },
      ],
    });
    await pipeline.publish('a: one');
    await pipeline.runner.run(stop.signal);
    expect(trouble).toEqual(['disk_full 100', 'disk_full 200']);
    expect(orders(pipeline, 'a')).toEqual(['one']);
  });

  test('because the disk is full goes on once there is room, with nothing lost or doubled', async () => {
    const pipeline = given({ batchSize: 10 });
    const stream = Array.from({ length: 200 }, (_, index) => `c${index}: order ${index} ${'x'.repeat(300)}`);
    await pipeline.publish(...stream);
    const pages = Number(pipeline.store.db.prepare('PRAGMA page_count').get()?.page_count);
    pipeline.store.db.exec(`PRAGMA max_page_count = ${pages}`);
    await expect(pipeline.runner.drain()).rejects.toMatchObject({ reason: 'disk_full' });
    pipeline.store.db.exec('PRAGMA max_page_count = 1000000');
    await pipeline.runner.drain();
    expect(await keys(pipeline, 'contact-holds')).toHaveLength(100);
    expect(await pipeline.store.log.endOffset('contact-holds', 0)).toBe(200);
    expect(await letters(pipeline)).toEqual([]);
  });
});

describe('ownership', () => {
  test('a runner stops as soon as another one has moved on', async () => {
    const pipeline = given();
    const other = pipeline.anotherRunner();
    await pipeline.publish('a: one');
    await pipeline.runner.drain();
    await pipeline.publish('a: two');
    await other.drain();
    await pipeline.publish('a: three');
    await expect(pipeline.runner.run(new AbortController().signal)).rejects.toBeInstanceOf(PositionTaken);
    expect(await other.drain()).toBe(1);
    expect(orders(pipeline, 'a')).toEqual(['one', 'two', 'three']);
  });

  test('passes that are asked for at the same time come one after the other', async () => {
    const pipeline = given({ batchSize: 1 });
    await pipeline.publish('a: one', 'a: two', 'a: three');
    await Promise.all([pipeline.runner.drain(), pipeline.runner.drain(), pipeline.runner.pass()]);
    expect(orders(pipeline, 'a')).toEqual(['one', 'two', 'three']);
  });
});

describe('a store that is slow to bring commits to disk', () => {
  /** What is told, and the syncs that are asked for and not yet done. */
  async function slow() {
    const told: string[] = [];
    const syncs: PromiseWithResolvers<void>[] = [];
    const pipeline = given({
      batchSize: 1,
      observers: [{ onFact: ({ topic, key }) => void (topic === 'signals' && told.push(key)) }],
      between: (store) =>
        likeStore(store, {
          synced: () => {
            const sync = Promise.withResolvers<void>();
            syncs.push(sync);
            return sync.promise;
          },
        }),
    });
    await pipeline.publish('a: queue m1', 'b: two');
    const drained = pipeline.runner.drain();
    await vi.waitFor(() => expect(pipeline.state('b')).toBeDefined());
    return { told, syncs, pipeline, drained };
  }

  test('is not waited for by the next pass; people hear of effects, and of what came later, once they are there', async () => {
    const { told, syncs, drained } = await slow();
    expect(told).toEqual([]);
    expect(syncs).toHaveLength(1);
    syncs[0]?.resolve();
    expect(await drained).toBe(2);
    expect(told).toEqual(['a', 'b']);
  });

  test('and then fails: of those effects nobody hears', async () => {
    const { told, syncs, drained } = await slow();
    syncs[0]?.reject(new StorageUnavailable('io_error', 'no disk'));
    await drained;
    expect(told).toEqual(['b']);
  });
});

describe('run', () => {
  // Naps do not end by themselves where time is frozen: a lost wake-up is a test that never ends.
  afterEach(() => {
    vi.useRealTimers();
  });

  /** The store, but for when it says that the next timer is due: the last thing before the runner sleeps. */
  const withNextTimerAt = (store: PartitionStore, nextTimerAt: PartitionStore['nextTimerAt']) =>
    likeStore(store, { nextTimerAt });

  /** Resolves when the runner has committed so many records. */
  function committed(count: number) {
    const { promise, resolve } = Promise.withResolvers<void>();
    let seen = 0;
    const onPass = ({ records }: { readonly records: number }): void => {
      seen += records;
      if (seen >= count) resolve();
    };
    return { observer: { onPass }, done: promise };
  }

  test('wakes up for what is published while it sleeps, without waiting for its nap to end', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const stop = new AbortController();
    const { observer, done } = committed(20);
    const pipeline = given({ observers: [observer] });
    pipeline.store.onInput(() => pipeline.runner.wake());
    const running = pipeline.runner.run(stop.signal);
    for (let round = 0; round < 20; round++) {
      await pipeline.publish(`a: ${round}`);
      // Lets the runner fall asleep at a different point of its loop each time.
      for (let turn = 0; turn < round % 5; turn++) await new Promise((resume) => setImmediate(resume));
    }
    await done;
    stop.abort();
    await running;
  });

  test('does not miss what arrives after it has looked and before it sleeps', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const stop = new AbortController();
    const { observer, done } = committed(1);
    let late: (() => Promise<void>) | undefined = () => pipeline.publish('a: just in time');
    const pipeline: TestPipeline = given({
      observers: [observer],
      between: (store) =>
        withNextTimerAt(store, async () => {
          const publish = late;
          late = undefined;
          await publish?.();
          return undefined;
        }),
    });
    pipeline.store.onInput(() => pipeline.runner.wake());
    const running = pipeline.runner.run(stop.signal);
    await done;
    stop.abort();
    await running;
  });

  test('ends at once when it is told to, and leaves no timer or listener behind', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const stop = new AbortController();
    const pipeline = given();
    const added: unknown[] = [];
    const removed: unknown[] = [];
    const { addEventListener, removeEventListener } = stop.signal;
    stop.signal.addEventListener = (...args: unknown[]) => {
      added.push(args[1]);
      Reflect.apply(addEventListener, stop.signal, args);
    };
    stop.signal.removeEventListener = (...args: unknown[]) => {
      removed.push(args[1]);
      Reflect.apply(removeEventListener, stop.signal, args);
    };
    const running = pipeline.runner.run(stop.signal);
    for (let round = 0; round < 5; round++) {
      await new Promise((resume) => setImmediate(resume));
      pipeline.runner.wake();
    }
    stop.abort();
    await running;
    expect(added.length).toBeGreaterThan(0);
    expect(removed).toEqual(added);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('told to stop before it began does nothing', async () => {
    const pipeline = given();
    await pipeline.publish('a: one');
    await pipeline.runner.run(AbortSignal.abort());
    expect(pipeline.state('a')).toBeUndefined();
  });
});
