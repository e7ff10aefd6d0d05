import { expect, test } from 'vitest';
import { createCommandWatch } from './command-watch.ts';
import { exampleEvent } from './domain/example.ts';

const fact = (commandId: string) => {
  const value = exampleEvent({ commandId });
  return { topic: 'alerts', key: value.alertKey, value } as const;
};

test('whoever waits for a command is woken by its event, all of them', async () => {
  const watch = createCommandWatch();
  const waiting = Promise.all([watch.settled('a', 5000), watch.settled('a', 5000)]);
  watch.onFact(fact('a'));
  expect(await waiting).toEqual([true, true]);
});

test('the event of another command wakes nobody', async () => {
  const watch = createCommandWatch();
  const waiting = watch.settled('a', 1);
  watch.onFact(fact('b'));
  expect(await waiting).toBe(false);
});

test('an event that nobody waits for does no harm', () => {
  expect(() => createCommandWatch().onFact(fact('a'))).not.toThrow();
});

test('the version changes with every event of an alert, and differs after a restart', () => {
  const watch = createCommandWatch();
  const before = watch.version();
  expect(watch.version()).toBe(before);
  watch.onFact(fact('a'));
  expect(watch.version()).not.toBe(before);
  expect(createCommandWatch().version()).not.toBe(before);
});
