import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { DATA_FILE } from '../../services/platform/database/embedded-store.ts';
import { runTocsin } from '../support/child-tocsin.ts';
import { startedTocsin, temporaryFolder } from './support/temporary.ts';

test.each([['start', '--port', '0'], ['ledger'], ['alerts', 'list']])(
  'tocsin %s on data of a newer version: ends with 1, says what is newer, and changes nothing',
  async (...command) => {
    const data = await dataWith((db) => db.exec("INSERT INTO migration VALUES ('9999-of-tomorrow', 0)"));
    const before = readFileSync(join(data, DATA_FILE));

    const { code, stderr } = await runTocsin([...command, '--data', data]);

    expect(code).toBe(1);
    expect(stderr).toContain(
      `${join(data, DATA_FILE)}: written by a newer Tocsin (it has 9999-of-tomorrow); run that version, or restore the backup taken before the upgrade\n`,
    );
    expect(stderr).not.toContain('    at ');
    expect(readFileSync(join(data, DATA_FILE)).equals(before)).toBe(true);
  },
);

test('control: data of this version is opened again', async () => {
  const data = await dataWith(() => undefined);
  const { url } = await startedTocsin({ data });
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
});

/** A data folder as this version leaves it, and what somebody else did to its file. */
async function dataWith(change: (db: DatabaseSync) => void): Promise<string> {
  const data = temporaryFolder();
  expect((await runTocsin(['ledger', '--data', data])).code).toBe(0);
  const db = new DatabaseSync(join(data, DATA_FILE));
  change(db);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  return data;
}
