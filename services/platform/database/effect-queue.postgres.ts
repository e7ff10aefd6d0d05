import { type EncodeFact, outboxFact, storedFacts } from '../event-log/outbox-row.postgres.ts';
import type { Emit } from '../keyed-process/keyed-process.ts';
import type { Traced } from '../keyed-process/state-store.ts';
import type { Clock } from '../time/clock.ts';
import type { ClaimedEffect, EffectQueue, Pending } from './effect-queue.ts';
import type { NamedSql, Postgres } from './postgres.ts';
import { restored, storable } from './storable-text.ts';

export interface PostgresEffectQueueOptions {
  readonly postgres: Postgres;
  readonly consumer: string;
  /** The partitions whose effects this process does: those that it owns. */
  readonly partitions: () => readonly number[];
  readonly encode: EncodeFact;
  readonly clock: Clock;
  /** Called after outcomes were put out, so that the relay wakes up. */
  readonly settled: () => void;
}

/**
 * The effect queue in PostgreSQL.
 *
 * Whoever owns a partition does its effects. After a change of owner the old one's claims run until their lease
 * ends; what it held then comes back as uncertain.
 */
export class PostgresEffectQueue implements EffectQueue {
  readonly #options: PostgresEffectQueueOptions;

  constructor(options: PostgresEffectQueueOptions) {
    this.#options = options;
  }

  async claim(queue: string, now: number, limit: number, leaseMs: number): Promise<readonly ClaimedEffect[]> {
    const { postgres, consumer, partitions } = this.#options;
    const owned = partitions();
    if (owned.length === 0) return [];
    const rows = await postgres.query<ClaimRow>(SQL.claim, [
      consumer,
      [...owned],
      queue,
      now,
      limit,
      now + leaseMs,
    ]);
    return rows.map((row) => claimed(row, queue)).sort(byDueInstant);
  }

  async stillHeld(id: string, now: number): Promise<boolean> {
    const { postgres, consumer } = this.#options;
    return (await postgres.query(SQL.held, [consumer, storable(id), now])).length > 0;
  }

  async settle(id: string, outcome: readonly Traced<Emit>[]): Promise<void> {
    const { postgres, consumer, encode, clock, settled } = this.#options;
    const facts = outcome.map((fact) => outboxFact(fact, encode));
    const stored = storedFacts(facts);
    const values = [consumer, storable(id), facts.length, clock.now(), stored.facts, stored.payload];
    await postgres.query(SQL.settle, values);
    settled();
  }

  async release(id: string, dueAt: number): Promise<void> {
    const { postgres, consumer } = this.#options;
    await postgres.query(SQL.release, [consumer, storable(id), dueAt]);
  }

  async pending(queue: string): Promise<Pending> {
    const { postgres, consumer, partitions } = this.#options;
    const [row] = await postgres.query<PendingRow>(SQL.pending, [consumer, [...partitions()], queue]);
    const count = Number(row?.count ?? 0);
    if (count === 0) return { count };
    return { count, earliestDueAt: Number(row?.earliest), oldestSince: Number(row?.oldest) };
  }
}

interface PendingRow {
  readonly count: string;
  readonly earliest: string | null;
  readonly oldest: string | null;
}

interface ClaimRow {
  readonly id: string;
  readonly due_at: string;
  readonly payload: string;
  readonly claims: number;
  readonly cancelled: boolean;
  readonly trace: string | null;
}

const claimed = (row: ClaimRow, queue: string): ClaimedEffect => ({
  id: restored(row.id),
  queue,
  dueAt: Number(row.due_at),
  payload: JSON.parse(row.payload) as unknown,
  uncertain: row.claims > 1,
  cancelled: row.cancelled,
  ...(row.trace === null ? {} : { trace: row.trace }),
});

const byDueInstant = (one: ClaimedEffect, other: ClaimedEffect): number =>
  one.dueAt - other.dueAt || (one.id < other.id ? -1 : 1);

const sql = (name: string, text: string): NamedSql => ({ name, text });

const SQL = {
  claim: sql(
    'claim-effects',
    `WITH due AS (
       SELECT id FROM effect
       WHERE consumer = $1 AND partition = ANY ($2::integer[]) AND queue = $3 AND due_at <= $4 AND lease_until <= $4
       ORDER BY due_at, id LIMIT $5 FOR UPDATE SKIP LOCKED
     )
     UPDATE effect SET lease_until = $6, claims = claims + 1 FROM due
     WHERE effect.consumer = $1 AND effect.id = due.id
     RETURNING effect.id, effect.due_at, effect.payload, effect.claims, effect.cancelled, effect.trace`,
  ),
  held: sql(
    'held-effect',
    'SELECT 1 FROM effect WHERE consumer = $1 AND id = $2 AND NOT cancelled AND lease_until > $3',
  ),
  // Without the row somebody else has settled it: a second outcome would count the same thing twice.
  settle: sql(
    'settle-effect',
    `WITH gone AS (DELETE FROM effect WHERE consumer = $1 AND id = $2 RETURNING partition),
     place AS (
       UPDATE owner SET next_sequence = next_sequence + $3::bigint FROM gone
       WHERE owner.consumer = $1 AND owner.partition = gone.partition
       RETURNING owner.partition, next_sequence - $3::bigint AS first
     ),
     facts AS (SELECT * FROM json_to_recordset($5::text::json) AS f (t text)),
     put_out AS (
       INSERT INTO outbox (consumer, partition, sequence, count, facts, payload, at)
       SELECT $1, place.partition, place.first, $3::bigint, $5, $6, $4 FROM place WHERE $3::bigint > 0
     )
     INSERT INTO ledger (consumer, partition, stage, topic, outcome, reason, count)
     SELECT $1, place.partition, 'log', t, 'accepted', '', count(*) FROM place, facts GROUP BY place.partition, t
     ON CONFLICT (consumer, partition, stage, topic, outcome, reason)
       DO UPDATE SET count = ledger.count + excluded.count`,
  ),
  // What was cancelled while claimed, and is now known not to have been sent, is nobody's business any more.
  release: sql(
    'release-effect',
    `WITH gone AS (DELETE FROM effect WHERE consumer = $1 AND id = $2 AND cancelled AND claims <= 1)
     UPDATE effect SET lease_until = 0, claims = claims - 1, since = coalesce(since, due_at), due_at = $3
     WHERE consumer = $1 AND id = $2 AND claims > 0 AND NOT (cancelled AND claims <= 1)`,
  ),
  pending: sql(
    'pending-effects',
    `SELECT count(*) AS count, min(due_at) AS earliest, min(coalesce(since, due_at)) AS oldest FROM effect
     WHERE consumer = $1 AND partition = ANY ($2::integer[]) AND queue = $3`,
  ),
} satisfies Record<string, NamedSql>;
