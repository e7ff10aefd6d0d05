import { getPriority, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { ToCheck } from '../../action-management/adapters/check-folder.thread.ts';
import { checkFolder } from './check-folder.ts';

/*
 * Checks a rules folder in a thread of its own, so that the tests of a large set do not keep the pipeline waiting.
 * Started by `check-folder.thread.ts` of action-management; answers with one message and ends.
 */

/** Niceness: where cores are short, the pipeline gets three times as much of them as the check. */
const GIVES_WAY = 5;

// The one who starts it is `check-folder.thread.ts`.
const { folder, meanwhile } = workerData as ToCheck;
// Only Linux has a priority for each thread; elsewhere it would be that of the whole process. A nicer one must not be raised.
const yields = meanwhile === 'running' && process.platform === 'linux' && getPriority() < GIVES_WAY;
if (yields) setPriority(GIVES_WAY);
parentPort?.postMessage(await checkFolder(folder));
