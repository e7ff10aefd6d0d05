import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getuid } from 'node:process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataFolderUnusable, folderOwner, takeDataFolder } from './data-folder.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'tocsin-folder-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

const refusal = (path: string): DataFolderUnusable => {
  try {
    takeDataFolder(path).release();
  } catch (error) {
    if (error instanceof DataFolderUnusable) return error;
    throw error;
  }
  throw new Error(`${path} was taken`);
};

/** Another process that takes the folder and then waits to be killed. */
async function owner(path: string): Promise<ChildProcess> {
  const code = `
    import { takeDataFolder } from ${JSON.stringify(new URL('./data-folder.ts', import.meta.url).href)};
    takeDataFolder(${JSON.stringify(path)}).announce('http://127.0.0.1:8099');
    console.log('taken');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

test('a folder that is missing is made, with its parents', () => {
  const folder = takeDataFolder(join(parent, 'a/b'));
  expect(existsSync(folder.path)).toBe(true);
  folder.release();
});

test('a second process is told who has the folder, and gets it once that one was killed', async () => {
  const child = await owner(join(parent, 'data'));
  const refused = refusal(join(parent, 'data'));
  expect(refused.reason).toBe('in_use');
  expect(refused.owner).toEqual({ pid: child.pid, url: 'http://127.0.0.1:8099' });
  expect(refused.message).toBe(
    `data folder ${join(parent, 'data')}: in use by process ${child.pid} (http://127.0.0.1:8099); stop it first, or choose another folder with --data DIR`,
  );
  child.kill('SIGKILL');
  await once(child, 'exit');
  const taken = takeDataFolder(join(parent, 'data'));
  expect(folderOwner(taken.path)).toEqual({ pid: process.pid });
  taken.release();
});

test('the same process cannot take a folder twice; released, it is free', () => {
  const first = takeDataFolder(parent);
  expect(refusal(parent).reason).toBe('in_use');
  first.release();
  expect(folderOwner(parent)).toBeUndefined();
  takeDataFolder(parent).release();
});

test('a half-written note about the owner is no owner', () => {
  writeFileSync(join(parent, 'owner.json'), '{"pid": 12');
  expect(folderOwner(parent)).toBeUndefined();
});

test('a path through a file is refused by name', () => {
  writeFileSync(join(parent, 'file'), '');
  const { reason, message } = refusal(join(parent, 'file/data'));
  expect(reason).toBe('not_writable');
  expect(message).toContain(`data folder ${join(parent, 'file/data')}: cannot be written (ENOTDIR)`);
});

test('a folder without the right to write is refused by name', (context) => {
  if (getuid?.() === 0) context.skip('root may write everywhere');
  chmodSync(parent, 0o500);
  expect(refusal(parent)).toMatchObject({ reason: 'not_writable' });
  chmodSync(parent, 0o700);
});
