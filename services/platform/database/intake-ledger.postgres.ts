import type { NamedSql, Postgres } from './postgres.ts';

/**
 * Counts what belongs to no transaction, such as requests that were refused; written once a second, so a crash
 * loses the counts of the last one.
 */
export class IntakeLedger {
  readonly #postgres: Postgres;
  readonly #consumer: string;
  #waiting = new Map<string, { s: string; t: string; o: string; r: string; c: number }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(postgres: Postgres, consumer: string) {
    this.#postgres = postgres;
    this.#consumer = consumer;
  }

  add(stage: string, topic: string, outcome: string, reason: string, count: number): void {
    const key = `${stage}\0${topic}\0${outcome}\0${reason}`;
    const entry = this.#waiting.get(key);
    if (entry === undefined) this.#waiting.set(key, { s: stage, t: topic, o: outcome, r: reason, c: count });
    else entry.c += count;
    // A second that nothing waits for must not keep the process alive.
    this.#timer ??= setTimeout(() => void this.write().catch(() => undefined), WRITE_EVERY_MS).unref();
  }

  async write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.size === 0) return;
    const entries = this.#waiting;
    this.#waiting = new Map();
    try {
      await this.#postgres.query(ADD, [this.#consumer, JSON.stringify([...entries.values()])]);
    } catch (error) {
      for (const { s, t, o, r, c } of entries.values()) this.add(s, t, o, r, c);
      throw error;
    }
  }
}

const WRITE_EVERY_MS = 1_000;

const ADD: NamedSql = {
  name: 'add-to-ledger',
  text: `INSERT INTO ledger (consumer, partition, stage, topic, outcome, reason, count)
         SELECT $1, -1, s, t, o, r, c
         FROM json_to_recordset($2::text::json) AS l (s text, t text, o text, r text, c bigint) ORDER BY s, t, o, r
         ON CONFLICT (consumer, partition, stage, topic, outcome, reason)
           DO UPDATE SET count = ledger.count + excluded.count`,
};
