import type { Topic } from '../../contracts/topics.ts';
import { NotEncodable } from '../codec/avro-writer.ts';
import type { NamedSql, Postgres } from '../database/postgres.ts';
import { storable } from '../database/storable-text.ts';
import type { Emit } from '../keyed-process/keyed-process.ts';
import { crashPoint } from '../process/crash-point.ts';
import type { Clock } from '../time/clock.ts';
import { activeTrace, type TraceContext } from '../tracing/tracing.ts';
import { type Publishable, type PublishResult, StorageUnavailable } from './event-log.ts';
import type { EncodeFact } from './outbox-row.postgres.ts';
import { partitionOf } from './partition-of.ts';
import { seenId } from './seen-id.ts';

export interface OutboxPublisherOptions {
  readonly postgres: Postgres;
  /** The service in whose outbox the records wait for their relay. */
  readonly consumer: string;
  readonly partitions: number;
  readonly encode: EncodeFact;
  readonly clock: Clock;
  /** Called after records were stored, so that the relay wakes up. */
  readonly stored: () => void;
}

/**
 * Publishing from outside a keyed process: the gateway and commands.
 *
 * What it reports as accepted is in the outbox, with its id remembered, in one transaction; the relay of the
 * partition brings it to the log, in order. So a record is taken while Kafka is down, and a repeat is known
 * as one although Kafka could not tell. Publishes that wait at the same time share a transaction.
 */
export class OutboxPublisher {
  readonly #options: OutboxPublisherOptions;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  #closed = false;

  constructor(options: OutboxPublisherOptions) {
    this.#options = options;
  }

  async publish<T extends Topic>(
    topic: T,
    records: readonly Publishable<T>[],
  ): Promise<readonly PublishResult[]> {
    if (this.#closed) throw new StorageUnavailable('closed', 'the log is closed');
    // Encoded at once: a value that its schema does not allow fails its own publish and nobody else's.
    const rows = records.map(({ id, key, value }) => this.#rowOf({ topic, key, value } as Emit, id));
    if (rows.length === 0) return [];
    return new Promise((resolve, reject) => {
      this.#waiting.push({ rows, resolve, reject });
      this.#flushing ??= this.#flushAll();
    });
  }

  /** What waits is still stored; what comes later is refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#flushing;
  }

  #rowOf(fact: Emit, id: string): Row {
    const { partitions, encode } = this.#options;
    const payload = encodeWellFormed(fact, encode).toString('base64');
    const home = partitionOf(fact.key, partitions);
    const trace = activeTrace();
    return {
      ...(trace === undefined ? {} : { c: trace }),
      t: fact.topic,
      s: storable(seenId(id)),
      h: home,
      k: storable(fact.key),
      i: storable(id),
      p: payload,
    };
  }

  async #flushAll(): Promise<void> {
    // A turn of the event loop lets those that came together wait together.
    await new Promise((resume) => setImmediate(resume));
    while (this.#waiting.length > 0) {
      const together = takeTogether(this.#waiting);
      try {
        const rows = together.flatMap((one) => one.rows);
        const fresh = await this.#store(rows);
        crashPoint('cp1');
        if (rows.some(({ t }) => t === 'alert-commands')) crashPoint('cp10');
        let at = 0;
        for (const { rows: own, resolve } of together) {
          resolve(own.map((_, index) => (fresh.has(at + index) ? 'accepted' : 'repeated')));
          at += own.length;
        }
        this.#options.stored();
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
    this.#flushing = undefined;
  }

  /** Places of the rows that were not known before. */
  async #store(rows: readonly Row[]): Promise<ReadonlySet<number>> {
    const { postgres, consumer, clock } = this.#options;
    const first = new Map<string, { row: Row; n: number }>();
    const totals: Record<string, number> = {};
    for (const [n, row] of rows.entries()) {
      const id = `${row.t} ${row.s}`;
      if (!first.has(id)) first.set(id, { row, n });
      totals[row.t] = (totals[row.t] ?? 0) + 1;
    }
    const offered = [...first.values()].map(({ row, n }) => ({ ...row, n }));
    const counts = Object.entries(totals).map(([t, c]) => ({ t, c }));
    const values = [consumer, clock.now(), JSON.stringify(offered), JSON.stringify(counts)];
    const stored = await postgres.query<{ n: number }>(PUBLISH, values);
    return new Set(stored.map(({ n }) => Number(n)));
  }
}

/** Largest transaction: about ten milliseconds. */
const RECORDS_TOGETHER = 1_000;

function takeTogether(waiting: Waiting[]): Waiting[] {
  let records = 0;
  const taken = waiting.findIndex(({ rows }, index) => {
    records += rows.length;
    return index > 0 && records > RECORDS_TOGETHER;
  });
  return waiting.splice(0, taken === -1 ? waiting.length : taken);
}

/** Avro holds UTF-8: halves of surrogate pairs, which JSON lets through, become the replacement character. */
function encodeWellFormed(fact: Emit, encode: EncodeFact): Buffer {
  try {
    return encode(fact);
  } catch (error) {
    if (!(error instanceof NotEncodable) || !error.complaint.includes('well-formed')) throw error;
    return encode({ ...fact, value: wellFormed(fact.value) } as Emit);
  }
}

function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key.toWellFormed(), wellFormed(inner)]),
  );
}

interface Row {
  readonly t: Topic;
  /** The id in the form in which it is remembered. */
  readonly s: string;
  readonly h: number;
  readonly k: string;
  readonly i: string;
  readonly p: string;
  readonly c?: TraceContext;
}

interface Waiting {
  readonly rows: readonly Row[];
  readonly resolve: (results: readonly PublishResult[]) => void;
  readonly reject: (error: unknown) => void;
}

const PUBLISH: NamedSql = {
  name: 'publish',
  // Ids are inserted in one order by everybody, so two publishers that have the same ones do not deadlock.
  text: `
    WITH offered AS (
      SELECT * FROM json_to_recordset($3::text::json)
        AS o (n integer, t text, s text, h integer, k text, i text, p text, c text)
    ), fresh AS (
      INSERT INTO log_seen (topic, id, at) SELECT t, s, $2 FROM offered ORDER BY t, s
      ON CONFLICT DO NOTHING RETURNING topic, id
    ), taken AS (
      SELECT offered.* FROM offered JOIN fresh ON fresh.topic = t AND fresh.id = s
    ), batch AS (
      SELECT h, count(*) AS c,
             json_agg(json_strip_nulls(json_build_object('t', t, 'k', k, 'i', i, 'p', p, 'c', c)) ORDER BY n)::text AS facts
      FROM taken GROUP BY h
    ), place AS (
      UPDATE owner SET next_sequence = next_sequence + batch.c FROM batch
      WHERE owner.consumer = $1 AND owner.partition = batch.h
      RETURNING owner.partition, next_sequence - batch.c AS first
    ), put_out AS (
      INSERT INTO outbox (consumer, partition, sequence, count, facts, at)
      SELECT $1, h, place.first, c, facts, $2 FROM batch JOIN place ON place.partition = h
    ), sums AS (
      SELECT totals.t, totals.c AS all_of_them, (SELECT count(*) FROM taken WHERE taken.t = totals.t) AS accepted
      FROM json_to_recordset($4::text::json) AS totals (t text, c bigint)
    ), counted AS (
      INSERT INTO ledger (consumer, partition, stage, topic, outcome, reason, count)
      SELECT $1, -1, 'log', t, outcome, '', count FROM (
        SELECT t, 'accepted' AS outcome, accepted AS count FROM sums
        UNION ALL SELECT t, 'repeated', all_of_them - accepted FROM sums
      ) AS entries WHERE count > 0 ORDER BY t, outcome
      ON CONFLICT (consumer, partition, stage, topic, outcome, reason)
        DO UPDATE SET count = ledger.count + excluded.count
    )
    SELECT n FROM taken`,
};
