import { expect, test } from 'vitest';
import { recordAt, recordsOf, type StoredBatch } from './log-table.sqlite.ts';
import { batchLines, encodeBatch, encodeLine } from './record-batch.ts';

/** Five places from offset 10 on; what stood at 10, 12 and 14 was taken out. */
const BATCH: StoredBatch = {
  seq: 1,
  topic: 'complaints',
  partition: 0,
  baseOffset: 10,
  count: 5,
  appendedAt: 0,
  ...encodeBatch(['\n', encodeLine('b', {}), '\n', encodeLine('d', {}), '\n']),
};
const places = (records: readonly { readonly key: string; readonly offset: number }[]) =>
  records.map(({ key, offset }) => `${key}@${offset}`);

test('places that were emptied are passed over, and the others stay where they are', () => {
  expect(places(recordsOf(BATCH, 0, 10))).toEqual(['b@11', 'd@13']);
  expect(places(recordsOf(BATCH, 12, 10))).toEqual(['d@13']);
  expect(recordsOf(BATCH, 14, 10)).toEqual([]);
});

test('a limit counts records, not places: none behind an emptied one is left out', () => {
  expect(places(recordsOf(BATCH, 10, 1))).toEqual(['b@11']);
  expect(places(recordsOf(BATCH, 10, 2))).toEqual(['b@11', 'd@13']);
});

test('at an emptied place there is nothing', () => {
  const lines = batchLines(BATCH);
  expect(recordAt(BATCH, lines, 12)).toBeUndefined();
  expect(recordAt(BATCH, lines, 13)).toMatchObject({ key: 'd', offset: 13 });
});
