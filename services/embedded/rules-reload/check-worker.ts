import { parentPort, workerData } from 'node:worker_threads';
import { checkFolder } from './check-folder.ts';

/*
 * Checks a rules folder in a thread of its own, so that the tests of a large set do not keep the pipeline waiting.
 * Started by `check-folder.thread.ts` of action-management with the folder as its data; answers with one message and ends.
 */

parentPort?.postMessage(await checkFolder(String(workerData)));
