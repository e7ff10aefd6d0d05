import kafkajs, { type Message, type Producer } from 'kafkajs';
import { isTopic } from '../../contracts/topics.ts';
import type { NamedSql, Postgres } from '../database/postgres.ts';
import type { Logger } from '../logging/logger.ts';
import { crashPoint } from '../process/crash-point.ts';
import { TRACE_HEADER } from '../tracing/tracing.ts';
import { StorageUnavailable } from './event-log.ts';
import { type OutboxFact, readFacts } from './outbox-row.postgres.ts';
import type { TopicNames } from './topic-names.ts';

/** Headers of every record that a relay has written; `traceparent` only where it belongs to a trace. */
export const HEADERS = { id: 'id', origin: 'origin', sequence: 'sequence', trace: TRACE_HEADER } as const;

export interface OutboxRelayOptions {
  readonly postgres: Postgres;
  readonly producer: Producer;
  readonly consumer: string;
  readonly partition: number;
  readonly names: TopicNames;
  readonly log: Logger;
  /** Told of every try that Kafka did not take. */
  readonly onProduceError?: () => void;
}

/**
 * Brings the outbox of one partition to the log, in the order in which it was filled.
 *
 * At least once: what it had sent when it died is sent again, under the same number, and recognised by that. So
 * two relays of one partition, while it changes its owner, do no harm. One send at a time, or the client's own
 * repeats could change the order.
 */
export class OutboxRelay {
  readonly #options: OutboxRelayOptions;
  #after = 0;
  #offered: OutboxRow[] = [];
  #offeredFacts = 0;
  #woken = false;
  #wake: () => void = nothing;

  constructor(options: OutboxRelayOptions) {
    this.#options = options;
  }

  /** Sends until `stop`; sleeps while there is nothing to send. */
  async run(stop: AbortSignal): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!stop.aborted) {
      try {
        this.#woken = false;
        const sent = await this.step();
        pauseMs = FIRST_PAUSE_MS;
        if (sent === 0 && !this.#woken) await this.#sleep(stop, LOOK_EVERY_MS, true);
      } catch (error) {
        this.#trouble(error);
        await this.#sleep(stop, pauseMs, false);
        pauseMs = Math.min(LAST_PAUSE_MS, pauseMs * 2);
      }
    }
  }

  /** Says that there may be something to send. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** Sends until nothing is left. */
  async drain(): Promise<void> {
    while ((await this.step()) > 0);
  }

  /**
   * Facts that a transaction here has just put into the outbox. While they follow one another without a gap they need
   * not be read again; whatever others have put in between is found there.
   */
  offer(row: OutboxRow): void {
    this.#offered.push(row);
    this.#offeredFacts += row.facts.length;
    // Kafka does not take them: they are in the database.
    if (this.#offeredFacts > OFFERED_AT_MOST) this.#forgetOffered();
  }

  /** Sends one batch; answers how many records it held. */
  async step(): Promise<number> {
    const { postgres, producer, consumer, partition, names } = this.#options;
    const rows = together(this.#takeOffered() ?? (await this.#stored()));
    const last = rows.at(-1);
    if (last === undefined) return 0;
    for (const some of parts(placed(rows))) {
      await producer.sendBatch({
        acks: -1,
        compression: kafkajs.CompressionTypes.ZSTD,
        topicMessages: byTopic(some, `${consumer}/${partition}`, names),
      });
    }
    crashPoint('cp1');
    await postgres.query(SQL.forget, [consumer, partition, last.sequence]);
    this.#after = last.sequence + last.facts.length - 1;
    return rows.reduce((sum, { facts }) => sum + facts.length, 0);
  }

  /** What follows on what was sent, if it is here. It stays until it was sent: a try may fail. */
  #takeOffered(): readonly OutboxRow[] | undefined {
    const known = this.#offered.findIndex(({ sequence }) => sequence > this.#after);
    if (known === -1) {
      this.#forgetOffered();
      return undefined;
    }
    for (const { facts } of this.#offered.splice(0, known)) this.#offeredFacts -= facts.length;
    let next = this.#after + 1;
    const gap = this.#offered.findIndex(({ sequence, facts }) => {
      const follows = sequence === next;
      next += facts.length;
      return !follows;
    });
    if (gap === 0) return undefined;
    return gap === -1 ? this.#offered : this.#offered.slice(0, gap);
  }

  #forgetOffered(): void {
    this.#offered = [];
    this.#offeredFacts = 0;
  }

  async #stored(): Promise<readonly OutboxRow[]> {
    const { postgres, consumer, partition } = this.#options;
    const rows = await postgres.query<Stored>(SQL.next, [
      consumer,
      partition,
      this.#after,
      ROWS_TOGETHER,
      RECORDS_TOGETHER,
    ]);
    return rows.map(({ sequence, facts, payload, at }) => ({
      sequence: Number(sequence),
      facts: readFacts(facts, payload),
      at: Number(at),
    }));
  }

  #trouble(error: unknown): void {
    const { log, consumer, partition, onProduceError } = this.#options;
    if (!(error instanceof StorageUnavailable)) onProduceError?.();
    const message = error instanceof Error ? error.message : String(error);
    log.warn({ consumer, partition, error: message }, 'the outbox could not be sent; trying again');
  }

  async #sleep(stop: AbortSignal, ms: number, wakeable: boolean): Promise<void> {
    if (stop.aborted) return;
    await new Promise<void>((resume) => {
      const done = (): void => {
        clearTimeout(timeout);
        stop.removeEventListener('abort', done);
        resume();
      };
      const timeout = setTimeout(done, ms);
      stop.addEventListener('abort', done);
      if (wakeable) this.#wake = done;
    });
    this.#wake = nothing;
  }
}

/** About half a megabyte; one row may hold more. */
const RECORDS_TOGETHER = 1_000;
const ROWS_TOGETHER = 50;
/** kafkajs copies the list of a partition's records for each record that it adds. */
const RECORDS_IN_REQUEST = 250;
/** Facts of about 1 KiB, per partition. */
const OFFERED_AT_MOST = 10_000;
/** Other instances publish into this outbox, too, and cannot wake us. */
const LOOK_EVERY_MS = 100;
const FIRST_PAUSE_MS = 200;
const LAST_PAUSE_MS = 5_000;

const nothing = (): void => undefined;

/** The first rows, until they hold enough. */
function together(rows: readonly OutboxRow[]): readonly OutboxRow[] {
  let records = 0;
  const enough = rows.findIndex(({ facts }) => {
    records += facts.length;
    return records >= RECORDS_TOGETHER;
  });
  return enough === -1 ? rows : rows.slice(0, enough + 1);
}

/** A fact with its number and the instant at which it was put out. */
interface Placed {
  readonly fact: OutboxFact;
  readonly sequence: number;
  readonly at: number;
}

const placed = (rows: readonly OutboxRow[]): readonly Placed[] =>
  rows.flatMap(({ sequence, facts, at }) =>
    facts.map((fact, index) => ({ fact, sequence: sequence + index, at })),
  );

function* parts(facts: readonly Placed[]): Iterable<readonly Placed[]> {
  for (let from = 0; from < facts.length; from += RECORDS_IN_REQUEST)
    yield facts.slice(from, from + RECORDS_IN_REQUEST);
}

function byTopic(
  facts: readonly Placed[],
  origin: string,
  names: TopicNames,
): { topic: string; messages: Message[] }[] {
  const topics = new Map<string, Message[]>();
  for (const { fact, sequence, at } of facts) {
    if (!isTopic(fact.topic))
      throw new Error(`the outbox holds a topic that this version does not know: ${fact.topic}`);
    const name = names.of(fact.topic);
    const messages = topics.get(name) ?? [];
    if (messages.length === 0) topics.set(name, messages);
    messages.push({
      key: fact.key,
      value: fact.value,
      timestamp: String(at),
      headers: {
        [HEADERS.id]: fact.id,
        [HEADERS.origin]: origin,
        [HEADERS.sequence]: String(sequence),
        ...(fact.trace === undefined ? {} : { [HEADERS.trace]: fact.trace }),
      },
    });
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}

/** Facts of one transaction. */
export interface OutboxRow {
  readonly facts: readonly OutboxFact[];
  /** Number of the first of them. */
  readonly sequence: number;
  /** When they were put out, epoch ms. */
  readonly at: number;
}

interface Stored {
  readonly sequence: string;
  readonly facts: string;
  readonly payload: Buffer | null;
  readonly at: string;
}

const SQL = {
  next: {
    name: 'next-outbox',
    // Only what one step sends: the rows behind it would be read again with the next one.
    text: `SELECT sequence, facts, payload, at FROM (
             SELECT sequence, facts, payload, at, sum(count) OVER (ORDER BY sequence) - count AS before_it
             FROM outbox WHERE consumer = $1 AND partition = $2 AND sequence > $3 ORDER BY sequence LIMIT $4
           ) AS next WHERE before_it < $5 ORDER BY sequence`,
  },
  forget: {
    name: 'forget-outbox',
    text: 'DELETE FROM outbox WHERE consumer = $1 AND partition = $2 AND sequence <= $3',
  },
} satisfies Record<string, NamedSql>;
