import type { LedgerEntry } from '../keyed-process/state-store.ts';
import type { NamedSql, Postgres } from './postgres.ts';

/** What every service has counted, added up over partitions. */
export async function ledgerEntries(postgres: Postgres): Promise<readonly LedgerEntry[]> {
  const rows = await postgres.query<LedgerEntry>(ENTRIES, []);
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}

const ENTRIES: NamedSql = {
  name: 'ledger-entries',
  text: `SELECT stage, topic, outcome, reason, sum(count) AS count FROM ledger
         GROUP BY stage, topic, outcome, reason ORDER BY stage, topic, outcome, reason`,
};
