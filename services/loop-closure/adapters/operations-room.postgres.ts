import { PostgresDeadLetters } from '../../platform/database/dead-letters.postgres.ts';
import type { NamedSql, Postgres } from '../../platform/database/postgres.ts';
import { countTimers, earliestTimers } from '../../platform/database/timers.postgres.ts';
import { balance, EMBEDDED_ERA } from '../../platform/distributed/ledger-sums.postgres.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { QueueStanding, StageStanding, SystemStanding } from '../domain/operations.ts';
import { lettersStanding } from '../letters-standing.ts';
import type { OperationsRoom, RuleKeeper } from '../ports.ts';

export interface OperationsRoomDeps {
  readonly postgres: Postgres;
  readonly notReady: () => string | undefined;
  readonly clock: Clock;
  readonly version: string;
  /** Absent where nobody has said how to reach action-management. */
  readonly ruleKeeper?: RuleKeeper | undefined;
}

/** Timers that a page shows; more is for a shell. */
const SHOWN_TIMERS = 15;

/**
 * How all services are doing, as far as their database knows: timers, outboxes, dead letters, what each stage has finished
 * with. Whether another service is ready, and the age of what waits in Kafka, its own `/readyz` and `/metrics` say. Silences
 * and rules are action-management's, which is asked.
 */
export const createPostgresOperationsRoom = (deps: OperationsRoomDeps): OperationsRoom => ({
  standing: () => standingOf(deps),
  deadLetters: new PostgresDeadLetters(deps.postgres),
  ...(deps.ruleKeeper === undefined ? {} : { endSilence: deps.ruleKeeper.endSilence }),
});

async function standingOf({
  postgres,
  notReady,
  clock,
  version,
  ruleKeeper,
}: OperationsRoomDeps): Promise<SystemStanding> {
  const reason = notReady();
  const kept = ruleKeeper?.standing();
  return {
    version,
    ...(reason === undefined ? {} : { notReady: reason }),
    stages: await stagesOf(postgres),
    timers: {
      ...(await countTimers(postgres, clock.now())),
      earliest: await earliestTimers(postgres, SHOWN_TIMERS),
    },
    queues: await queuesOf(postgres),
    letters: await lettersStanding(new PostgresDeadLetters(postgres)),
    ...(await kept),
  };
}

/** What waits for a service waits for each of its stages that read the topic. */
async function stagesOf(postgres: Postgres): Promise<readonly StageStanding[]> {
  const { waits } = await balance(postgres);
  const rows = await postgres.query<StageRow>(STAGES, [EMBEDDED_ERA]);
  return rows.map(({ consumer, stage, topics, handled, skipped, set_aside }) => ({
    name: stage,
    reads: topics,
    handled: Number(handled),
    skipped: Number(skipped),
    setAside: Number(set_aside),
    waiting: waits
      .filter(({ service, topic }) => service === consumer && topics.includes(topic))
      .reduce((total, { waiting }) => total + waiting, 0),
  }));
}

async function queuesOf(postgres: Postgres): Promise<readonly QueueStanding[]> {
  const messages = await postgres.query<QueueRow>(MESSAGES, []);
  const facts = await postgres.query<QueueRow>(FACTS, []);
  return [
    ...messages.map(toQueue),
    ...facts.map((row) => ({ ...toQueue(row), name: `facts of ${row.name}, to Kafka` })),
  ];
}

interface StageRow {
  readonly consumer: string;
  readonly stage: string;
  readonly topics: readonly string[];
  readonly handled: string;
  readonly skipped: string;
  readonly set_aside: string;
}

interface QueueRow {
  readonly name: string;
  readonly waiting: string;
  readonly since: string;
}

const toQueue = ({ name, waiting, since }: QueueRow): QueueStanding => ({
  name,
  waiting: Number(waiting),
  oldestSince: Number(since),
});

/** What was counted before the installation was moved here is not of these services. */
const STAGES: NamedSql = {
  name: 'operations-stages',
  text: `SELECT consumer, stage, array_agg(DISTINCT topic::text) AS topics,
           coalesce(sum(count) FILTER (WHERE outcome = 'handled'), 0) AS handled,
           coalesce(sum(count) FILTER (WHERE outcome = 'skipped'), 0) AS skipped,
           coalesce(sum(count) FILTER (WHERE outcome = 'deadLetter'), 0) AS set_aside
         FROM ledger
         WHERE outcome IN ('handled', 'skipped', 'deadLetter') AND stage NOT IN ('log', 'gateway') AND consumer <> $1
         GROUP BY consumer, stage ORDER BY consumer, stage`,
};

const MESSAGES: NamedSql = {
  name: 'operations-messages',
  text: `SELECT queue AS name, count(*) AS waiting, min(coalesce(since, due_at)) AS since
         FROM effect GROUP BY queue ORDER BY queue`,
};

const FACTS: NamedSql = {
  name: 'operations-facts',
  text: 'SELECT consumer AS name, count(*) AS waiting, min(at) AS since FROM outbox GROUP BY consumer ORDER BY consumer',
};
