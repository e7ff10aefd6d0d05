import { expect, onTestFinished, test, vi } from 'vitest';
import type { Topic } from '../../contracts/topics.ts';
import { KafkaInputFeed } from './input-feed.kafka.ts';

const record = (offset: number, timestamp: number) => ({ offset, timestamp, key: 'k', value: null });

function given(inOrderUntil: number) {
  const feed = new KafkaInputFeed(0, { decode: () => ({ ok: false, detail: '' }) }, () => undefined);
  for (const topic of ['alert-requests', 'alert-commands'] as const) feed.begin(topic, 0, inOrderUntil);
  const taken = async (): Promise<readonly Topic[]> => (await feed.take(10)).map(({ topic }) => topic);
  return { feed, taken };
}

test('in a replay what came later waits for a topic that was not fetched yet', async () => {
  const { feed, taken } = given(1);
  feed.push('alert-commands', [record(0, 2)], 1);
  expect(await taken()).toEqual([]);
  feed.push('alert-requests', [record(0, 1)], 1);
  expect(await taken()).toEqual(['alert-requests', 'alert-commands']);
  // From here on it is as it is live.
  feed.push('alert-commands', [record(1, 3)], 2);
  expect(await taken()).toEqual(['alert-commands']);
});

test('a topic whose end never comes is not waited for for ever', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const { feed, taken } = given(1);
  feed.push('alert-commands', [record(0, 2)], 1);
  vi.advanceTimersByTime(9_999);
  expect(await taken()).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(await taken()).toEqual(['alert-commands']);
});

test('live, what is there is taken', async () => {
  const { feed, taken } = given(0);
  feed.push('alert-commands', [record(0, 2)], 1);
  expect(await taken()).toEqual(['alert-commands']);
});
