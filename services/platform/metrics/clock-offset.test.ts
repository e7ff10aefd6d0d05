import { expect, test } from 'vitest';
import { ManualClock, MINUTE, SECOND } from '../time/clock.ts';
import { movedLately } from './clock-offset.ts';

test('a clock that was moved shows by how much, until ten minutes have passed', () => {
  const clock = new ManualClock(0);
  let passed = 0;
  const pass = (ms: number): void => {
    clock.advance(ms);
    passed += ms;
  };
  const moved = movedLately(clock, () => passed);
  pass(MINUTE);
  expect(moved()).toBe(0);
  clock.advance(-300 * SECOND);
  expect(moved()).toBe(-300);
  pass(9 * MINUTE);
  expect(moved()).toBe(-300);
  pass(MINUTE);
  expect(moved()).toBe(0);
});
