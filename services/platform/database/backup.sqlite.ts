import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** There is no backup; `message` says why. */
export class BackupFailed extends Error {
  override readonly name = 'BackupFailed';
}

/**
 * Copies a data file as it is at one instant, also while a Tocsin works on it; answers the size in bytes.
 *
 * Takes no lock that writers wait for; the write-ahead log grows until it is done. The copy is checked and on disk before
 * it has its name, so whatever has that name is whole. Never writes over a file.
 */
export function backUp(source: string, target: string): number {
  if (!existsSync(source)) throw new BackupFailed(`${source}: there is no data of Tocsin`);
  if (existsSync(target)) throw new BackupFailed(`${target}: is there already; choose another name`);
  const part = `${target}.part`;
  rmSync(part, { force: true });
  try {
    const live = new DatabaseSync(source, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    try {
      live.prepare('VACUUM INTO ?').run(part);
    } finally {
      live.close();
    }
    check(part);
    sync(part);
    renameSync(part, target);
  } catch (error) {
    rmSync(part, { force: true });
    throw error instanceof BackupFailed
      ? error
      : new BackupFailed(`${target}: no backup: ${String((error as Error).message)}`, { cause: error });
  }
  return statSync(target).size;
}

/** A commit in progress is waited for. */
const BUSY_TIMEOUT_MS = 5_000;

function check(file: string): void {
  const copy = new DatabaseSync(file, { readOnly: true });
  try {
    const said = copy.prepare('PRAGMA quick_check(1)').get()?.quick_check;
    if (said !== 'ok') throw new BackupFailed(`the data file is damaged: ${String(said)}`);
  } finally {
    copy.close();
  }
}

function sync(file: string): void {
  const descriptor = openSync(file, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
