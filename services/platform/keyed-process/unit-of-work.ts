import type { DeadLetter, DeadLetterReason } from '../../contracts/dead-letter.ts';
import { DEAD_LETTER_REASONS } from '../../contracts/dead-letter.ts';
import { TOPICS, type Topic } from '../../contracts/topics.ts';
import { crashPoint } from '../process/crash-point.ts';
import type { TraceContext } from '../tracing/tracing.ts';
import type {
  EffectChange,
  Emit,
  Input,
  KeyedProcess,
  KeySpace,
  Outcome,
  Step,
  TimerChange,
  TopicRecord,
  ViewChange,
} from './keyed-process.ts';
import type { PassSpans } from './pass-spans.ts';
import type { StateCache } from './state-cache.ts';
import {
  type Commit,
  type LedgerEntry,
  type OwnedTimer,
  type PartitionStore,
  type PassedOver,
  type Redelivery,
  type StateRow,
  TIMERS,
  type Traced,
} from './state-store.ts';
import type { Topology } from './topology.ts';

/**
 * One pass over a batch: folds inputs and due timers through the processes and collects what to commit.
 *
 * Each record goes through the whole chain before the next one begins, so the result does not depend on
 * where a batch happens to end. Nothing outside changes until the collected commit is stored. A handler that
 * throws sets its own input aside; anything else that throws spoils the unit, which must then be dropped.
 */
export class UnitOfWork {
  readonly #topology: Topology;
  readonly #store: PartitionStore;
  readonly #cache: StateCache;
  readonly #now: number;
  readonly #spans: PassSpans | undefined;

  readonly #rows: { [K in KeySpace]?: Map<string, OpenRow> } = {};
  readonly #timers = new Map<string, Commit['timers'][number]>();
  readonly #facts: Traced<Emit>[] = [];
  readonly #nextOffsets = new Map<Topic, number>();
  readonly #effects: Traced<EffectChange>[] = [];
  readonly #views: ViewChange[] = [];
  /** By process and topic: few outcomes each, so that counting builds no keys. */
  readonly #ledger = new Map<string, Map<string, Count[]>>();
  readonly #deadLetters: DeadLetter[] = [];
  readonly #redelivered: string[] = [];
  readonly #fired: OwnedTimer[] = [];
  /** What the present chain began with, to name what is set aside in it. */
  #origin = '';
  #parkedOfOrigin = 0;
  /** The trace that facts and effects belong to just now. */
  #trace: TraceContext | undefined;

  /** Without `spans` nothing is traced, and traces of others are carried on. */
  constructor(topology: Topology, store: PartitionStore, cache: StateCache, now: number, spans?: PassSpans) {
    this.#topology = topology;
    this.#store = store;
    this.#cache = cache;
    this.#now = now;
    this.#spans = spans;
  }

  consume(record: TopicRecord<Topic>): void {
    crashPoint('cp2');
    this.#begin(`${record.topic}/${record.partition}/${record.offset}`);
    this.#trace = this.#spans === undefined ? record.trace : this.#spans.consume(record);
    // A record's topic and value belong together wherever one is made, so it is one of the union.
    this.#dispatchToAll(record as Input, 0);
  }

  /** Accounts for a place of the log whose record is handed to nobody. */
  passOver(place: PassedOver): void {
    this.#trace = undefined;
    this.#begin(`${place.topic}/${place.partition}/${place.offset}`);
    for (const process of this.#topology.consumersOf(place.topic)) {
      if (place.passedOver === 'sent_again') {
        this.#count(process.name, place.topic, { type: 'skipped', reason: 'sent_again' });
        continue;
      }
      this.#count(process.name, place.topic, { type: 'deadLetter', reason: 'not_decodable', detail: '' });
      const { topic, key, partition, offset, detail, payload } = place;
      const id = `${process.name}/${topic}/${partition}/${offset}`;
      const letter = { id, process: process.name, topic, key, partition, offset, detail, payload };
      this.#park({ ...letter, reason: 'not_decodable', at: this.#now });
    }
  }

  /** Does nothing when this unit has cleared or postponed the timer before its turn came. */
  fire(timer: OwnedTimer): void {
    const planned = this.#timers.get(timerId(timer.process, timer.key, timer.name));
    const dueAt = planned === undefined ? timer.dueAt : planned.dueAt;
    if (dueAt === null || dueAt > this.#now) return;
    crashPoint('cp8');
    const fired = { ...timer, dueAt };
    this.#setTimer(timer.process, timer.key, { name: timer.name, dueAt: null });
    this.#fired.push(fired);
    this.#trace = this.#spans?.fire(fired);
    this.#run(fired, timerLetterId(fired), TIMERS);
  }

  redeliver(redelivery: Redelivery): void {
    const { deadLetterId } = redelivery;
    const parkedBefore = this.#deadLetters.length;
    this.#trace = this.#spans?.redeliver(
      'timer' in redelivery ? redelivery.timer.process : redelivery.process,
    );
    if ('timer' in redelivery) this.#run(redelivery.timer, deadLetterId, REDELIVERED);
    else this.#redeliverRecord(redelivery.process, redelivery.input, deadLetterId);
    const failedAgain = this.#deadLetters.slice(parkedBefore).some((letter) => letter.id === deadLetterId);
    if (!failedAgain) this.#redelivered.push(deadLetterId);
  }

  /** Sets a record aside that cannot even be committed. */
  park(record: TopicRecord<Topic>, error: unknown): void {
    this.#begin(`${record.topic}/${record.partition}/${record.offset}`);
    for (const process of this.#topology.consumersOf(record.topic)) {
      // As in `consume`.
      this.#parkRecord(process.name, record as Input, 'handler_error', describe(error));
      this.#count(process.name, record.topic, HANDLER_ERROR);
    }
  }

  /** Sets a timer aside whose step cannot be committed. */
  parkTimer(timer: OwnedTimer, error: unknown): void {
    this.#setTimer(timer.process, timer.key, { name: timer.name, dueAt: null });
    this.#count(timer.process, TIMERS, HANDLER_ERROR);
    this.#parkTimer(timer, timerLetterId(timer), 'handler_error', describe(error));
  }

  /** Sets a dead letter aside again whose second try cannot be committed. */
  parkAgain(redelivery: Redelivery, error: unknown): void {
    const { deadLetterId } = redelivery;
    const process = 'timer' in redelivery ? redelivery.timer.process : redelivery.process;
    this.#count(process, REDELIVERED, HANDLER_ERROR);
    if ('timer' in redelivery) {
      this.#parkTimer(redelivery.timer, deadLetterId, 'handler_error', describe(error));
    } else {
      this.#parkRecord(process, redelivery.input, 'handler_error', describe(error), deadLetterId);
    }
  }

  get facts(): readonly Traced<Emit>[] {
    return this.#facts;
  }

  /** Whether something is to be done in the outside world, or not done any more. */
  get hasEffects(): boolean {
    return this.#effects.length > 0;
  }

  /** The timers that were still due when their turn came. */
  get fired(): readonly OwnedTimer[] {
    return this.#fired;
  }

  ledger(): readonly LedgerEntry[] {
    return [...this.#ledger.values()].flatMap((topics) => [...topics.values()].flat());
  }

  commit(positions: Commit['positions']): Commit {
    return {
      positions,
      states: this.#changedStates(),
      timers: [...this.#timers.values()],
      facts: this.#facts,
      effects: this.#effects,
      views: this.#views,
      ledger: this.ledger(),
      deadLetters: this.#deadLetters,
      redelivered: this.#redelivered,
    };
  }

  /** To be called once the commit is stored. */
  remember(): void {
    for (const rows of Object.values(this.#rows)) {
      for (const { keySpace, key, body } of rows.values()) this.#cache.put(keySpace, key, orNull(body));
    }
  }

  /** The same, for traces: the commit began at this reading of `performance.now()`. */
  trace(commitBegan: number): void {
    this.#spans?.committed(commitBegan);
  }

  #changedStates(): Commit['states'] {
    const states = [];
    for (const rows of Object.values(this.#rows)) {
      for (const { keySpace, key, body, changed } of rows.values()) {
        if (changed) states.push({ keySpace, key, row: orNull(body) });
      }
    }
    return states;
  }

  #begin(origin: string): void {
    this.#origin = origin;
    this.#parkedOfOrigin = 0;
  }

  #dispatchToAll(input: Input, depth: number): void {
    for (const process of this.#topology.consumersOf(input.topic)) this.#dispatch(process, input, depth);
  }

  #dispatch(process: KeyedProcess<unknown>, input: Input, depth: number): void {
    const row = this.#open(process.keySpace, input.key);
    this.#spans?.deciding();
    const step = stepOf(() => process.onInput(slotOf(row, process.name), input, this.#now));
    if (step.outcome.type === 'deadLetter') {
      this.#parkRecord(process.name, input, deadLetterReason(step.outcome.reason), step.outcome.detail);
    }
    this.#apply(process.name, input.key, row, step, input.topic, depth);
  }

  /** Tries a record again for the one process that could not handle it. The ledger has counted it already. */
  #redeliverRecord(name: string, input: Input, id: string): void {
    this.#begin(id);
    const process = this.#topology.process(name);
    const row = this.#open(process?.keySpace ?? 'record', input.key);
    this.#spans?.deciding();
    const step = stepOf(() =>
      process === undefined ? unknownProcess(name) : process.onInput(slotOf(row, name), input, this.#now),
    );
    if (step.outcome.type === 'deadLetter') {
      this.#parkRecord(name, input, deadLetterReason(step.outcome.reason), step.outcome.detail, id);
    }
    this.#apply(name, input.key, row, step, REDELIVERED, 0);
  }

  #run(timer: OwnedTimer, letterId: string, countedAs: string): void {
    this.#begin(letterId);
    const process = this.#topology.process(timer.process);
    const row = this.#open(process?.keySpace ?? 'record', timer.key);
    this.#spans?.deciding();
    const step = stepOf(() =>
      process?.onTimer === undefined
        ? unknownProcess(timer.process)
        : process.onTimer(slotOf(row, process.name), timer, this.#now),
    );
    if (step.outcome.type === 'deadLetter') {
      this.#parkTimer(timer, letterId, deadLetterReason(step.outcome.reason), step.outcome.detail);
    }
    this.#apply(timer.process, timer.key, row, step, countedAs, 0);
  }

  /** `countedAs` is the topic under which the ledger has the input. */
  #apply(
    process: string,
    key: string,
    row: OpenRow,
    step: Step<unknown>,
    countedAs: string,
    depth: number,
  ): void {
    this.#count(process, countedAs, step.outcome);
    const cause = this.#trace;
    this.#trace = this.#spans?.decided(process, countedAs, step.outcome, cause) ?? cause;
    if (step.state !== undefined) setSlot(row, process, step.state);
    if (step.timers !== undefined) for (const timer of step.timers) this.#setTimer(process, key, timer);
    if (step.effects !== undefined)
      for (const effect of step.effects) this.#effects.push(this.#traced(effect));
    if (step.views !== undefined) this.#views.push(...step.views);
    if (step.emit !== undefined) for (const fact of step.emit) this.#emit(process, fact, depth);
    this.#trace = cause;
  }

  #emit(process: string, fact: Emit, depth: number): void {
    if (depth >= MAX_CHAIN)
      throw new Error(`more than ${MAX_CHAIN} processes follow one another: is there a cycle?`);
    this.#count(process, fact.topic, EMITTED);
    const chained = this.#topology.isChained(fact.topic);
    const logged = !chained || !TOPICS[fact.topic].internal;
    const offset = logged ? this.#append(fact) : UNLOGGED;
    if (!chained) return;
    const { topic, key, value } = fact;
    // As in `consume`: the fact's topic and value belong together.
    this.#dispatchToAll(
      { topic, key, value, partition: 0, offset, appendedAt: this.#now } as Input,
      depth + 1,
    );
  }

  #append(fact: Emit): number {
    const offset = this.#nextOffsets.get(fact.topic) ?? this.#store.nextOffset(fact.topic);
    this.#nextOffsets.set(fact.topic, offset + 1);
    this.#facts.push(this.#traced(fact));
    return offset;
  }

  #traced<T extends object>(one: T): Traced<T> {
    return this.#trace === undefined ? one : { ...one, trace: this.#trace };
  }

  #open(keySpace: KeySpace, key: string): OpenRow {
    // Each record's key comes once: there is nothing to load, and nothing is kept.
    if (keySpace === 'record') return { keySpace, key, body: EMPTY_ROW, changed: false };
    this.#rows[keySpace] ??= new Map();
    const rows = this.#rows[keySpace];
    const open = rows.get(key);
    if (open !== undefined) return open;
    const known = this.#cache.get(keySpace, key);
    const body = (known === undefined ? this.#store.load(keySpace, key) : known) ?? EMPTY_ROW;
    const row: OpenRow = { keySpace, key, body, changed: false };
    rows.set(key, row);
    return row;
  }

  #setTimer(process: string, key: string, change: TimerChange): void {
    this.#timers.set(timerId(process, key, change.name), { process, key, ...change });
  }

  #count(stage: string, topic: string, outcome: Outcome | typeof EMITTED): void {
    const { type, reason = '' } = outcome;
    const counts = this.#counts(stage, topic);
    for (const known of counts) {
      if (known.outcome !== type || known.reason !== reason) continue;
      known.count += 1;
      return;
    }
    counts.push({ stage, topic, outcome: type, reason, count: 1 });
  }

  #counts(stage: string, topic: string): Count[] {
    const topics = this.#ledger.get(stage) ?? new Map<string, Count[]>();
    if (topics.size === 0) this.#ledger.set(stage, topics);
    const known = topics.get(topic);
    if (known !== undefined) return known;
    const counts: Count[] = [];
    topics.set(topic, counts);
    return counts;
  }

  #parkRecord(process: string, input: Input, reason: DeadLetterReason, detail: string, id?: string): void {
    this.#park({
      id: id ?? this.#recordLetterId(process, input),
      process,
      topic: input.topic,
      key: input.key,
      partition: input.partition,
      offset: input.offset,
      reason,
      detail,
      at: this.#now,
      payload: JSON.stringify(input.value),
    });
  }

  /** By place in the log; what was never logged is named after what caused it and counted through. */
  #recordLetterId(process: string, { topic, partition, offset }: Input): string {
    if (offset !== UNLOGGED) return `${process}/${topic}/${partition}/${offset}`;
    this.#parkedOfOrigin += 1;
    return `${process}/${topic}/${this.#origin}/${this.#parkedOfOrigin}`;
  }

  #parkTimer(timer: OwnedTimer, id: string, reason: DeadLetterReason, detail: string): void {
    const { process, key, name, dueAt } = timer;
    this.#park({
      id,
      process,
      topic: TIMERS,
      key,
      partition: 0,
      offset: dueAt,
      reason,
      detail,
      at: this.#now,
      payload: JSON.stringify({ process, key, name, dueAt }),
    });
  }

  #park(letter: DeadLetter): void {
    this.#deadLetters.push(letter);
    this.#append({ topic: 'dead-letters', key: letter.id, value: letter });
  }
}

/** The ledger's name for what was taken from the dead letters, in place of its topic. */
export const REDELIVERED = 'redelivered';

/** The offset of a fact that is handed on in memory only. */
const UNLOGGED = -1;

const HANDLER_ERROR = { type: 'deadLetter', reason: 'handler_error', detail: '' } as const;

/** A pure function that throws would throw again: setting its input aside keeps the others moving. */
function stepOf(handle: () => Step<unknown>): Step<unknown> {
  try {
    return handle();
  } catch (error) {
    return { outcome: { ...HANDLER_ERROR, detail: describe(error) } };
  }
}

function unknownProcess(name: string): Step<unknown> {
  return { outcome: { ...HANDLER_ERROR, detail: `no process called ${name} takes this in this version` } };
}

const timerLetterId = ({ process, key, name, dueAt }: OwnedTimer): string =>
  `${process}/${TIMERS}/${key}/${name}/${dueAt}`;

/** What a process put out, counted beside what it took in. */
const EMITTED = { type: 'emitted', reason: '' } as const;

/** Longest chain of emits within one record. The longest real one has about ten links. */
const MAX_CHAIN = 32;

interface OpenRow {
  readonly keySpace: KeySpace;
  readonly key: string;
  body: Record<string, unknown>;
  changed: boolean;
}

type Count = LedgerEntry & { count: number };

const EMPTY_ROW: StateRow = Object.freeze({});

const slotOf = (row: OpenRow, process: string): unknown => row.body[process];

/** The row that was loaded is shared with the cache, so the first change makes a copy and later ones use it. */
function setSlot(row: OpenRow, process: string, state: unknown): void {
  if (!row.changed) row.body = { ...row.body };
  row.changed = true;
  if (state === null) delete row.body[process];
  else row.body[process] = state;
}

/** A row without slots is no row. */
function orNull(body: StateRow): StateRow | null {
  for (const _ in body) return body;
  return null;
}

const timerId = (process: string, key: string, name: string): string => `${process}\0${key}\0${name}`;

const isDeadLetterReason = (reason: string): reason is DeadLetterReason =>
  DEAD_LETTER_REASONS.some((known) => known === reason);

const deadLetterReason = (reason: string): DeadLetterReason =>
  isDeadLetterReason(reason) ? reason : 'invalid_record';

/** The error's kind and message. Handlers do not put customer text into messages. */
const describe = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 500) : String(error).slice(0, 500);
