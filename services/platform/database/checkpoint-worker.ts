import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { type CheckpointAnswer, type CheckpointOrder, IDLE } from './checkpointer.ts';

// `Checkpointer` is the only one that starts this.
const { file, state } = workerData as CheckpointOrder;

/** The rest is left to the writer once it is this small: some milliseconds. */
const SMALL_REST = 500;
const MOST_ROUNDS = 4;

parentPort?.on('message', () => {
  const answer: CheckpointAnswer = { walPages: checkpoint() };
  parentPort?.postMessage(answer);
  Atomics.store(state, 0, IDLE);
  Atomics.notify(state, 0);
});

/** Rounds get shorter, as each has only what was written during the one before. Answers the pages of the log. */
function checkpoint(): number {
  let db: DatabaseSync | undefined;
  try {
    // Opened anew each time, so that whoever closes the data file is as a rule the last to hold it.
    db = new DatabaseSync(file);
    db.exec('PRAGMA synchronous = FULL');
    const passive = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');
    let before = 0;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const walPages = Number(passive.get()?.log ?? 0);
      if (walPages - before < SMALL_REST) return walPages;
      before = walPages;
    }
    return before;
  } catch {
    // A full disk or the like: the writer meets it, too, and says so; the log waits where it is.
    return 0;
  } finally {
    db?.close();
  }
}
