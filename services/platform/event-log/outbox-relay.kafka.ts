import type { NamedSql, Postgres } from '../database/postgres.ts';
import type { Logger } from '../logging/logger.ts';
import { crashPoint } from '../process/crash-point.ts';
import { pause, Rest } from '../time/rest.ts';
import { StorageUnavailable } from './event-log.ts';
import type { OutboxRow, OutboxSender } from './outbox-sender.ts';

export interface OutboxRelayOptions {
  readonly postgres: Postgres;
  readonly sender: OutboxSender;
  readonly consumer: string;
  readonly partition: number;
  readonly log: Logger;
  /** Told of every try that Kafka did not take. */
  readonly onProduceError?: () => void;
}

/**
 * Brings the outbox of one partition to the log, in the order in which it was filled.
 *
 * At least once: what it had sent when it died is sent again, under the same number, and recognised by that. So
 * two relays of one partition, while it changes its owner, do no harm. One send at a time.
 */
export class OutboxRelay {
  readonly #options: OutboxRelayOptions;
  #after = 0;
  #offered: OutboxRow[] = [];
  #offeredFacts = 0;
  readonly #rest = new Rest();

  constructor(options: OutboxRelayOptions) {
    this.#options = options;
  }

  /** Sends until `stop`; sleeps while there is nothing to send. */
  async run(stop: AbortSignal): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!stop.aborted) {
      try {
        this.#rest.beforeLook();
        const sent = await this.step();
        pauseMs = FIRST_PAUSE_MS;
        if (sent === 0) await this.#rest.untilWoken(LOOK_EVERY_MS, stop);
      } catch (error) {
        this.#trouble(error);
        await pause(pauseMs, stop);
        pauseMs = Math.min(LAST_PAUSE_MS, pauseMs * 2);
      }
    }
  }

  /** Says that there may be something to send. */
  wake(): void {
    this.#rest.wake();
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
    this.#offeredFacts += row.count;
    // Kafka does not take them: they are in the database.
    if (this.#offeredFacts > OFFERED_AT_MOST) this.#forgetOffered();
  }

  /** Sends one batch; answers how many records it held. */
  async step(): Promise<number> {
    const { postgres, sender, consumer, partition } = this.#options;
    const rows = together(this.#takeOffered() ?? (await this.#stored()));
    const last = rows.at(-1);
    if (last === undefined) return 0;
    await sender.send(`${consumer}/${partition}`, rows);
    crashPoint('cp1');
    await postgres.query(SQL.forget, [consumer, partition, last.sequence]);
    this.#after = last.sequence + last.count - 1;
    return rows.reduce((sum, { count }) => sum + count, 0);
  }

  /** What follows on what was sent, if it is here. It stays until it was sent: a try may fail. */
  #takeOffered(): readonly OutboxRow[] | undefined {
    const known = this.#offered.findIndex(({ sequence }) => sequence > this.#after);
    if (known === -1) {
      this.#forgetOffered();
      return undefined;
    }
    for (const { count } of this.#offered.splice(0, known)) this.#offeredFacts -= count;
    let next = this.#after + 1;
    const gap = this.#offered.findIndex(({ sequence, count }) => {
      const follows = sequence === next;
      next += count;
      return !follows;
    });
    if (gap === 0) return undefined;
    // A copy: more may be offered while these are on their way.
    return this.#offered.slice(0, gap === -1 ? undefined : gap);
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
    return rows.map(({ sequence, count, facts, payload, at }) => ({
      sequence: Number(sequence),
      count,
      facts,
      payload,
      at: Number(at),
    }));
  }

  #trouble(error: unknown): void {
    const { log, consumer, partition, onProduceError } = this.#options;
    if (!(error instanceof StorageUnavailable)) onProduceError?.();
    const message = error instanceof Error ? error.message : String(error);
    log.warn({ consumer, partition, error: message }, 'the outbox could not be sent; trying again');
  }
}

/** About half a megabyte; one row may hold more. */
const RECORDS_TOGETHER = 1_000;
const ROWS_TOGETHER = 50;
/** Facts of about 1 KiB, per partition. */
const OFFERED_AT_MOST = 10_000;
/** Other instances publish into this outbox, too, and cannot wake us. */
const LOOK_EVERY_MS = 100;
const FIRST_PAUSE_MS = 200;
const LAST_PAUSE_MS = 5_000;

/** The first rows, until they hold enough. */
function together(rows: readonly OutboxRow[]): readonly OutboxRow[] {
  let records = 0;
  const enough = rows.findIndex(({ count }) => {
    records += count;
    return records >= RECORDS_TOGETHER;
  });
  return enough === -1 ? rows : rows.slice(0, enough + 1);
}

interface Stored {
  readonly sequence: string;
  readonly count: number;
  readonly facts: string;
  readonly payload: Buffer | null;
  readonly at: string;
}

const SQL = {
  next: {
    name: 'next-outbox',
    // Only what one step sends: the rows behind it would be read again with the next one.
    text: `SELECT sequence, count, facts, payload, at FROM (
             SELECT sequence, count, facts, payload, at, sum(count) OVER (ORDER BY sequence) - count AS before_it
             FROM outbox WHERE consumer = $1 AND partition = $2 AND sequence > $3 ORDER BY sequence LIMIT $4
           ) AS next WHERE before_it < $5 ORDER BY sequence`,
  },
  forget: {
    name: 'forget-outbox',
    text: 'DELETE FROM outbox WHERE consumer = $1 AND partition = $2 AND sequence <= $3',
  },
} satisfies Record<string, NamedSql>;
