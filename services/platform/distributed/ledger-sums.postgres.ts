import { isTopic, TOPICS } from '../../contracts/topics.ts';
import { PostgresDeadLetters } from '../database/dead-letters.postgres.ts';
import type { DeadLetterStatus } from '../database/dead-letters.ts';
import { ledgerEntries } from '../database/ledger.postgres.ts';
import type { NamedSql, Postgres } from '../database/postgres.ts';
import type { LedgerEntry } from '../keyed-process/state-store.ts';

/** Two sums that must be the same, in words. */
export interface LedgerSum {
  readonly says: string;
  readonly left: number;
  readonly right: number;
  readonly meets: boolean;
}

export interface DistributedLedger {
  readonly entries: readonly LedgerEntry[];
  readonly checks: readonly LedgerSum[];
  /** Inputs that our own services have put out and that were not taken yet; of other producers' it knows nothing. */
  readonly waiting: number;
  readonly deadLetters: Readonly<Record<DeadLetterStatus, number>>;
  readonly meets: boolean;
  /** When the database was last restored, epoch ms: what was put out and what was given is compared no more. */
  readonly restoredAt?: number;
}

/** What a service was put out and has not taken yet, of one topic. */
export interface WaitingFor {
  readonly service: string;
  readonly topic: string;
  readonly waiting: number;
}

/** Consumer under which the ledger of an embedded installation was moved here: an era of its own. */
export const EMBEDDED_ERA = 'embedded';
/** Why services have stepped over records that were moved here with it. */
export const CARRIED_OVER = 'carried_over';

/**
 * Balances the ledger of all services.
 *
 * Each process has finished with what its service was given, which is how far the service's positions have come.
 * And what a service was given of one of our own topics is what was put out to it, repeats of relays included, as
 * far as it has arrived: while records are on their way, the second kind of sum does not meet. Of a database that was
 * restored it is left out: the log holds what was put out in the time that it has forgotten.
 */
export async function balanceLedger(postgres: Postgres): Promise<DistributedLedger> {
  return (await balance(postgres)).ledger;
}

/** The same with what waits for each service; of topics that other producers write nothing is known. */
export async function balance(
  postgres: Postgres,
): Promise<{ readonly ledger: DistributedLedger; readonly waits: readonly WaitingFor[] }> {
  const entries = await ledgerEntries(postgres);
  const given = await postgres.query<Given>(GIVEN, []);
  const finished = await postgres.query<Finished>(FINISHED, []);
  const putOut = new Map(
    (await postgres.query<PutOut>(PUT_OUT, [EMBEDDED_ERA])).map(({ topic, count }) => [topic, Number(count)]),
  );
  // Compaction leaves gaps in the offsets of a topic: whoever reads it later is given fewer records than they say.
  const whole = finished.filter(({ topic }) => !isCompacted(topic));
  const checks = whole.map(({ consumer, stage, topic, finished: done }) => {
    const offset = given.find((one) => one.consumer === consumer && one.topic === topic)?.given ?? 0;
    return sum(`${stage}: given from ${topic} = finished`, Number(offset), Number(done));
  });
  const [home] = await postgres.query<{ restored_at: string | null }>(RESTORED, []);
  const restoredAt = typeof home?.restored_at === 'string' ? Number(home.restored_at) : undefined;
  const waits: WaitingFor[] = [];
  for (const { consumer, topic, given: offset } of given) {
    if (consumer === EMBEDDED_ERA) continue;
    const stages = finished.filter((one) => one.consumer === consumer && one.topic === topic);
    const repeated = Math.max(0, ...stages.map((one) => Number(one.repeated)));
    const foreign = isTopic(topic) && TOPICS[topic].writer === 'anyone';
    const waiting = Math.max(0, (putOut.get(topic) ?? 0) + repeated - Number(offset));
    waits.push({ service: consumer, topic, waiting });
    if (restoredAt !== undefined || foreign) continue;
    const says = `${consumer}: put out to ${topic} = given`;
    checks.push(sum(says, (putOut.get(topic) ?? 0) + repeated, Number(offset)));
  }
  const deadLetters = await new PostgresDeadLetters(postgres).counts();
  const meets = checks.every((one) => one.meets);
  const waiting = waits.reduce((total, one) => total + one.waiting, 0);
  const restored = restoredAt === undefined ? {} : { restoredAt };
  return { ledger: { entries, checks, waiting, deadLetters, meets, ...restored }, waits };
}

const isCompacted = (topic: string): boolean => isTopic(topic) && TOPICS[topic].compacted;

const sum = (says: string, left: number, right: number): LedgerSum => ({
  says,
  left,
  right,
  meets: left === right,
});

interface Given {
  readonly consumer: string;
  readonly topic: string;
  readonly given: string;
}

interface PutOut {
  readonly topic: string;
  readonly count: string;
}

interface Finished {
  readonly consumer: string;
  readonly stage: string;
  readonly topic: string;
  readonly finished: string;
  readonly repeated: string;
}

const RESTORED: NamedSql = { name: 'ledger-restored', text: 'SELECT restored_at FROM home' };

const GIVEN: NamedSql = {
  name: 'ledger-given',
  text: 'SELECT consumer, topic, sum(next_offset) AS given FROM position GROUP BY consumer, topic ORDER BY 1, 2',
};

const PUT_OUT: NamedSql = {
  name: 'ledger-put-out',
  text: `SELECT topic, sum(count) AS count FROM ledger
         WHERE outcome IN ('emitted', 'accepted') AND consumer <> $1 GROUP BY topic`,
};

const FINISHED: NamedSql = {
  name: 'ledger-finished',
  text: `SELECT consumer, stage, topic, sum(count) AS finished,
           sum(count) FILTER (WHERE outcome = 'skipped' AND reason = 'sent_again') AS repeated
         FROM ledger
         WHERE outcome IN ('handled', 'skipped', 'deadLetter') AND topic IN (SELECT topic FROM position)
           AND stage NOT IN ('log', 'gateway')
         GROUP BY consumer, stage, topic ORDER BY 1, 2, 3`,
};
