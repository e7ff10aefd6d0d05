import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Ended, runTocsin } from '../support/child-tocsin.ts';
import { temporaryFolder } from './support/temporary.ts';

/** Root may write everywhere, so for the fault the process runs as somebody else. */
const NOBODY = { uid: 65_534, gid: 65_534 };
const asNobody = process.getuid?.() === 0 ? NOBODY : {};

test('a folder that this user may not write: ends with 1, names it, and says what to do', async () => {
  const data = join(openToAll(), 'data');
  mkdirSync(data, { mode: 0o555 });
  refused(await start(data), data, 'EACCES');
});

test('a folder that this user may not make', async () => {
  const parent = openToAll();
  chmodSync(parent, 0o555);
  const data = join(parent, 'data');
  refused(await start(data), data, 'EACCES');
});

test('a folder that this user may write, with a data file that it may not', async () => {
  const data = openToAll();
  expect((await runTocsin(['ledger', '--data', data])).code).toBe(0);
  for (const file of ['lock.sqlite', 'tocsin.sqlite']) chmodSync(join(data, file), 0o444);
  refused(await start(data), data, 'EACCES', 'lock.sqlite ');
});

test('a file where the folder should be', async () => {
  const data = join(temporaryFolder(), 'data');
  writeFileSync(data, 'a file');
  refused(await runTocsin(['start', '--data', data, '--port', '0']), data, 'EEXIST');
});

test('a folder below a file', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, 'a file');
  const data = join(file, 'data');
  refused(await runTocsin(['start', '--data', data, '--port', '0']), data, 'ENOTDIR');
});

test('control: a folder that this user may write is taken', async () => {
  const data = join(openToAll(), 'data');
  const { code, stderr } = await runTocsin(['ledger', '--data', data], { spawn: asNobody });
  expect([code, stderr]).toEqual([0, '']);
});

const start = (data: string): Promise<Ended> =>
  runTocsin(['start', '--data', data, '--port', '0'], { spawn: asNobody });

function openToAll(): string {
  const folder = temporaryFolder();
  chmodSync(folder, 0o777);
  return folder;
}

function refused({ code, stderr }: Ended, data: string, reason: string, file = ''): void {
  expect(stderr).toBe(
    `tocsin start: data folder ${data}: ${file}cannot be written (${reason}); choose another with --data DIR, or give this user the right and the room to write it\n`,
  );
  expect(code).toBe(1);
}
