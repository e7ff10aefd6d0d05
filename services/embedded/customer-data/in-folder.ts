import { existsSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DATA_FILE } from '../../platform/database/embedded-store.ts';
import { inTransaction } from '../../platform/database/sqlite.ts';
import { openAlone } from '../in-process.ts';
import { forgetCustomer, gatherCustomer, namesOfCustomer } from './customer-data.sqlite.ts';
import type { CustomerItem, Forgotten } from './rows-about.ts';

/** There is no data file where one was expected. */
export class NoData extends Error {
  override readonly name = 'NoData';
}

/** The data file cannot be written anew: nothing was changed. */
export class NoRoom extends Error {
  override readonly name = 'NoRoom';
}

/** Everything that the data folder holds about a customer, as it is at one instant. Tocsin may run on it meanwhile. */
export function* readCustomer(folder: string, customerId: string): Generator<CustomerItem> {
  const file = join(folder, DATA_FILE);
  if (!existsSync(file))
    throw new NoData(`${folder}: no data of Tocsin here; name its folder with --data DIR`);
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    db.exec('BEGIN');
    yield* gatherCustomer(db, namesOfCustomer(db, customerId));
  } finally {
    db.close();
  }
}

/**
 * Takes a customer out of a data folder that nobody else works on. What waits there is processed first. The file is written
 * anew, which takes twice its size in free space: it keeps no copy of what is removed, in no free page and in no write-ahead log.
 */
export async function forgetInFolder(
  data: string,
  customerId: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Forgotten> {
  needRoom(data);
  const { tocsin, close } = await openAlone(data, env);
  try {
    const { runner, store } = tocsin.pipeline;
    await runner.drain();
    const forgotten = inTransaction(store.db, () =>
      forgetCustomer(store.db, namesOfCustomer(store.db, customerId)),
    );
    // Pages keep remains of what rows held before: only a file written anew has none.
    store.db.exec('VACUUM');
    store.db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    return forgotten;
  } finally {
    await close();
  }
}

/** Writing the file anew goes through the write-ahead log: its size twice. */
const ROOM = 2;

function needRoom(data: string): void {
  const needed = ROOM * statSync(join(data, DATA_FILE)).size;
  const { bavail, bsize } = statfsSync(data);
  if (bavail * bsize < needed)
    throw new NoRoom(
      `${data}: writing the file anew takes ${needed} bytes, ${bavail * bsize} are free; nothing was changed`,
    );
}
