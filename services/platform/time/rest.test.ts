import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pause, Rest } from './rest.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = new AbortController().signal;

/** Whether it is over already. */
async function isOver(rest: Promise<void>): Promise<boolean> {
  let over = false;
  void rest.then(() => {
    over = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  return over;
}

test('a rest lasts as long as it may', async () => {
  const rest = new Rest().untilWoken(1_000, never);
  await vi.advanceTimersByTimeAsync(999);
  expect(await isOver(rest)).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(await isOver(rest)).toBe(true);
});

test('waking ends it, and leaves no timer', async () => {
  const loop = new Rest();
  const rest = loop.untilWoken(1_000, never);
  loop.wake();
  expect(await isOver(rest)).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test('what is said during the look before it ends it at once; what was said before that does not', async () => {
  const loop = new Rest();
  loop.wake();
  loop.beforeLook();
  expect(await isOver(loop.untilWoken(1_000, never))).toBe(false);
  loop.beforeLook();
  loop.wake();
  expect(await isOver(loop.untilWoken(1_000, never))).toBe(true);
});

test('stopping ends it, before and while it lasts', async () => {
  const stop = new AbortController();
  const rest = new Rest().untilWoken(1_000, stop.signal);
  stop.abort();
  expect(await isOver(rest)).toBe(true);
  expect(await isOver(new Rest().untilWoken(1_000, stop.signal))).toBe(true);
  expect(await isOver(pause(1_000, stop.signal))).toBe(true);
});
