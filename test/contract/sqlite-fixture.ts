import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RULES_MIGRATIONS } from '../../services/action-management/adapters/kept-rule-sets.sqlite.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../services/platform/database/embedded-store.ts';
import type { ViewWriter } from '../../services/platform/database/state-store.sqlite.ts';
import { ManualClock } from '../../services/platform/time/clock.ts';

/** A data file in a folder of its own, with a clock that the test moves. */
export interface SqliteFixture {
  readonly clock: ManualClock;
  readonly store: EmbeddedStore;
  /** What the view `notes` holds; its writer refuses the row `refuse`. */
  notes(): Readonly<Record<string, unknown>>;
  readonly views: ReadonlyMap<string, ViewWriter>;
  /** Closes the file and opens it again, as a restarted process does. */
  reopen(): void;
  /** Lets the file grow no more. */
  fillDisk(): void;
  freeDisk(): void;
  dispose(): void;
}

const LAYOUT = [
  ...RULES_MIGRATIONS,
  { id: '9000-notes', sql: 'CREATE TABLE note (id TEXT PRIMARY KEY, body TEXT NOT NULL)' },
];

export function sqliteFixture(): SqliteFixture {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-contract-'));
  const clock = new ManualClock('2026-03-02T08:00:00Z');
  let store = openEmbeddedStore(folder, clock, LAYOUT);
  const writeNote: ViewWriter = (id, row) => {
    if (row === 'refuse') throw new Error('the view refuses this row');
    if (row === null) store.db.prepare('DELETE FROM note WHERE id = ?').run(id);
    else store.db.prepare('INSERT OR REPLACE INTO note VALUES (?, ?)').run(id, JSON.stringify(row));
  };
  return {
    clock,
    get store() {
      return store;
    },
    notes: () => {
      const rows = store.db.prepare('SELECT id, body FROM note ORDER BY id').all();
      return Object.fromEntries(rows.map((row) => [String(row.id), JSON.parse(String(row.body))]));
    },
    views: new Map([['notes', writeNote]]),
    reopen: () => {
      store.close();
      store = openEmbeddedStore(folder, clock, LAYOUT);
    },
    fillDisk: () => {
      const pages = Number(store.db.prepare('PRAGMA page_count').get()?.page_count);
      store.db.exec(`PRAGMA max_page_count = ${pages}`);
    },
    freeDisk: () => store.db.exec('PRAGMA max_page_count = 1000000'),
    dispose: () => {
      store.close();
      rmSync(folder, { recursive: true });
    },
  };
}
