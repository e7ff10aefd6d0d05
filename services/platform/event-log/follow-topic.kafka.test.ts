import { type EachBatchPayload, type Kafka, KafkaJSConnectionError } from 'kafkajs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { silentLogger } from '../logging/logger.ts';
import { MINUTE } from '../time/clock.ts';
import { type FollowOptions, followTopic } from './follow-topic.kafka.ts';
import { prefixed } from './topic-names.ts';

/** A client of a topic whose two partitions end at 3 and 2; the test hands out what was fetched. */
function fakeKafka() {
  let eachBatch: (payload: EachBatchPayload) => Promise<void> = async () => undefined;
  const listeners = new Map<string, (event: { payload: object }) => void>();
  const seek = vi.fn();
  const running = vi.fn();
  let down = false;
  const kafka = {
    admin: () => ({
      connect: async () => undefined,
      disconnect: async () => undefined,
      fetchTopicOffsets: async () => {
        if (down) throw new KafkaJSConnectionError('Connection timeout');
        return [
          { partition: 0, low: '0', high: '3' },
          { partition: 1, low: '0', high: '2' },
        ];
      },
    }),
    consumer: () => ({
      events: { CRASH: 'crash', FETCH: 'fetch' },
      on: (name: string, listener: (event: { payload: object }) => void) => listeners.set(name, listener),
      connect: async () => undefined,
      disconnect: async () => undefined,
      subscribe: async () => undefined,
      run: async (config: { eachBatch: typeof eachBatch }) => {
        eachBatch = config.eachBatch;
        running();
      },
      seek,
    }),
  } as unknown as Kafka;
  return {
    kafka,
    seek,
    goDown: (is: boolean) => {
      down = is;
    },
    started: () => vi.waitFor(() => expect(running).toHaveBeenCalled()),
    fetched: (partition: number, ...values: readonly string[]) => {
      const messages = values.map((value, offset) => ({
        key: Buffer.from(`of ${partition}`),
        value: Buffer.from(value),
        offset: String(offset),
        timestamp: '0',
      }));
      const batch = { partition, messages, lastOffset: () => String(values.length - 1) };
      return eachBatch({ batch, isStale: () => false } as unknown as EachBatchPayload);
    },
    crashed: (error: Error) => listeners.get('crash')?.({ payload: { restart: false, error } }),
  };
}

function following(how: Pick<FollowOptions<'silences'>, 'from' | 'wants'>) {
  const fake = fakeKafka();
  const learnt: unknown[] = [];
  const resolved = vi.fn();
  const codec = {
    decode: (_: unknown, value: Buffer | null) =>
      String(value) === 'broken' ? { ok: false, detail: 'no schema' } : { ok: true, value: String(value) },
  } as unknown as FollowOptions<'silences'>['codec'];
  const follower = followTopic({
    ...{ kafka: fake.kafka, codec, names: prefixed('p.'), topic: 'silences', log: silentLogger, ...how },
    learn: ({ value }) => void learnt.push(value),
  });
  void follower.then(resolved);
  onTestFinished(async () => (await follower).stop());
  return { ...fake, learnt, resolved, follower };
}

test('it has begun once all that every partition held was learnt; what cannot be read is passed over', async () => {
  const { started, fetched, learnt, resolved, follower } = following({ from: 'beginning' });
  await started();
  await fetched(0, 'a', 'broken');
  await fetched(1, 'b', 'c');
  expect(resolved).not.toHaveBeenCalled();
  await fetched(0, 'a', 'broken', 'd');
  await follower;
  expect(learnt).toEqual(['a', 'b', 'c', 'a', 'd']);
});

test('from the end on, nothing of before is waited for, and what nobody wants is not read', async () => {
  const { seek, fetched, learnt, follower } = following({ from: 'end', wants: (key) => key === 'of 1' });
  await follower;
  expect(seek.mock.calls).toEqual([
    [{ topic: 'p.silences', partition: 0, offset: '3' }],
    [{ topic: 'p.silences', partition: 1, offset: '2' }],
  ]);
  await fetched(0, 'a');
  await fetched(1, 'b');
  expect(learnt).toEqual(['b']);
});

test('a client that gives up for good is a failure', async () => {
  const { crashed, follower } = following({ from: 'end' });
  const { failed } = await follower;
  crashed(new Error('no broker knows it'));
  await expect(failed).rejects.toThrow('no broker knows it');
});

test('a client that asks for nothing is a failure after two minutes in which brokers answered', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { goDown, follower } = following({ from: 'end' });
  const { failed } = await follower;
  const ended = vi.fn();
  failed.catch(ended);
  goDown(true);
  await vi.advanceTimersByTimeAsync(10 * MINUTE);
  goDown(false);
  await vi.advanceTimersByTimeAsync(2 * MINUTE);
  expect(ended).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect(ended).toHaveBeenCalledWith(new Error('nothing of silences was asked for within 120 s'));
});
