import type { NamedSql, Postgres } from '../database/postgres.ts';
import { restored } from '../database/storable-text.ts';
import { partitionOf } from '../event-log/partition-of.ts';
import type { KeySpace } from '../keyed-process/keyed-process.ts';
import type { StateRow } from '../keyed-process/state-store.ts';
import type { Logger } from '../logging/logger.ts';
import { describeError } from '../process/run-process.ts';

/** Somebody whose figures are about what is stored: they are right from the start, for the partitions of this instance. */
export interface StateWatcher {
  readonly keySpace: KeySpace;
  /** States whose JSON has this text in it are of no interest. */
  readonly without: string;
  /** What is stored is about to be told. What came of it meanwhile may have been told before, as facts. */
  begun(): void;
  found(row: StateRow): void;
  /** All of it has been told. */
  complete(): void;
  /** Keys that are somebody else's from now on. */
  lost(isLost: (key: string) => boolean): void;
}

export interface OwnedStatesOptions {
  readonly postgres: Pick<Postgres, 'query'>;
  readonly consumer: string;
  readonly partitions: number;
  readonly watcher: StateWatcher;
  readonly log: Logger;
  /** Default: `RETRY_MS`. */
  readonly retryMs?: number;
}

/**
 * Tells a watcher what is stored of the partitions that this instance takes, beside the work and a page at a time. Those that
 * come together are read in one go; what cannot be read now is read later.
 */
export class OwnedStates {
  readonly #options: OwnedStatesOptions;
  readonly #owned = new Set<number>();
  #wanted = new Set<number>();
  #reading: Promise<void> | undefined;

  constructor(options: OwnedStatesOptions) {
    this.#options = options;
  }

  taken(partition: number): void {
    this.#owned.add(partition);
    this.#wanted.add(partition);
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
    });
  }

  lost(partition: number): void {
    this.#owned.delete(partition);
    this.#wanted.delete(partition);
    this.#options.watcher.lost((key) => this.#partitionOf(key) === partition);
  }

  async #readAll(): Promise<void> {
    const { watcher, log, retryMs = RETRY_MS } = this.#options;
    watcher.begun();
    // Those that are assigned together are opened one after the other.
    await rest(retryMs / 10);
    while (this.#wanted.size > 0) {
      const now = this.#wanted;
      this.#wanted = new Set();
      try {
        await this.#read(now);
      } catch (error) {
        log.warn({ error: describeError(error).split('\n')[0] }, 'gauges are not complete yet');
        for (const partition of now) if (this.#owned.has(partition)) this.#wanted.add(partition);
        await rest(retryMs);
      }
    }
    watcher.complete();
  }

  async #read(partitions: ReadonlySet<number>): Promise<void> {
    const { postgres, consumer, watcher } = this.#options;
    for (let after = ''; ; ) {
      const values = [consumer, watcher.keySpace, after, watcher.without, PAGE];
      const page = await postgres.query<{ key: string; body: string }>(STATES, values);
      for (const { key, body } of page) {
        const partition = this.#partitionOf(restored(key));
        // A commit is the only writer of the column, and writes a row.
        if (partitions.has(partition) && this.#owned.has(partition))
          watcher.found(JSON.parse(body) as StateRow);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      after = last.key;
    }
  }

  #partitionOf(key: string): number {
    return partitionOf(key, this.#options.partitions);
  }
}

const RETRY_MS = 5_000;
/** A few milliseconds of reading JSON. */
const PAGE = 500;

const rest = (ms: number): Promise<void> => new Promise((resume) => setTimeout(resume, ms).unref());

const STATES: NamedSql = {
  name: 'owned-states',
  text: `SELECT key, body FROM state
         WHERE consumer = $1 AND key_space = $2 AND key > $3 AND position($4 in body) = 0 ORDER BY key LIMIT $5`,
};
