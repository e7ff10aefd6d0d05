import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commitOf } from '../../../test/support/commit.ts';
import type { DeadLetter } from '../../contracts/dead-letter.ts';
import type { Complaint } from '../../contracts/sources.ts';
import type { Commit } from '../keyed-process/state-store.ts';
import { DAY, ManualClock } from '../time/clock.ts';
import { type EmbeddedStore, openEmbeddedStore } from './embedded-store.ts';

let folder: string;
let store: EmbeddedStore;
const clock = new ManualClock('2026-03-02T08:00:00Z');
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-retention-'));
  store = openEmbeddedStore(folder, clock, []);
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

const KEPT = 10 * DAY;
const prune = () => store.prune(clock.now(), KEPT);

async function publish(...ids: readonly string[]): Promise<readonly string[]> {
  const value = (id: string): Complaint => ({ id, customerId: 'c', occurredAt: 0 });
  return store.log.publish(
    'complaints',
    ids.map((id) => ({ id, key: id, value: value(id) })),
  );
}
const logged = async (from = 0) => (await store.log.read('complaints', 0, from, 1000)).map(({ key }) => key);
const commit = (some: Partial<Commit>) =>
  store.partition('test', new Map()).commit(commitOf(some), clock.now());
const consumedTo = (expected: number, next: number) =>
  commit({ positions: [{ topic: 'complaints', expected, next }] });
const letter = (id: string): DeadLetter => ({
  id,
  process: 'scoring',
  topic: 'complaints',
  key: 'c',
  partition: 0,
  offset: 0,
  reason: 'handler_error',
  detail: 'TypeError: no',
  at: clock.now(),
  payload: '{}',
});

test('batches older than the retention go; younger ones, and the last one, stay', async () => {
  await publish('old', 'older');
  clock.advance(5 * DAY);
  await publish('younger');
  clock.advance(6 * DAY);
  expect(prune()).toEqual({ batches: 1, ids: 2, letters: 0, rows: 0, done: true });
  expect(await logged()).toEqual(['younger']);
  clock.advance(100 * DAY);
  expect(prune()).toMatchObject({ batches: 0 });
  expect(await logged()).toEqual(['younger']);
});

test('what a consumer has not taken yet stays, however old', async () => {
  await publish('a');
  await publish('b');
  await publish('c');
  await consumedTo(0, 1);
  clock.advance(20 * DAY);
  expect(prune()).toMatchObject({ batches: 1 });
  expect(await logged()).toEqual(['b', 'c']);
});

test('offsets go on where they were, also when all but the last batch is gone and after a restart', async () => {
  await publish('a', 'b');
  await publish('c');
  clock.advance(20 * DAY);
  prune();
  store.close();
  store = openEmbeddedStore(folder, clock, []);
  await publish('d');
  const records = await store.log.read('complaints', 0, 0, 10);
  expect(records.map(({ key, offset }) => [key, offset])).toEqual([
    ['c', 2],
    ['d', 3],
  ]);
});

test('a reader that begins before what is left goes on with what is left, once', async () => {
  await publish('a', 'b');
  await publish('c', 'd', 'e');
  await publish('f');
  clock.advance(20 * DAY);
  store.db.exec('DELETE FROM log_batch WHERE base_offset = 0');
  const feed = store.openFeed(new Map([['complaints', 1]]));
  const seen: string[] = [];
  for (let round = 0; round < 5; round++) seen.push(...(await feed.take(2)).map(({ key }) => key));
  expect(seen).toEqual(['c', 'd', 'e', 'f']);
  expect((await store.log.fetch('complaints', 0, [0, 1, 3])).map(({ key }) => key)).toEqual(['d']);
});

test('an id is forgotten with the retention: sent again it counts as new', async () => {
  await publish('a');
  clock.advance(KEPT);
  prune();
  expect(await publish('a')).toEqual(['repeated']);
  clock.advance(1);
  prune();
  expect(await publish('a')).toEqual(['accepted']);
});

test('dead letters that are settled go; those that wait for somebody, and younger ones, stay', async () => {
  const ana = { by: 'ana', at: 0 };
  await commit({ deadLetters: ['dropped', 'retried', 'retrying', 'parked'].map(letter) });
  clock.advance(9 * DAY);
  await commit({ deadLetters: [letter('young')] });
  await store.deadLetters.drop('dropped', ana);
  await store.deadLetters.drop('young', ana);
  await store.deadLetters.retry('retrying', ana);
  await store.deadLetters.retry('retried', ana);
  await commit({ redelivered: ['retried'] });
  clock.advance(1 * DAY);
  expect(prune()).toMatchObject({ letters: 0 });
  clock.advance(1);
  expect(prune()).toMatchObject({ letters: 2, done: true });
  expect((await store.deadLetters.list(undefined, 10)).map(({ id }) => id)).toEqual([
    'parked',
    'retrying',
    'young',
  ]);
});

test('what services want forgotten goes along, and the step is not done before they are', () => {
  const left = [3, 2];
  const asked: number[] = [];
  store.alsoForget([
    (tooOld) => {
      asked.push(tooOld);
      return { removed: left.pop() ?? 0, done: left.length === 0 };
    },
  ]);
  expect([prune(), prune()]).toEqual([
    { batches: 0, ids: 0, letters: 0, rows: 2, done: false },
    { batches: 0, ids: 0, letters: 0, rows: 3, done: true },
  ]);
  expect(asked).toEqual([clock.now() - KEPT, clock.now() - KEPT]);
});

test('much is removed in many small steps, which reach everything', async () => {
  const ids = Array.from({ length: 12_000 }, (_, index) => `id-${index}`);
  await publish(...ids);
  for (let batch = 0; batch < 450; batch++) await publish(`batch-${batch}`);
  clock.advance(20 * DAY);
  await publish('young');
  const steps = [];
  do steps.push(prune());
  while (steps.at(-1)?.done === false && steps.length < 20);
  expect(steps.length).toBeGreaterThan(2);
  expect(Math.max(...steps.map((step) => step.batches))).toBe(200);
  expect(steps.reduce((sum, step) => sum + step.ids, 0)).toBe(12_450);
  expect(await logged()).toEqual(['young']);
});
