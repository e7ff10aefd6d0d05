import type { DatabaseSync } from 'node:sqlite';
import { batchLines } from '../../services/platform/event-log/record-batch.ts';

/** Every record of a data file, as the line that it is stored as. */
export function* wholeLog(db: DatabaseSync): Generator<{ readonly topic: string; readonly line: string }> {
  for (const row of db.prepare('SELECT topic, codec, payload FROM log_batch').all()) {
    // The column holds bytes.
    const payload = row.payload as Uint8Array;
    for (const line of batchLines({ codec: Number(row.codec), payload }))
      yield { topic: String(row.topic), line };
  }
}
