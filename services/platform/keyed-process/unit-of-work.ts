import type { DeadLetter, DeadLetterReason } from '../../contracts/dead-letter.ts';
import { DEAD_LETTER_REASONS } from '../../contracts/dead-letter.ts';
import { TOPICS, type Topic } from '../../contracts/topics.ts';
import { crashPoint } from '../process/crash-point.ts';
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
import type { StateCache } from './state-cache.ts';
import type { Commit, LedgerEntry, OwnedTimer, PartitionStore, Redelivery, StateRow } from './state-store.ts';
import type { Topology } from './topology.ts';

/**
 * One pass over a batch: folds inputs and due timers through the processes and collects what to commit.
 *
 * Each record goes through the whole chain before the next one begins, so the result does not depend on
 * where a batch happens to end. Nothing outside changes until the collected commit is stored.
 */
export class UnitOfWork {
  readonly #topology: Topology;
  readonly #store: PartitionStore;
  readonly #cache: StateCache;
  readonly #now: number;

  readonly #rows = new Map<string, OpenRow>();
  readonly #timers = new Map<string, Commit['timers'][number]>();
  readonly #facts: Emit[] = [];
  readonly #nextOffsets = new Map<Topic, number>();
  readonly #effects: EffectChange[] = [];
  readonly #views: ViewChange[] = [];
  readonly #ledger = new Map<string, LedgerEntry & { count: number }>();
  readonly #deadLetters: DeadLetter[] = [];
  readonly #redelivered: string[] = [];

  constructor(topology: Topology, store: PartitionStore, cache: StateCache, now: number) {
    this.#topology = topology;
    this.#store = store;
    this.#cache = cache;
    this.#now = now;
  }

  consume(record: TopicRecord<Topic>): void {
    crashPoint('cp2');
    // A record's topic and value belong together wherever one is made, so it is one of the union.
    this.#dispatchToAll(record as Input, 0);
  }

  fire(timer: OwnedTimer): void {
    const process = this.#topology.process(timer.process);
    const planned = this.#timers.get(timerId(timer.process, timer.key, timer.name));
    if (planned !== undefined && (planned.dueAt === null || planned.dueAt > this.#now)) return;
    crashPoint('cp8');
    this.#setTimer(timer.process, timer.key, { name: timer.name, dueAt: null });
    if (process?.onTimer === undefined) {
      this.#count(timer.process, TIMERS, { type: 'skipped', reason: 'process_unknown' });
      return;
    }
    const row = this.#open(process.keySpace, timer.key);
    try {
      const step = process.onTimer(slotOf(row, process.name), timer, this.#now);
      this.#apply(process, timer.key, row, step, TIMERS, undefined, 0);
    } catch (error) {
      this.#count(timer.process, TIMERS, { type: 'deadLetter', reason: 'handler_error', detail: '' });
      this.#deadLetters.push({
        id: `${timer.process}/timer/${timer.key}/${timer.name}/${timer.dueAt}`,
        process: timer.process,
        topic: TIMERS,
        key: timer.key,
        partition: 0,
        offset: timer.dueAt,
        reason: 'handler_error',
        detail: describe(error),
        at: this.#now,
        payload: JSON.stringify(timer),
      });
    }
  }

  redeliver({ deadLetterId, process, input }: Redelivery): void {
    const target = this.#topology.process(process);
    const parkedBefore = this.#deadLetters.length;
    if (target !== undefined) this.#dispatch(target, input, 0, REDELIVERED);
    const failedAgain = this.#deadLetters.slice(parkedBefore).some((letter) => letter.id === deadLetterId);
    if (!failedAgain) this.#redelivered.push(deadLetterId);
  }

  /** Sets a record aside that cannot even be committed. */
  park(record: TopicRecord<Topic>, error: unknown): void {
    for (const process of this.#topology.consumersOf(record.topic)) {
      this.#park(process.name, record as Input, 'handler_error', describe(error));
      this.#count(process.name, record.topic, { type: 'deadLetter', reason: 'handler_error', detail: '' });
    }
  }

  get facts(): readonly Emit[] {
    return this.#facts;
  }

  get isEmpty(): boolean {
    return this.#ledger.size === 0 && this.#redelivered.length === 0;
  }

  ledger(): readonly LedgerEntry[] {
    return [...this.#ledger.values()];
  }

  commit(positions: Commit['positions']): Commit {
    return {
      positions,
      states: [...this.#rows.values()]
        .filter((row) => row.changed)
        .map(({ keySpace, key, body }) => ({ keySpace, key, row: isEmptyRow(body) ? null : body })),
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
    for (const [id, row] of this.#rows) this.#cache.put(id, isEmptyRow(row.body) ? null : row.body);
  }

  #dispatchToAll(input: Input, depth: number): void {
    for (const process of this.#topology.consumersOf(input.topic)) this.#dispatch(process, input, depth);
  }

  /** `countedAs` is the topic under which the ledger has it: a redelivered record was counted once already. */
  #dispatch(
    process: KeyedProcess<unknown>,
    input: Input,
    depth: number,
    countedAs: string = input.topic,
  ): void {
    let step: Step<unknown>;
    const row = this.#open(process.keySpace, input.key);
    try {
      step = process.onInput(slotOf(row, process.name), input, this.#now);
    } catch (error) {
      // A pure function that throws would throw again: setting the record aside keeps the others moving.
      this.#park(process.name, input, 'handler_error', describe(error));
      this.#count(process.name, countedAs, { type: 'deadLetter', reason: 'handler_error', detail: '' });
      return;
    }
    this.#apply(process, input.key, row, step, countedAs, input, depth);
  }

  #apply(
    process: KeyedProcess<unknown>,
    key: string,
    row: OpenRow,
    step: Step<unknown>,
    topic: string,
    input: Input | undefined,
    depth: number,
  ): void {
    this.#count(process.name, topic, step.outcome);
    if (step.outcome.type === 'deadLetter' && input !== undefined) {
      this.#park(process.name, input, deadLetterReason(step.outcome.reason), step.outcome.detail);
    }
    if (step.state !== undefined) setSlot(row, process.name, step.state);
    if (step.timers !== undefined) for (const timer of step.timers) this.#setTimer(process.name, key, timer);
    if (step.effects !== undefined) this.#effects.push(...step.effects);
    if (step.views !== undefined) this.#views.push(...step.views);
    if (step.emit !== undefined) for (const fact of step.emit) this.#emit(process.name, fact, depth);
  }

  #emit(process: string, fact: Emit, depth: number): void {
    if (depth >= MAX_CHAIN)
      throw new Error(`more than ${MAX_CHAIN} processes follow one another: is there a cycle?`);
    this.#count(process, fact.topic, EMITTED);
    const chained = this.#topology.isChained(fact.topic);
    const logged = !chained || !TOPICS[fact.topic].internal;
    let offset = -1;
    if (logged) {
      offset = this.#nextOffsets.get(fact.topic) ?? this.#store.nextOffset(fact.topic);
      this.#nextOffsets.set(fact.topic, offset + 1);
      this.#facts.push(fact);
    }
    if (!chained) return;
    const { topic, key, value } = fact;
    // As in `consume`: the fact's topic and value belong together.
    this.#dispatchToAll(
      { topic, key, value, partition: 0, offset, appendedAt: this.#now } as Input,
      depth + 1,
    );
  }

  #open(keySpace: KeySpace, key: string): OpenRow {
    const id = `${keySpace}:${key}`;
    const open = this.#rows.get(id);
    if (open !== undefined) return open;
    const known = this.#cache.get(id);
    const body = (known === undefined ? this.#store.load(keySpace, key) : known) ?? EMPTY_ROW;
    const row: OpenRow = { keySpace, key, body, changed: false };
    this.#rows.set(id, row);
    return row;
  }

  #setTimer(process: string, key: string, change: TimerChange): void {
    this.#timers.set(timerId(process, key, change.name), { process, key, ...change });
  }

  #count(stage: string, topic: string, outcome: Outcome | typeof EMITTED): void {
    const reason = outcome.reason ?? '';
    const key = `${stage} ${topic} ${outcome.type} ${reason}`;
    const entry = this.#ledger.get(key);
    if (entry !== undefined) entry.count += 1;
    else this.#ledger.set(key, { stage, topic, outcome: outcome.type, reason, count: 1 });
  }

  #park(process: string, input: Input, reason: DeadLetterReason, detail: string): void {
    const letter: DeadLetter = {
      id: `${process}/${input.topic}/${input.partition}/${input.offset}/${input.key}`,
      process,
      topic: input.topic,
      key: input.key,
      partition: input.partition,
      offset: input.offset,
      reason,
      detail,
      at: this.#now,
      payload: JSON.stringify(input.value),
    };
    this.#deadLetters.push(letter);
    this.#facts.push({ topic: 'dead-letters', key: letter.id, value: letter });
  }
}

/** The name under which the ledger counts timers, in place of a topic. */
export const TIMERS = 'timers';

/** The ledger's name for what was taken from the dead letters, in place of its topic. */
export const REDELIVERED = 'redelivered';

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

const EMPTY_ROW: StateRow = Object.freeze({});

const slotOf = (row: OpenRow, process: string): unknown => row.body[process];

/** The row that was loaded is shared with the cache, so the first change makes a copy and later ones use it. */
function setSlot(row: OpenRow, process: string, state: unknown): void {
  if (!row.changed) row.body = { ...row.body };
  row.changed = true;
  if (state === null) delete row.body[process];
  else row.body[process] = state;
}

function isEmptyRow(row: StateRow): boolean {
  for (const _ in row) return false;
  return true;
}

const timerId = (process: string, key: string, name: string): string => `${process}\0${key}\0${name}`;

const isDeadLetterReason = (reason: string): reason is DeadLetterReason =>
  DEAD_LETTER_REASONS.some((known) => known === reason);

const deadLetterReason = (reason: string): DeadLetterReason =>
  isDeadLetterReason(reason) ? reason : 'invalid_record';

/** The error's kind and message. Handlers do not put customer text into messages. */
const describe = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 500) : String(error).slice(0, 500);
