import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { ToCheck } from '../../action-management/adapters/check-folder.thread.ts';
import { checkFolder } from './check-folder.ts';

/*
 * Checks a rules folder in a thread of its own, so that the tests of a large set do not keep the pipeline waiting.
 * Started by `check-folder.thread.ts` of action-management; answers with one message and ends.
 */

/** Of 19: where cores are short, the pipeline gets ten times as much of them as the check. */
const GIVES_WAY = 10;

// The one who starts it is `check-folder.thread.ts`.
const { folder, meanwhile } = workerData as ToCheck;
// Only Linux has a priority for each thread; elsewhere it would be that of the whole process.
if (meanwhile === 'running' && process.platform === 'linux') setPriority(GIVES_WAY);
parentPort?.postMessage(await checkFolder(folder));
