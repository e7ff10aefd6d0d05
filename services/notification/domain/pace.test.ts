import { expect, test } from 'vitest';
import { Pace } from './pace.ts';

test('three messages go at once, the next ones queue up one a second', () => {
  const pace = new Pace();
  const waits = ['a', 'b', 'c', 'd', 'e'].map((id) => pace.waitMs('#x', id, 0));
  expect(waits).toEqual([0, 0, 0, 1000, 2000]);
});

test('a message goes when its slot has come', () => {
  const pace = new Pace();
  for (const id of ['a', 'b', 'c', 'd']) pace.waitMs('#x', id, 0);
  expect(pace.waitMs('#x', 'd', 400)).toBe(600);
  expect(pace.waitMs('#x', 'd', 1000)).toBe(0);
});

test('addresses do not wait for each other', () => {
  const pace = new Pace();
  for (const id of ['a', 'b', 'c', 'd']) pace.waitMs('#x', id, 0);
  expect(pace.waitMs('#y', 'e', 0)).toBe(0);
});

test('an address that asked for patience is left alone, and served one by one after it', () => {
  const pace = new Pace();
  for (const id of ['a', 'b', 'c', 'waits']) pace.waitMs('#x', id, 0);
  pace.block('#x', 30_000);
  expect(pace.waitMs('#x', 'waits', 1000)).toBe(29_000);
  expect(pace.waitMs('#x', 'next', 1000)).toBe(30_000);
  expect(pace.waitMs('#y', 'other', 1000)).toBe(0);
});

test('after a rest the burst is there again', () => {
  const pace = new Pace();
  for (const id of ['a', 'b', 'c']) pace.waitMs('#x', id, 0);
  expect(['d', 'e', 'f'].map((id) => pace.waitMs('#x', id, 10_000))).toEqual([0, 0, 0]);
});
