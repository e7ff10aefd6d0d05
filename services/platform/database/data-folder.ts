import { accessSync, constants, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** What the process that works on a data folder tells others about itself. */
export interface FolderOwner {
  readonly pid: number;
  /** Where it answers HTTP, for example `http://127.0.0.1:8080`; absent while it does not. */
  readonly url?: string;
}

/** A data folder that this process, and no other, works on. */
export interface DataFolder {
  readonly path: string;
  /** Tells other commands where this process answers. */
  announce(url: string): void;
  /** Takes that back; the folder stays locked. */
  forget(): void;
  release(): void;
}

/** Why a data folder cannot be used; `message` says what to do. */
export class DataFolderUnusable extends Error {
  override readonly name = 'DataFolderUnusable';
  readonly reason: 'in_use' | 'not_writable' | 'newer_version' | 'damaged';
  readonly owner?: FolderOwner;
  constructor(reason: DataFolderUnusable['reason'], message: string, owner?: FolderOwner) {
    super(message);
    this.reason = reason;
    if (owner !== undefined) this.owner = owner;
  }
}

/**
 * Takes a data folder for this process, creating it when it is missing.
 *
 * The lock is SQLite's own on a file beside the data: the operating system lets go of it when the process
 * ends, however it ends, so a killed process never leaves a folder locked.
 */
export function takeDataFolder(path: string): DataFolder {
  const folder = resolve(path);
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    // SQLite would open a file that it may not write for reading only, and then no lock excludes anybody.
    for (const file of filesOf(folder)) accessSync(file, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw notWritable(folder, error);
  }
  const lock = lockFolder(folder);
  const ownerFile = join(folder, OWNER_FILE);
  try {
    writeFileSync(ownerFile, JSON.stringify({ pid: process.pid }));
  } catch (error) {
    lock.close();
    throw notWritable(folder, error);
  }
  return {
    path: folder,
    announce: (url) => writeFileSync(ownerFile, JSON.stringify({ pid: process.pid, url })),
    forget: () => rmSync(ownerFile, { force: true }),
    release: () => {
      rmSync(ownerFile, { force: true });
      lock.close();
    },
  };
}

/** Who works on the folder, when somebody does. */
export function folderOwner(path: string): FolderOwner | undefined {
  try {
    const owner: unknown = JSON.parse(readFileSync(join(resolve(path), OWNER_FILE), 'utf8'));
    if (typeof owner !== 'object' || owner === null || !('pid' in owner) || typeof owner.pid !== 'number')
      return undefined;
    return 'url' in owner && typeof owner.url === 'string'
      ? { pid: owner.pid, url: owner.url }
      : { pid: owner.pid };
  } catch {
    // No such file, or half written by a process that is just starting: nobody to talk to.
    return undefined;
  }
}

const OWNER_FILE = 'owner.json';

const filesOf = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.sqlite'))
    .map((name) => join(folder, name));

function notWritable(folder: string, error: unknown): DataFolderUnusable {
  const { code, message, path = folder } = error as NodeJS.ErrnoException;
  const found = code === undefined || code === 'ERR_SQLITE_ERROR' ? message : code;
  const place = dirname(path) === folder ? ` ${basename(path)}` : '';
  return new DataFolderUnusable(
    'not_writable',
    `data folder ${folder}:${place} cannot be written (${found}); choose another with --data DIR, or give this user the right and the room to write it`,
  );
}

function lockFolder(folder: string): DatabaseSync {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(folder, 'lock.sqlite'));
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    const busy = /locked|busy/i.test(String((error as Error).message));
    if (!busy) throw notWritable(folder, error);
    const owner = folderOwner(folder);
    const who =
      owner === undefined
        ? 'another process'
        : `process ${owner.pid}${owner.url === undefined ? '' : ` (${owner.url})`}`;
    throw new DataFolderUnusable(
      'in_use',
      `data folder ${folder}: in use by ${who}; stop it first, or choose another folder with --data DIR`,
      owner,
    );
  }
}
