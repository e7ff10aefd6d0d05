import { Worker } from 'node:worker_threads';
import type { CheckedFolder, CheckFolder } from '../ports.ts';

export interface ToCheck {
  readonly folder: string;
  readonly meanwhile: Parameters<CheckFolder>[1];
}

/**
 * Checks each folder in a thread of its own that runs `script`, with the folder and what goes on meanwhile as its data, and
 * answers with one message. Tests of rules are played through other services as well, so the script belongs to nobody here.
 */
export const checkInThread =
  (script: URL): CheckFolder =>
  (folder, meanwhile) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(script, { workerData: { folder, meanwhile } satisfies ToCheck });
      // The script's one message is what it found.
      worker.once('message', (checked: CheckedFolder) => resolve(checked));
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the check ended without an answer')));
    });
