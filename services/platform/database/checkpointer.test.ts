import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DataFile } from './data-file.ts';
import { PLATFORM_MIGRATIONS } from './migrations.ts';
import { openSqlite } from './sqlite.ts';

const MIB = 1024 * 1024;
let folder: string;
let path: string;
let file: DataFile;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-checkpoint-'));
  path = join(folder, 'data.sqlite');
  file = new DataFile(openSqlite(path, PLATFORM_MIGRATIONS), path);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const append = (text: string) => file.transaction(() => file.log.append('signals', 0, [text], 1));
/** More than the checkpointer leaves alone, however well it is compressed. */
const NOISE = randomBytes(20 * MIB).toString('base64');
const walPages = () => Number(file.db.prepare('PRAGMA wal_checkpoint(NOOP)').get()?.log);

test('a long write-ahead log is moved into the file by the thread, and begins anew', async () => {
  append(NOISE);
  expect(statSync(path).size).toBeLessThan(MIB);
  expect(walPages()).toBeGreaterThan(4_000);
  await vi.waitFor(
    () => {
      append('small');
      expect(walPages()).toBeLessThan(1_000);
    },
    { timeout: 10_000, interval: 20 },
  );
  expect(statSync(path).size).toBeGreaterThan(16 * MIB);
  file.close();
  expect(readdirSync(folder)).toEqual(['data.sqlite']);
});

test('closing waits for the thread, so that nothing is left beside the file', () => {
  append(NOISE);
  file.close();
  expect(readdirSync(folder)).toEqual(['data.sqlite']);
});

test('a short one is left alone', async () => {
  append('small');
  await new Promise(setImmediate);
  expect(statSync(path).size).toBeLessThan(MIB);
  expect(walPages()).toBeGreaterThan(0);
  file.close();
});
