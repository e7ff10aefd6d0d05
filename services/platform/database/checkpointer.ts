import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';

/** What the thread is started with. */
export interface CheckpointOrder {
  readonly file: string;
  /** One number, `IDLE` or `BUSY`. */
  readonly state: Int32Array<SharedArrayBuffer>;
}

export interface CheckpointAnswer {
  /** Pages that the log held at the end, moved or not. */
  readonly walPages: number;
}

export const IDLE = 0;
export const BUSY = 1;

/** A second's writes hit many pages more than once; each is then moved once. */
const EVERY_MS = 500;
/** Below this many bytes a checkpoint is not worth a thread. 16 MiB. */
const WORTH_IT_BYTES = 16 * 1024 * 1024;
/** A log of this length begins anew: it must not grow without end. 48 MiB. */
const BEGIN_ANEW_PAGES = 12_000;
const CLOSE_WITHIN_MS = 5_000;

/**
 * Moves what the write-ahead log holds into the data file, in a thread of its own.
 *
 * Without it SQLite does so inside a commit, which then waits for thousands of pages scattered over the file.
 * Nothing hangs on when it happens: a commit is on disk as soon as it is in the log. When the thread does not
 * keep up, SQLite's own limit (`wal_autocheckpoint`) steps in.
 */
export class Checkpointer {
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #state = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #worker: Worker | undefined;
  #lookAgainAt = 0;

  constructor(db: DatabaseSync, file: string) {
    this.#db = db;
    this.#file = file;
  }

  /** To be called after each commit. */
  written(): void {
    const now = performance.now();
    if (now < this.#lookAgainAt || Atomics.load(this.#state, 0) === BUSY) return;
    this.#lookAgainAt = now + EVERY_MS;
    // The file keeps its size when the log begins anew, so this says "at most".
    const { size } = statSync(`${this.#file}-wal`, { throwIfNoEntry: false }) ?? { size: 0 };
    if (size < WORTH_IT_BYTES) return;
    Atomics.store(this.#state, 0, BUSY);
    this.#worker ??= this.#start();
    this.#worker.postMessage('checkpoint');
  }

  /** Waits until the thread does not use the file any more. */
  close(): void {
    Atomics.wait(this.#state, 0, BUSY, CLOSE_WITHIN_MS);
    this.#worker?.removeAllListeners();
    void this.#worker?.terminate();
  }

  #start(): Worker {
    const workerData: CheckpointOrder = { file: this.#file, state: this.#state };
    const worker = new Worker(new URL('./checkpoint-worker.ts', import.meta.url), { workerData });
    worker.unref();
    worker.on('message', ({ walPages }: CheckpointAnswer) => this.#finish(walPages));
    worker.on('error', () => {
      // Without the thread SQLite does it inside commits, as it would by itself.
      this.#lookAgainAt = Number.POSITIVE_INFINITY;
      this.#db.exec('PRAGMA wal_autocheckpoint = 1000');
      Atomics.store(this.#state, 0, IDLE);
    });
    return worker;
  }

  /** The log begins anew only when all of it was moved, and while writes go on only the writer can reach that point. */
  #finish(walPages: number): void {
    if (walPages >= BEGIN_ANEW_PAGES) this.#db.exec('PRAGMA wal_checkpoint(PASSIVE)');
  }
}
