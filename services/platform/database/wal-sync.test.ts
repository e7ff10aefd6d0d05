import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WalSync } from './wal-sync.ts';

let folder: string;
let file: string;
/** The syncs that were begun and not yet answered. */
let begun: ((error: Error | null) => void)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-wal-sync-'));
  file = join(folder, 'data.sqlite');
  writeFileSync(`${file}-wal`, '');
  begun = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const opened = (): WalSync => new WalSync(file, (_fd, done) => void begun.push(done));

/** Ends the sync that was begun first, and lets what follows from it happen. */
async function end(error: Error | null = null): Promise<void> {
  begun.shift()?.(error);
  await new Promise((resume) => setImmediate(resume));
}

test('whoever asks while a sync is under way waits for one that begins afterwards', async () => {
  const sync = opened();
  const told: string[] = [];
  void sync.synced().then(() => told.push('first'));
  // What these committed may have come too late for the sync that is under way.
  void sync.synced().then(() => told.push('second'));
  void sync.synced().then(() => told.push('third'));
  expect(begun).toHaveLength(1);
  await end();
  expect(told).toEqual(['first']);
  expect(begun).toHaveLength(1);
  await end();
  expect(told).toEqual(['first', 'second', 'third']);
  expect(begun).toHaveLength(0);
  sync.close();
});

test('after a sync that failed nothing is promised any more', async () => {
  const sync = opened();
  const first = sync.synced();
  const second = sync.synced();
  const refused = Promise.all([
    expect(first).rejects.toThrow(/-wal: could not be brought to disk \(EIO\); start again/),
    expect(second).rejects.toThrow('EIO'),
  ]);
  await end(new Error('EIO'));
  await refused;
  expect(begun).toHaveLength(0);
  expect(sync.failure).toMatchObject({ reason: 'io_error' });
  await expect(sync.synced()).rejects.toThrow('EIO');
  sync.close();
});

test('closing leaves a sync that is under way its file, and those who wait behind it are done with the closing', async () => {
  const sync = opened();
  const first = sync.synced();
  const second = sync.synced();
  sync.close();
  await end();
  await Promise.all([first, second]);
  expect(begun).toHaveLength(0);
});
