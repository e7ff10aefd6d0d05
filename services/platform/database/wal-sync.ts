import { closeSync, fdatasync, openSync } from 'node:fs';
import { StorageUnavailable } from '../event-log/event-log.ts';

/** Brings what was written to an open file to the disk, and calls back. Node's `fdatasync`, but for tests. */
export type Sync = (fd: number, done: (error: Error | null) => void) => void;

/**
 * Syncs the write-ahead log to disk outside the event loop.
 *
 * One sync covers all that was committed before it began, so those who ask while one is under way share the next.
 * When a sync fails, nobody can say what is on disk: every later call fails as well, until the file is opened anew.
 */
export class WalSync {
  readonly #path: string;
  readonly #sync: Sync;
  #fd: number | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #failure: StorageUnavailable | undefined;
  #closed = false;

  constructor(dataFile: string, sync: Sync = fdatasync) {
    this.#path = `${dataFile}-wal`;
    this.#sync = sync;
  }

  /** Why nothing may be written any more; nothing while all is well. */
  get failure(): StorageUnavailable | undefined {
    return this.#failure;
  }

  /** Resolves when everything that is committed now is on disk; rejects with `StorageUnavailable`. */
  synced(): Promise<void> {
    if (this.#running === undefined) {
      this.#running = this.#once().finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.synced();
      });
    return this.#next;
  }

  /** To be followed by the closing of the data file, which brings everything to disk for those who still wait. */
  close(): void {
    this.#closed = true;
    const close = (): void => {
      if (this.#fd !== undefined) closeSync(this.#fd);
      this.#fd = undefined;
    };
    if (this.#running === undefined) close();
    // A sync that is under way needs the descriptor.
    else void this.#running.then(close, close);
  }

  async #once(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) return;
    try {
      this.#fd ??= openSync(this.#path, 'r+');
      const fd = this.#fd;
      await new Promise<void>((resolve, reject) => {
        this.#sync(fd, (error) => (error === null ? resolve() : reject(error)));
      });
    } catch (error) {
      this.#failure = new StorageUnavailable(
        'io_error',
        `${this.#path}: could not be brought to disk (${(error as Error).message}); start again once the disk is well`,
        error,
      );
      throw this.#failure;
    }
  }
}
