import type { DeadLetter } from '../../contracts/dead-letter.ts';
import type { Topic } from '../../contracts/topics.ts';
import type { Emit, KeyedProcess, TopicRecord } from '../../platform/keyed-process/keyed-process.ts';
import { StateCache } from '../../platform/keyed-process/state-cache.ts';
import type { Commit, OwnedTimer, PartitionStore } from '../../platform/keyed-process/state-store.ts';
import { Topology } from '../../platform/keyed-process/topology.ts';
import { UnitOfWork } from '../../platform/keyed-process/unit-of-work.ts';
import { DueTimers } from './due-timers.ts';

/**
 * Keyed processes with a clock of their own, in memory: the same code that runs in production, without its disk.
 *
 * Each input and each timer is one unit of work. A timer fires at exactly its instant, in the order of instants.
 */
export class Simulation {
  readonly #topology: Topology;
  readonly #store = new MemoryStore();
  /** All rows: what the store would load is never dropped. */
  readonly #rows = new StateCache(Number.POSITIVE_INFINITY);
  readonly #onFact: (fact: Emit, now: number) => void;
  #now: number;
  #offset = 0;

  constructor(options: {
    readonly processes: readonly KeyedProcess<unknown>[];
    readonly chained: readonly Topic[];
    readonly start: number;
    /** Told of every fact that a log would keep, in order. */
    readonly onFact: (fact: Emit, now: number) => void;
  }) {
    this.#topology = new Topology(options.processes, options.chained);
    this.#now = options.start;
    this.#onFact = options.onFact;
  }

  get now(): number {
    return this.#now;
  }

  /** Inputs and timers that made a handler throw. Empty unless we are wrong. */
  get deadLetters(): readonly DeadLetter[] {
    return this.#store.deadLetters;
  }

  /** The timers that are set. */
  get timers(): readonly OwnedTimer[] {
    return this.#store.allTimers();
  }

  /** Lets time pass until `instant`. Time never runs backwards: an earlier instant changes nothing. */
  moveTo(instant: number): void {
    for (;;) {
      const timer = this.#store.nextTimer();
      if (timer === undefined || timer.dueAt > instant) break;
      this.#now = Math.max(this.#now, timer.dueAt);
      this.#work((unit) => unit.fire(timer));
    }
    this.#now = Math.max(this.#now, instant);
  }

  /** Hands a record to whoever listens to its topic, as the log would. */
  hand({ topic, key, value }: Emit): void {
    const record = { topic, key, value, partition: 0, offset: this.#offset++, appendedAt: this.#now };
    // Topic and value belong together in the fact that they were taken from.
    this.#work((unit) => unit.consume(record as TopicRecord<Topic>));
  }

  #work(fold: (unit: UnitOfWork) => void): void {
    const unit = new UnitOfWork(this.#topology, this.#store, this.#rows, this.#now);
    fold(unit);
    this.#store.apply(unit.commit([]));
    unit.remember();
    for (const fact of unit.facts) this.#onFact(fact, this.#now);
  }
}

/** Timers and offsets of one simulation. */
class MemoryStore implements PartitionStore {
  readonly deadLetters: DeadLetter[] = [];
  readonly #timers = new DueTimers();
  readonly #offsets = new Map<Topic, number>();

  apply({ timers, facts, deadLetters }: Commit): void {
    for (const timer of timers) this.#timers.set(timer);
    for (const { topic } of facts) this.#offsets.set(topic, this.nextOffset(topic) + 1);
    this.deadLetters.push(...deadLetters);
  }

  load(): undefined {
    return undefined;
  }

  nextTimer(): OwnedTimer | undefined {
    return this.#timers.next();
  }

  allTimers(): readonly OwnedTimer[] {
    return this.#timers.all();
  }

  nextOffset(topic: Topic): number {
    return this.#offsets.get(topic) ?? 0;
  }

  commit(commit: Commit): Promise<void> {
    this.apply(commit);
    return Promise.resolve();
  }

  positions(): Promise<ReadonlyMap<Topic, number>> {
    return Promise.resolve(new Map());
  }

  dueTimers(now: number, limit: number): Promise<readonly OwnedTimer[]> {
    const due = this.allTimers().filter((timer) => timer.dueAt <= now);
    return Promise.resolve(due.sort((a, b) => a.dueAt - b.dueAt).slice(0, limit));
  }

  nextTimerAt(): Promise<number | undefined> {
    return Promise.resolve(this.nextTimer()?.dueAt);
  }

  prefetch(): Promise<void> {
    return Promise.resolve();
  }

  redeliveries(): Promise<readonly []> {
    return Promise.resolve([]);
  }
}
