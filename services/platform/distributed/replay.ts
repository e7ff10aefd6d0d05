import type { NamedSql, Postgres } from '../database/postgres.ts';
import { type EventLog, StorageUnavailable } from '../event-log/event-log.ts';
import { likeStore, type PartitionStore } from '../keyed-process/state-store.ts';

/** This database is not the one for what was asked; `message` says why. */
export class WrongDatabase extends Error {
  override readonly name = 'WrongDatabase';
}

/**
 * Makes sure that a replay and a live service never work on the same rows: `from` is the instant of a replay, nothing
 * for a live service. A replay that was interrupted goes on; one from another instant takes a fresh database.
 */
export async function checkDatabase(
  postgres: Postgres,
  service: string,
  from: number | undefined,
): Promise<void> {
  const [row] = await postgres.query<{ since: string | null; lived: boolean }>(FOUND, [service]);
  const since = row?.since === null || row?.since === undefined ? undefined : Number(row.since);
  if (since === from) return;
  if (from === undefined) {
    throw new WrongDatabase(
      `the database holds a replay of ${service}; unset TOCSIN_REPLAY_FROM only with another one`,
    );
  }
  if (since !== undefined)
    throw new WrongDatabase('the database holds a replay from another instant; take a fresh one');
  if (row?.lived === true)
    throw new WrongDatabase(`${service} lives in this database; replay into a fresh one`);
  await postgres.query(BEGIN, [service, from]);
}

/** Keeps states, timers, views and ledger; what would reach anybody else is left out of every commit. */
export const shadowed = (store: PartitionStore): PartitionStore =>
  likeStore(store, { commit: (commit, now) => store.commit({ ...commit, facts: [], effects: [] }, now) });

/** A replay takes nothing from outside. */
export const refusing: Pick<EventLog, 'publish'> = {
  publish: () =>
    Promise.reject(new StorageUnavailable('not_writable', 'this instance replays and takes nothing')),
};

const FOUND: NamedSql = {
  name: 'replay-found',
  text: `SELECT (SELECT since FROM replay WHERE consumer = $1) AS since,
                EXISTS (SELECT FROM owner WHERE consumer = $1 AND epoch > 0) AS lived`,
};
const BEGIN: NamedSql = {
  name: 'replay-begin',
  text: 'INSERT INTO replay (consumer, since) VALUES ($1, $2) ON CONFLICT DO NOTHING',
};
