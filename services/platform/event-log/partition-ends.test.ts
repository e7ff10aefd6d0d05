import { expect, test } from 'vitest';
import { ManualClock, SECOND } from '../time/clock.ts';
import { PartitionEnds } from './partition-ends.ts';

const clock = new ManualClock('2026-03-02T08:00:00Z');
const lagOf = (ends: PartitionEnds, next: number, since?: number) => {
  const { records, seconds } = ends.lag('signals', 0, { next, since });
  return [records, seconds];
};

test('what was fetched is as old as its record, and what the log holds beyond it counts', () => {
  const ends = new PartitionEnds(clock);
  ends.note('signals', 0, 900);
  expect(lagOf(ends, 100, clock.now() - 40 * SECOND)).toEqual([800, 40]);
});

test('records of which none was fetched grow old from when they were known of', () => {
  const ends = new PartitionEnds(clock);
  ends.note('signals', 0, 10);
  expect(lagOf(ends, 10)).toEqual([0, 0]);
  clock.advance(60 * SECOND);
  ends.note('signals', 0, 12);
  clock.advance(300 * SECOND);
  ends.note('signals', 0, 15);
  ends.note('signals', 0, 15);
  expect(lagOf(ends, 10)).toEqual([5, 300]);
  expect(lagOf(ends, 12)).toEqual([3, 0]);
  expect(lagOf(ends, 15)).toEqual([0, 0]);
});

test('a partition of which nothing is known, and one that another instance had before, are not behind', () => {
  const ends = new PartitionEnds(clock);
  expect(lagOf(ends, 0)).toEqual([0, 0]);
  ends.note('signals', 0, 5);
  // Read elsewhere meanwhile.
  expect(lagOf(ends, 90)).toEqual([0, 0]);
});

test('however often a broker tells of an end, the oldest that matters is remembered', () => {
  const ends = new PartitionEnds(clock);
  ends.note('signals', 0, 1);
  clock.advance(100 * SECOND);
  for (let end = 2; end < 500; end++) ends.note('signals', 0, end);
  expect(lagOf(ends, 0)).toEqual([499, 100]);
});
