import { setImmediate as nextTurn } from 'node:timers/promises';
import { TOPICS, type Topic } from '../../contracts/topics.ts';
import { StorageUnavailable } from '../event-log/event-log.ts';
import type { Clock } from '../time/clock.ts';
import { pause, Rest } from '../time/rest.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { type BatchSize, fixedBatchSize, learningBatchSize, type Pace } from './batch-size.ts';
import type { Emit, KeyedProcess, KeySpace, TopicRecord } from './keyed-process.ts';
import { PassSpans } from './pass-spans.ts';
import { StateCache } from './state-cache.ts';
import {
  type InputFeed,
  type LedgerEntry,
  type OwnedTimer,
  type PartitionStore,
  type PassedOver,
  PositionTaken,
  type Redelivery,
  type StateKey,
} from './state-store.ts';
import type { Topology } from './topology.ts';
import { UnitOfWork } from './unit-of-work.ts';

/** What the runner tells whoever watches it, in the order of the commits, and of effects once they are on disk. */
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
  /** Records in one transaction. Default: learnt, as many as `pace` has time for. */
  readonly batchSize?: number;
  /** Default: `AT_ONCE`. */
  readonly pace?: Pace;
  /** Rows kept in memory at the least; see `StateCache`. */
  readonly cachedRows?: number;
  /** Default: nothing is traced. */
  readonly tracing?: Tracing | undefined;
}

/**
 * Rows of a few KiB in memory. Garbage collection walks over all of them: with 100,000 it held a busy process for
 * hundreds of milliseconds, while SQLite reads a row again in microseconds.
 */
const CACHED_ROWS = 20_000;
/** How long folding keeps the event loop before requests and messages get their turn. */
const TURN_MS = 10;
/** How long the runner sleeps at most when nothing wakes it, so that a clock that jumps is noticed. */
const IDLE_MS = 1_000;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 10_000;

/**
 * Drives the keyed processes of one partition: takes a batch of inputs and due timers, folds, commits, repeats.
 *
 * One pass is one transaction. A pass that the store cannot take now is repeated until it can. When a pass fails
 * for what is in it, it is committed in halves, those that fail in halves again, and what fails alone is set aside as a
 * dead letter. Stops for good, by throwing, when somebody else owns the partition.
 */
export class Runner {
  readonly #topology: Topology;
  readonly #store: PartitionStore;
  readonly #clock: Clock;
  readonly #openFeed: RunnerOptions['openFeed'];
  readonly #observers: readonly RunnerObserver[];
  readonly #batchSize: BatchSize;
  readonly #cache: StateCache;
  readonly #inputs: readonly Topic[];
  readonly #tracing: Tracing | undefined;
  #feed: InputFeed | undefined;
  #positions = new Map<Topic, number>();
  #turn: Promise<unknown> = Promise.resolve();
  /** Commits of which nobody has been told yet, and the end of telling them. */
  #untold = 0;
  #telling: Promise<void> = Promise.resolve();
  #lastScanAt = 0;
  readonly #rest = new Rest();

  constructor(options: RunnerOptions) {
    this.#topology = options.topology;
    this.#store = options.store;
    this.#clock = options.clock;
    this.#openFeed = options.openFeed;
    this.#observers = options.observers ?? [];
    this.#batchSize =
      options.batchSize === undefined ? learningBatchSize(options.pace) : fixedBatchSize(options.batchSize);
    this.#tracing = options.tracing;
    this.#cache = new StateCache(options.cachedRows ?? CACHED_ROWS);
    this.#inputs = this.#topology.inputsFromLog(
      (topic) => this.#topology.isChained(topic) && !TOPICS[topic].internal,
    );
  }

  /**
   * One pass, told. Returns how many inputs and timers it handled: 0 means that there is nothing to do now.
   *
   * Passes never overlap: one that is asked for while another is under way waits for its turn.
   */
  async pass(): Promise<number> {
    const done = await this.#next();
    await this.#telling;
    return done;
  }

  #next(): Promise<number> {
    const turn = this.#turn.then(() => this.#pass());
    this.#turn = turn.then(nothing, nothing);
    return turn;
  }

  /** Passes until nothing is left to do at the clock's present time. */
  async drain(): Promise<number> {
    let total = 0;
    let done = 0;
    do {
      done = await this.#next();
      total += done;
    } while (done > 0);
    await this.#telling;
    return total;
  }

  /** Passes until `stop` is aborted; sleeps while there is nothing to do. */
  async run(stop: AbortSignal): Promise<void> {
    let retryInMs = FIRST_RETRY_MS;
    while (!stop.aborted) {
      try {
        this.#rest.beforeLook();
        const done = await this.#next();
        retryInMs = FIRST_RETRY_MS;
        if (done === 0) await this.#rest.untilWoken(await this.#idleFor(), stop);
        else await nextTurn();
      } catch (error) {
        if (!(error instanceof StorageUnavailable)) throw error;
        for (const observer of this.#observers) observer.onStorageTrouble?.(error, retryInMs);
        await pause(retryInMs, stop);
        retryInMs = Math.min(LAST_RETRY_MS, retryInMs * 2);
      }
    }
    await this.#telling;
  }

  /** Says that there may be something to do. */
  wake(): void {
    this.#rest.wake();
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

  async #pass(): Promise<number> {
    const feed = await this.#input();
    const now = this.#clock.now();
    this.#lastScanAt = now;
    try {
      const work = await this.#take(feed, now);
      await this.#handle(work, now);
      return sizeOf(work);
    } catch (error) {
      // The feed has handed out what was not, or not all, consumed.
      feed.seek(this.#positions);
      throw error;
    }
  }

  async #take(feed: InputFeed, now: number): Promise<Work> {
    const { limit } = this.#batchSize;
    const records = await feed.take(limit);
    const timers = await this.#store.dueTimers(now, limit);
    const redeliveries = await this.#store.redeliveries(limit);
    return { redeliveries, records, timers };
  }

  /**
   * All of the work in one transaction. Where something in it makes that fail, each half in its own, and so on: what does no harm
   * is stored soon and in large parts, and what fails alone is set aside.
   */
  async #handle(work: Work, now: number): Promise<void> {
    if (sizeOf(work) === 0) return;
    const failed = await this.#together(work, now);
    if (failed === undefined) return;
    if (sizeOf(work) === 1) return this.#setAside(work, now, failed.error);
    for (const half of halves(work)) await this.#handle(await this.#still(half, now), now);
  }

  /** Answers what made the transaction fail that is in the work and not in the store; nothing where all is stored. */
  async #together(work: Work, now: number): Promise<{ readonly error: unknown } | undefined> {
    const { redeliveries, records, timers } = work;
    const started = performance.now();
    const unit = this.#unit(now);
    try {
      await this.#prefetch(work);
      for (const redelivery of redeliveries) unit.redeliver(redelivery);
      let turn = performance.now();
      for (const record of records) {
        take(unit, record);
        if (performance.now() - turn < TURN_MS) continue;
        await nextTurn();
        turn = performance.now();
      }
      for (const timer of timers) unit.fire(timer);
      const committing = performance.now();
      await this.#commit(unit, records, now);
      this.#batchSize.learn(records.length, performance.now() - committing);
    } catch (error) {
      if (isAboutTheStore(error)) throw error;
      return { error };
    }
    this.#tell(unit, records.length, now, started);
    return undefined;
  }

  /** Timers are asked for again, as many, because what was stored meanwhile may have cleared or moved some. */
  async #still(work: Work, now: number): Promise<Work> {
    if (work.timers.length === 0) return work;
    return { ...work, timers: await this.#store.dueTimers(now, work.timers.length) };
  }

  /** The one thing of this work cannot be stored, for this error. */
  async #setAside(work: Work, now: number, error: unknown): Promise<void> {
    const started = performance.now();
    const unit = this.#unit(now);
    for (const redelivery of work.redeliveries) unit.parkAgain(redelivery, error);
    for (const record of work.records) park(unit, record, error);
    for (const timer of work.timers) unit.parkTimer(timer, error);
    await this.#commit(unit, work.records, now);
    this.#tell(unit, work.records.length, now, started);
  }

  /** Asks once for all rows that the work needs and that are not in memory. */
  #prefetch({ records, timers, redeliveries }: Work): Promise<void> {
    const wanted = new Map<string, StateKey>();
    const want = (keySpace: KeySpace | undefined, key: string): void => {
      if (keySpace === undefined || keySpace === 'record') return;
      if (this.#cache.get(keySpace, key) === undefined) wanted.set(`${keySpace} ${key}`, { keySpace, key });
    };
    for (const record of records) {
      if ('passedOver' in record) continue;
      for (const process of this.#topology.consumersOf(record.topic)) want(process.keySpace, record.key);
    }
    for (const { process, key } of timers) want(this.#topology.process(process)?.keySpace, key);
    for (const redelivery of redeliveries) {
      const { process, key } =
        'timer' in redelivery ? redelivery.timer : { process: redelivery.process, key: redelivery.input.key };
      want(this.#topology.process(process)?.keySpace, key);
    }
    return this.#store.prefetch([...wanted.values()]);
  }

  #unit(now: number): UnitOfWork {
    const spans = this.#tracing === undefined ? undefined : new PassSpans(this.#tracing);
    return new UnitOfWork(this.#topology, this.#store, this.#cache, now, spans);
  }

  async #commit(unit: UnitOfWork, records: Work['records'], now: number): Promise<void> {
    const next = new Map<Topic, number>();
    for (const record of records) next.set(record.topic, record.offset + 1);
    const positions = [...next].map(([topic, position]) => ({
      topic,
      expected: this.#positions.get(topic) ?? 0,
      next: position,
    }));
    const began = performance.now();
    await this.#store.commit(unit.commit(positions), now);
    for (const [topic, position] of next) this.#positions.set(topic, position);
    unit.remember();
    unit.trace(began);
  }

  /** Effects are told of once they are on disk, so that what people hear of stays so. The next pass need not wait for it. */
  #tell(unit: UnitOfWork, records: number, now: number, started: number): void {
    const seconds = (performance.now() - started) / 1000;
    const synced = unit.hasEffects ? this.#store.synced?.() : undefined;
    if (synced === undefined && this.#untold === 0) {
      this.#tellNow(unit, records, now, seconds);
      return;
    }
    this.#untold += 1;
    // The next write says what is wrong with the disk.
    const onDisk = synced?.then(
      () => true,
      () => false,
    );
    this.#telling = this.#telling.then(async () => {
      if ((await onDisk) !== false) this.#tellNow(unit, records, now, seconds);
      this.#untold -= 1;
    });
  }

  #tellNow(unit: UnitOfWork, records: number, now: number, seconds: number): void {
    for (const observer of this.#observers) {
      if (observer.onFact !== undefined) for (const fact of unit.facts) observer.onFact(fact);
      observer.onPass?.({ ledger: unit.ledger(), records, timers: unit.fired.length, seconds });
      for (const { process, name, dueAt } of unit.fired) {
        observer.onTimerFired?.({ process, name, delayMs: now - dueAt });
      }
    }
  }

  async #idleFor(): Promise<number> {
    const next = await this.#store.nextTimerAt();
    return next === undefined ? IDLE_MS : Math.min(IDLE_MS, Math.max(1, next - this.#clock.now()));
  }
}

/** What one pass has to do, in this order. */
interface Work {
  readonly redeliveries: readonly Redelivery[];
  readonly records: readonly (TopicRecord<Topic> | PassedOver)[];
  readonly timers: readonly OwnedTimer[];
}

const sizeOf = ({ redeliveries, records, timers }: Work): number =>
  redeliveries.length + records.length + timers.length;

/** The work in two parts, the one behind the other, as equal as can be. */
function halves(work: Work): readonly [Work, Work] {
  const { redeliveries, records, timers } = work;
  const middle = Math.ceil(sizeOf(work) / 2);
  const firstTimers = middle - redeliveries.length - records.length;
  const [r, t] = [Math.max(0, middle - redeliveries.length), Math.max(0, firstTimers)];
  return [
    { redeliveries: redeliveries.slice(0, middle), records: records.slice(0, r), timers: timers.slice(0, t) },
    { redeliveries: redeliveries.slice(middle), records: records.slice(r), timers: timers.slice(t) },
  ];
}

const take = (unit: UnitOfWork, record: Work['records'][number]): void =>
  'passedOver' in record ? unit.passOver(record) : unit.consume(record);

/** What cannot be passed over cannot be set aside either: the pass fails, and is tried again. */
function park(unit: UnitOfWork, record: Work['records'][number], error: unknown): void {
  if ('passedOver' in record) throw error;
  unit.park(record, error);
}

const nothing = (): void => undefined;

/** Trouble that has nothing to do with the input: setting the input aside would not help. */
const isAboutTheStore = (error: unknown): boolean =>
  error instanceof StorageUnavailable || error instanceof PositionTaken;
