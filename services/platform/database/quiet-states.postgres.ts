import { setTimeout } from 'node:timers/promises';
import { StorageUnavailable } from '../event-log/event-log.ts';
import type { KeySpace } from '../keyed-process/keyed-process.ts';
import { type Clock, DAY, MINUTE } from '../time/clock.ts';
import type { NamedSql, Postgres } from './postgres.ts';

/** States of a service that may be forgotten once nothing has been written under their key for long. */
export interface QuietStates {
  readonly consumer: string;
  readonly keySpaces: readonly KeySpace[];
}

/**
 * Forgets the states that were written last before an instant, epoch ms, a page of keys at a time; answers how many. One whose key
 * has a timer is waited for, and stays.
 *
 * Whoever owns the partition is not asked. A state that is written in the same moment is younger and stays; one that an owner still has in
 * memory comes back whole with its next input, as if its turn had not come yet.
 */
export async function forgetQuietStates(
  postgres: Postgres,
  { consumer, keySpaces }: QuietStates,
  tooOld: number,
  stop: AbortSignal,
): Promise<number> {
  let forgotten = 0;
  for (const keySpace of keySpaces) {
    for (let after = ''; !stop.aborted; ) {
      const values = [consumer, keySpace, after, PAGE, tooOld];
      const [page] = await postgres.query<{ last: string | null; gone: number }>(FORGET_PAGE, values);
      forgotten += page?.gone ?? 0;
      if (page === undefined || page.last === null) break;
      after = page.last;
      await setTimeout(REST_MS, undefined, { signal: stop }).catch(() => undefined);
    }
  }
  return forgotten;
}

/**
 * Does so once a day until `stop`, on the one instance for which it is its turn. A database that cannot do it now is asked again
 * ten minutes later.
 */
export async function watchQuietStates(
  postgres: Postgres,
  options: QuietStates & {
    readonly days: number;
    readonly clock: Clock;
    readonly isOurTurn: () => boolean;
    readonly onForgotten: (count: number) => void;
  },
  stop: AbortSignal,
): Promise<void> {
  const { days, clock, isOurTurn, onForgotten } = options;
  let next = 0;
  while (!stop.aborted) {
    await setTimeout(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
    const now = clock.now();
    if (stop.aborted || now < next || !isOurTurn()) continue;
    try {
      const forgotten = await forgetQuietStates(postgres, options, now - days * DAY, stop);
      if (forgotten > 0) onForgotten(forgotten);
      next = now + DAY;
    } catch (error) {
      if (!(error instanceof StorageUnavailable)) throw error;
    }
  }
}

const LOOK_EVERY_MS = 10 * MINUTE;
/** A page is some milliseconds of looking and deleting, and then others have their turn, the vacuum too: fifty million keys take half a day. */
const PAGE = 500;
const REST_MS = 400;

const FORGET_PAGE: NamedSql = {
  name: 'forget-quiet-states',
  text: `
    WITH page AS MATERIALIZED (
      SELECT key, at FROM state WHERE consumer = $1 AND key_space = $2 AND key > $3 ORDER BY key LIMIT $4
    ), quiet AS MATERIALIZED (
      SELECT key FROM page WHERE at < $5
        AND NOT EXISTS (SELECT FROM timer WHERE timer.consumer = $1 AND timer.key = page.key)
    ), gone AS (
      DELETE FROM state USING quiet
      WHERE consumer = $1 AND key_space = $2 AND state.key = quiet.key AND state.at < $5 RETURNING 1
    )
    SELECT (SELECT max(key) FROM page) AS last, (SELECT count(*)::integer FROM gone) AS gone`,
};
