import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PLATFORM_MIGRATIONS } from './migrations.ts';
import { inTransaction, openSqlite } from './sqlite.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-sqlite-'));
  file = join(folder, 'data.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true }));

const schemaOf = (db: DatabaseSync): unknown =>
  db.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all();

test('commits reach the disk in their order', () => {
  const db = openSqlite(file, PLATFORM_MIGRATIONS);
  expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  // 1 is NORMAL: the log is synced before its pages are moved into the file, and by `WalSync`.
  expect(db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 1 });
  db.close();
});

describe('migrations', () => {
  test.each(PLATFORM_MIGRATIONS.map((_, index) => index))(
    'from the first %i of them lead to the same layout as from none, and keep what is stored',
    (count) => {
      const old = openSqlite(file, PLATFORM_MIGRATIONS.slice(0, count));
      if (count > 0) {
        old.exec("INSERT INTO state (key_space, key, body) VALUES ('customer', 'k', '{}')");
        old.exec("INSERT INTO log_seen (topic, id, at) VALUES ('complaints', 'a', 1)");
      }
      old.close();
      const upgraded = openSqlite(file, PLATFORM_MIGRATIONS);
      const fresh = openSqlite(join(folder, 'fresh.sqlite'), PLATFORM_MIGRATIONS);
      expect(schemaOf(upgraded)).toEqual(schemaOf(fresh));
      if (count > 0) expect(upgraded.prepare('SELECT count(*) AS n FROM state').get()).toEqual({ n: 1 });
      upgraded.close();
      fresh.close();
    },
  );

  test('are applied once, in the order of their ids, whatever the order in which they are given', () => {
    const steps = [
      { id: '0002-fill', sql: "INSERT INTO t VALUES ('x')" },
      { id: '0001-make', sql: 'CREATE TABLE t (v TEXT)' },
    ];
    openSqlite(file, steps).close();
    const db = openSqlite(file, steps);
    expect(db.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 1 });
    db.close();
  });

  test('that fail leave the file at the last one that went well', () => {
    const good = { id: '0001-make', sql: 'CREATE TABLE t (v TEXT)' };
    const bad = { id: '0002-bad', sql: 'CREATE TABLE u (v TEXT); CREATE TABLE t (v TEXT)' };
    expect(() => openSqlite(file, [good, bad])).toThrow('already exists');
    const db = openSqlite(file, [good]);
    expect(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name IN ('t', 'u')").get()).toEqual({
      n: 1,
    });
    db.close();
  });

  test('of a newer version are refused, and the file stays as it is', () => {
    const newer = [...PLATFORM_MIGRATIONS, { id: '0999-later', sql: 'CREATE TABLE later (v TEXT)' }];
    openSqlite(file, newer).close();
    const open = () => openSqlite(file, PLATFORM_MIGRATIONS);
    expect(open).toThrow(
      expect.objectContaining({ name: 'DataFolderUnusable', reason: 'newer_version' }) as Error,
    );
    expect(open).toThrow(`${file}: written by a newer Tocsin (it has 0999-later); run that version`);
    openSqlite(file, newer).close();
  });
});

describe('a file that cannot be used', () => {
  test('because it is something else is called damaged, and left alone', () => {
    writeFileSync(file, `this is a letter, not a database. ${'x'.repeat(200)}`);
    const open = () => openSqlite(file, PLATFORM_MIGRATIONS);
    expect(open).toThrow(expect.objectContaining({ reason: 'damaged' }) as Error);
    expect(open).toThrow(`${file}: not a data file of Tocsin, or damaged`);
  });

  test('because its folder is not there is called not writable', () => {
    expect(() => openSqlite(join(folder, 'missing/data.sqlite'), [])).toThrow(
      expect.objectContaining({ reason: 'not_writable' }) as Error,
    );
  });
});

test('a write that another connection locks out is reported as busy', () => {
  const db = openSqlite(file, PLATFORM_MIGRATIONS);
  db.exec('PRAGMA busy_timeout = 1');
  const other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  expect(() => inTransaction(db, () => undefined)).toThrow(
    expect.objectContaining({ reason: 'busy' }) as Error,
  );
  other.exec('ROLLBACK');
  expect(inTransaction(db, () => 'written')).toBe('written');
  other.close();
  db.close();
});

test('what is thrown inside a transaction comes out, and nothing of it is stored', () => {
  const db = openSqlite(file, PLATFORM_MIGRATIONS);
  const work = () => {
    db.exec("INSERT INTO log_seen (topic, id, at) VALUES ('t', 'a', 1)");
    throw new Error('on purpose');
  };
  expect(() => inTransaction(db, work)).toThrow('on purpose');
  expect(db.prepare('SELECT count(*) AS n FROM log_seen').get()).toEqual({ n: 0 });
  db.close();
});

test('a copy that another connection makes with VACUUM INTO while writing goes on is whole', () => {
  const db = openSqlite(file, PLATFORM_MIGRATIONS);
  const add = db.prepare("INSERT INTO log_seen (topic, id, at) VALUES ('t', ?, 1)");
  inTransaction(db, () => {
    for (let id = 0; id < 1_000; id++) add.run(`before-${id}`);
  });
  db.exec('BEGIN IMMEDIATE');
  add.run('not committed');
  const copy = join(folder, 'copy.sqlite');
  const outside = new DatabaseSync(file);
  outside.prepare('VACUUM INTO ?').run(copy);
  outside.close();
  db.exec('COMMIT');
  db.close();
  const restored = openSqlite(copy, PLATFORM_MIGRATIONS);
  expect(restored.prepare('SELECT count(*) AS n FROM log_seen').get()).toEqual({ n: 1_000 });
  expect(restored.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  restored.close();
});
