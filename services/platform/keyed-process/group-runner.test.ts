import { type Kafka, KafkaJSNonRetriableError } from 'kafkajs';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Topic } from '../../contracts/topics.ts';
import { prefixed } from '../event-log/topic-names.ts';
import { silentLogger } from '../logging/logger.ts';
import { ManualClock } from '../time/clock.ts';
import { GroupRunner } from './group-runner.kafka.ts';
import type { OpenPartition } from './open-partition.ts';

/** A client of one partition of `signals`; the test says when it joins, and when it begins again. */
function fakeKafka() {
  const listeners = new Map<string, (event: { payload: object }) => void>();
  const tell = (event: string, payload = {}): void => listeners.get(event)?.({ payload });
  let runs = false;
  const asked: string[] = [];
  const ask = (what: string) => () => {
    if (!runs) throw new KafkaJSNonRetriableError('Consumer group was not initialized');
    asked.push(what);
  };
  const kafka = {
    admin: () => ({
      connect: async () => undefined,
      disconnect: async () => undefined,
      fetchTopicOffsets: async () => [{ partition: 0, low: '0', high: '9' }],
    }),
    consumer: () => ({
      events: {
        GROUP_JOIN: 'join',
        REBALANCING: 'rebalancing',
        STOP: 'stop',
        CRASH: 'crash',
        FETCH: 'fetch',
      },
      on: (name: string, listener: (event: { payload: object }) => void) => listeners.set(name, listener),
      connect: async () => undefined,
      disconnect: async () => undefined,
      subscribe: async () => undefined,
      run: async () => undefined,
      pause: ask('pause'),
      resume: ask('resume'),
      seek: ask('seek'),
    }),
  } as unknown as Kafka;
  return {
    kafka,
    asked,
    joins: () => {
      runs = true;
      tell('join', { memberAssignment: { signals: [0] } });
    },
    beginsAgain: () => {
      runs = false;
      tell('stop');
      tell('crash', { restart: true });
    },
  };
}

async function running() {
  const fake = fakeKafka();
  const opening = Promise.withResolvers<ReadonlyMap<Topic, number>>();
  let hasRoom: (topic: Topic) => void = () => undefined;
  const opened: OpenPartition = {
    positions: () => opening.promise,
    feed: { begin: () => undefined, tail: () => 4, push: () => false, waiting: () => [] },
    run: (stop) => new Promise((resolve) => stop.addEventListener('abort', () => resolve())),
    wake: () => undefined,
    lastScanAt: 0,
  };
  const group = new GroupRunner({
    kafka: fake.kafka,
    service: 'scoring',
    names: prefixed(''),
    topics: ['signals'],
    open: (_, onRoom) => {
      hasRoom = onRoom;
      return opened;
    },
    log: silentLogger,
    clock: new ManualClock(0),
  });
  const stop = new AbortController();
  const ended = group.run(stop.signal);
  const failed = vi.fn();
  ended.catch(failed);
  onTestFinished(async () => {
    stop.abort();
    await ended.catch(() => undefined);
  });
  await vi.waitFor(() => expect(group.ready).toBe(false));
  return {
    ...fake,
    group,
    failed,
    opens: () => opening.resolve(new Map([['signals', 4]])),
    room: () => hasRoom('signals'),
  };
}

test('a partition that opens while the client begins again is read once it has joined', async () => {
  const { joins, beginsAgain, opens, group, asked, failed } = await running();
  joins();
  beginsAgain();
  opens();
  await vi.waitFor(() => expect(group.partitions()).toEqual([0]));
  expect([group.ready, asked]).toEqual([false, ['pause']]);
  joins();
  expect([group.ready, asked]).toEqual([true, ['pause', 'seek', 'resume']]);
  expect(failed).not.toHaveBeenCalled();
});

test('a feed that has room again while the client begins again does no harm', async () => {
  const { joins, beginsAgain, opens, room, group, asked } = await running();
  joins();
  opens();
  await vi.waitFor(() => expect(group.ready).toBe(true));
  beginsAgain();
  room();
  joins();
  expect(asked).toEqual(['pause', 'seek', 'resume', 'seek', 'resume']);
});
