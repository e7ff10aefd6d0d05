import { TOPICS, type Topic } from '../../contracts/topics.ts';
import { StorageUnavailable } from '../event-log/event-log.ts';
import type { Clock } from '../time/clock.ts';
import type { Emit, KeyedProcess } from './keyed-process.ts';
import { StateCache } from './state-cache.ts';
import {
  type Commit,
  type InputFeed,
  type LedgerEntry,
  type PartitionStore,
  PositionTaken,
} from './state-store.ts';
import type { Topology } from './topology.ts';
import { UnitOfWork } from './unit-of-work.ts';

/** What the runner tells whoever watches it. All of it happens after the commit. */
export interface RunnerObserver {
  onFact?(fact: Emit): void;
  /** One call per pass that did something. */
  onPass?(pass: {
    readonly ledger: readonly LedgerEntry[];
    readonly records: number;
    readonly timers: number;
    readonly seconds: number;
  }): void;
  onTimerFired?(timer: { readonly process: string; readonly name: string; readonly delayMs: number }): void;
  /** A pass that could not be committed; the runner tries again after `retryInMs`. */
  onStorageTrouble?(error: StorageUnavailable, retryInMs: number): void;
}

export interface RunnerOptions {
  readonly topology: Topology;
  readonly store: PartitionStore;
  readonly openFeed: (positions: ReadonlyMap<Topic, number>) => InputFeed;
  readonly clock: Clock;
  readonly observers?: readonly RunnerObserver[];
  /** Records in one transaction. More is faster; fewer leaves the event loop free for requests. */
  readonly batchSize?: number;
  /** Rows kept in memory at the least; see `StateCache`. */
  readonly cachedRows?: number;
}

/** 250 records keep the event loop busy for about ten milliseconds. */
const BATCH_SIZE = 250;
/** Rows of about 1 KiB: at most 200 MB in two generations. */
const CACHED_ROWS = 100_000;
/** How long the runner sleeps at most when nothing wakes it, so that a clock that jumps is noticed. */
const IDLE_MS = 1_000;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 10_000;

/**
 * Drives the keyed processes of one partition: takes a batch of inputs and due timers, folds, commits, repeats.
 *
 * One pass is one transaction. A pass that the store does not take is repeated until it does; a record that
 * makes the commit itself fail is found by narrowing the batch and set aside. Stops for good, by throwing,
 * when somebody else owns the partition.
 */
export class Runner {
  readonly #topology: Topology;
  readonly #store: PartitionStore;
  readonly #clock: Clock;
  readonly #openFeed: RunnerOptions['openFeed'];
  readonly #observers: readonly RunnerObserver[];
  readonly #batchSize: number;
  readonly #cache: StateCache;
  readonly #inputs: readonly Topic[];
  #feed: InputFeed | undefined;
  #positions = new Map<Topic, number>();
  #limit: number;
  #lastScanAt = 0;
  #wake: () => void = () => undefined;
  #woken = false;

  constructor(options: RunnerOptions) {
    this.#topology = options.topology;
    this.#store = options.store;
    this.#clock = options.clock;
    this.#openFeed = options.openFeed;
    this.#observers = options.observers ?? [];
    this.#batchSize = options.batchSize ?? BATCH_SIZE;
    this.#limit = this.#batchSize;
    this.#cache = new StateCache(options.cachedRows ?? CACHED_ROWS);
    this.#inputs = this.#topology.inputsFromLog(
      (topic) => this.#topology.isChained(topic) && !TOPICS[topic].internal,
    );
  }

  /** One pass. Returns how many inputs and timers it handled: 0 means that there is nothing to do now. */
  async pass(): Promise<number> {
    const started = performance.now();
    const feed = await this.#input();
    const now = this.#clock.now();
    this.#lastScanAt = now;
    const records = await feed.take(this.#limit);
    const timers = await this.#store.dueTimers(now, this.#batchSize);
    const redeliveries = await this.#store.redeliveries(this.#batchSize);
    if (records.length === 0 && timers.length === 0 && redeliveries.length === 0) return 0;

    const unit = new UnitOfWork(this.#topology, this.#store, this.#cache, now);
    for (const redelivery of redeliveries) unit.redeliver(redelivery);
    for (const record of records) unit.consume(record);
    for (const timer of timers) unit.fire(timer);
    const positions = this.#moves(records);
    try {
      await this.#store.commit(unit.commit(positions), now);
    } catch (error) {
      feed.seek(this.#positions);
      if (error instanceof StorageUnavailable || error instanceof PositionTaken) throw error;
      return this.#narrow(records, error);
    }
    this.#advance(positions);
    unit.remember();
    this.#limit = Math.min(this.#batchSize, this.#limit * 2);
    this.#tell(unit, records.length, timers, now, (performance.now() - started) / 1000);
    return records.length + timers.length + redeliveries.length;
  }

  /** Passes until nothing is left to do at the clock's present time. */
  async drain(): Promise<number> {
    let total = 0;
    for (;;) {
      const done = await this.pass();
      if (done === 0) return total;
      total += done;
    }
  }

  /** Passes until `stop` is aborted; sleeps while there is nothing to do. */
  async run(stop: AbortSignal): Promise<void> {
    let retryInMs = FIRST_RETRY_MS;
    while (!stop.aborted) {
      try {
        const done = await this.pass();
        retryInMs = FIRST_RETRY_MS;
        if (done === 0) await this.#sleep(stop, await this.#idleFor());
        else await new Promise((resume) => setImmediate(resume));
      } catch (error) {
        if (!(error instanceof StorageUnavailable)) throw error;
        for (const observer of this.#observers) observer.onStorageTrouble?.(error, retryInMs);
        await this.#sleep(stop, retryInMs);
        retryInMs = Math.min(LAST_RETRY_MS, retryInMs * 2);
      }
    }
  }

  /** Says that there may be something to do. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  processes(): readonly KeyedProcess<unknown>[] {
    return this.#topology.processes();
  }

  isChained(topic: Topic): boolean {
    return this.#topology.isChained(topic);
  }

  /** When due timers were last looked for, epoch ms; 0 before the first time. */
  get lastScanAt(): number {
    return this.#lastScanAt;
  }

  /** The topics that this runner reads from the log, with how far it has come. */
  async progress(): Promise<ReadonlyMap<Topic, number>> {
    await this.#input();
    return this.#positions;
  }

  async #input(): Promise<InputFeed> {
    if (this.#feed === undefined) {
      this.#positions = new Map(await this.#store.positions(this.#inputs));
      this.#feed = this.#openFeed(this.#positions);
    }
    return this.#feed;
  }

  #moves(records: readonly { readonly topic: Topic; readonly offset: number }[]): Commit['positions'] {
    const next = new Map<Topic, number>();
    for (const record of records) next.set(record.topic, record.offset + 1);
    return [...next].map(([topic, position]) => ({
      topic,
      expected: this.#positions.get(topic) ?? 0,
      next: position,
    }));
  }

  #advance(moves: Commit['positions']): void {
    for (const { topic, next } of moves) this.#positions.set(topic, next);
  }

  /** A commit failed for what is in it: try half as much, and set a single culprit aside. */
  async #narrow(records: Awaited<ReturnType<InputFeed['take']>>, error: unknown): Promise<number> {
    const [culprit] = records;
    if (culprit === undefined) throw error;
    if (records.length > 1) {
      this.#limit = Math.max(1, Math.floor(records.length / 2));
      return this.pass();
    }
    const now = this.#clock.now();
    const unit = new UnitOfWork(this.#topology, this.#store, this.#cache, now);
    unit.park(culprit, error);
    const positions = this.#moves(records);
    await this.#store.commit(unit.commit(positions), now);
    this.#feed?.seek(new Map(positions.map(({ topic, next }) => [topic, next])));
    this.#advance(positions);
    this.#tell(unit, 1, [], now, 0);
    return 1;
  }

  #tell(
    unit: UnitOfWork,
    records: number,
    timers: readonly { readonly process: string; readonly name: string; readonly dueAt: number }[],
    now: number,
    seconds: number,
  ): void {
    for (const observer of this.#observers) {
      if (observer.onFact !== undefined) for (const fact of unit.facts) observer.onFact(fact);
      observer.onPass?.({ ledger: unit.ledger(), records, timers: timers.length, seconds });
      for (const timer of timers) {
        observer.onTimerFired?.({ process: timer.process, name: timer.name, delayMs: now - timer.dueAt });
      }
    }
  }

  async #idleFor(): Promise<number> {
    const next = await this.#store.nextTimerAt();
    return next === undefined ? IDLE_MS : Math.min(IDLE_MS, Math.max(1, next - this.#clock.now()));
  }

  async #sleep(stop: AbortSignal, ms: number): Promise<void> {
    if (this.#woken || stop.aborted) {
      this.#woken = false;
      return;
    }
    await new Promise<void>((resume) => {
      const timeout = setTimeout(resume, ms);
      this.#wake = () => {
        clearTimeout(timeout);
        resume();
      };
      stop.addEventListener('abort', this.#wake, { once: true });
    });
    stop.removeEventListener('abort', this.#wake);
    this.#wake = () => undefined;
    this.#woken = false;
  }
}
