import type { DeadLetter } from '../../contracts/dead-letter.ts';
import { isTopic, type Topic } from '../../contracts/topics.ts';
import { type EncodeFact, outboxFact, storedFacts } from '../event-log/outbox-row.postgres.ts';
import type { OutboxRow } from '../event-log/outbox-sender.ts';
import type { Input, KeySpace } from '../keyed-process/keyed-process.ts';
import {
  type Commit,
  type OwnedTimer,
  type PartitionStore,
  PositionTaken,
  type Redelivery,
  type StateKey,
  type StateRow,
  TIMERS,
} from '../keyed-process/state-store.ts';
import { crashPoint } from '../process/crash-point.ts';
import { bigintArray, textArray } from './binary-array.postgres.ts';
import { CommitUnknown, type Postgres, type Sql } from './postgres.ts';
import { SQL } from './state-store-sql.postgres.ts';
import { restored, storable } from './storable-text.ts';

/** Writes rows of one read model; runs inside the runner's transaction. `row: null` deletes. Ids are unique. */
export type PostgresViewWriter = (
  sql: Sql,
  changes: readonly { readonly id: string; readonly row: unknown }[],
) => Promise<void>;

export interface PostgresPartitionOptions {
  readonly postgres: Postgres;
  /** The service. */
  readonly consumer: string;
  readonly partition: number;
  /** Who takes the partition, for people: host and process. */
  readonly instance: string;
  readonly encode: EncodeFact;
  readonly views: ReadonlyMap<string, PostgresViewWriter>;
  /** Repeats that the feed has recognised, to be stored with the positions that follow them. */
  readonly origins?: OriginMarks;
  /** Told after each commit what was put into the outbox. */
  readonly onFacts?: (row: OutboxRow) => void;
  /** Told after each commit how long it took. */
  readonly onCommit?: (seconds: number) => void;
  /** How often to look for dead letters that somebody wants tried again. Default: a second. */
  readonly redeliveriesEveryMs?: number;
}

/** Which sequence numbers of which writers lie before a position. Kept by the feed, stored with positions. */
export interface OriginMarks {
  /** The last number of each writer before `next`, of those that this feed has handed out since `restore`. */
  before(topic: Topic, next: number): Iterable<readonly [origin: string, sequence: number]>;
  restore(topic: Topic, marks: ReadonlyMap<string, number>): void;
}

/**
 * State, timers, positions and outbox of one partition, in PostgreSQL.
 *
 * The first question takes the partition: it raises the owner's epoch. Every commit is refused, with
 * `PositionTaken`, once somebody else has raised it again, also a commit of timers alone. Nobody else changes
 * the partition's timers, so the next due one is remembered and the table is asked only when it is due.
 */
export class PostgresPartitionStore implements PartitionStore {
  readonly #options: PostgresPartitionOptions;
  #epoch: Promise<number> | undefined;
  #rows: ReadonlyMap<string, StateRow | undefined> = new Map();
  /** No timer is due before this. */
  #noTimerBefore = 0;
  #redeliveriesAskedAt = Number.NEGATIVE_INFINITY;

  constructor(options: PostgresPartitionOptions) {
    this.#options = options;
  }

  /** Takes the partition from whoever had it. Done by itself at the first question. */
  take(): Promise<number> {
    this.#epoch ??= this.#takePartition().catch((error: unknown) => {
      this.#epoch = undefined;
      throw error;
    });
    return this.#epoch;
  }

  async positions(topics: readonly Topic[]): Promise<ReadonlyMap<Topic, number>> {
    await this.take();
    const { postgres, consumer, partition, origins } = this.#options;
    await postgres.query(SQL.addPositions, [consumer, partition, JSON.stringify(topics)]);
    const rows = await postgres.query<{ topic: string; next_offset: string }>(SQL.positions, [
      consumer,
      partition,
    ]);
    const stored = new Map(rows.map((row) => [row.topic, Number(row.next_offset)]));
    if (origins !== undefined) await this.#restoreOrigins(origins, topics);
    return new Map(topics.map((topic) => [topic, stored.get(topic) ?? 0]));
  }

  async prefetch(keys: readonly StateKey[]): Promise<void> {
    const { postgres, consumer } = this.#options;
    const rows = new Map<string, StateRow | undefined>();
    for (const { keySpace, key } of keys) rows.set(rowId(keySpace, key), undefined);
    this.#rows = rows;
    if (keys.length === 0) return;
    const found = await postgres.query<{ key_space: string; key: string; body: string }>(SQL.loadStates, [
      consumer,
      ...statesNamed(keys),
    ]);
    for (const { key_space, key, body } of found) {
      // `commit` is the only writer of the column and writes a row.
      rows.set(rowId(key_space, restored(key)), JSON.parse(body) as StateRow);
    }
  }

  load(keySpace: KeySpace, key: string): StateRow | undefined {
    const id = rowId(keySpace, key);
    if (!this.#rows.has(id)) throw new Error(`a ${keySpace} was asked for that was not prefetched`);
    return this.#rows.get(id);
  }

  async dueTimers(now: number, limit: number): Promise<readonly OwnedTimer[]> {
    await this.take();
    if (now < this.#noTimerBefore) return [];
    const { postgres, consumer, partition } = this.#options;
    const rows = await postgres.query<TimerRow>(SQL.dueTimers, [consumer, partition, now, limit]);
    // Those that are due stay due until a commit has cleared them: only nothing is worth remembering.
    if (rows.length === 0) {
      this.#noTimerBefore = (await this.#nextTimerAfter(now)) ?? Number.MAX_SAFE_INTEGER;
    }
    return rows.map(toTimer);
  }

  async nextTimerAt(): Promise<number | undefined> {
    await this.take();
    return this.#nextTimerAfter(Number.MIN_SAFE_INTEGER);
  }

  async redeliveries(limit: number): Promise<readonly Redelivery[]> {
    await this.take();
    const { postgres, consumer, partition, redeliveriesEveryMs = REDELIVERIES_EVERY_MS } = this.#options;
    const now = performance.now();
    if (now < this.#redeliveriesAskedAt + redeliveriesEveryMs) return [];
    const rows = await postgres.query(SQL.retrying, [consumer, partition, limit]);
    this.#redeliveriesAskedAt = rows.length === 0 ? now : Number.NEGATIVE_INFINITY;
    return rows.map(toRedelivery);
  }

  nextOffset(): number {
    return UNKNOWN_OFFSET;
  }

  async commit(commit: Commit, now: number): Promise<void> {
    const epoch = await this.take();
    const count = commit.facts.length;
    const put = storedFacts(commit.facts.map((fact) => outboxFact(fact, this.#options.encode)));
    const values = this.#valuesOf(commit, put, epoch, now);
    const began = performance.now();
    let first = 0;
    try {
      await this.#options.postgres.transaction(async (sql) => {
        first = await this.#write(sql, commit, values);
        for (const [view, changes] of byView(commit.views)) await this.#writer(view)(sql, changes);
        crashPoint('cp3');
      });
    } catch (error) {
      if (!(error instanceof CommitUnknown)) throw error;
      throw new PositionTaken(
        `${this.#name()}: ${error.message}; its owner begins again with what is stored`,
      );
    }
    crashPoint('cp4');
    this.#options.onCommit?.((performance.now() - began) / 1000);
    if (count > 0) this.#options.onFacts?.({ ...put, sequence: first, count, at: now });
    this.#expectTimers(commit.timers);
  }

  async #takePartition(): Promise<number> {
    const { postgres, consumer, partition, instance } = this.#options;
    const [row] = await postgres.query<{ epoch: string }>(SQL.take, [consumer, partition, instance]);
    return Number(row?.epoch);
  }

  async #restoreOrigins(origins: OriginMarks, topics: readonly Topic[]): Promise<void> {
    const { postgres, consumer, partition } = this.#options;
    const rows = await postgres.query<{ topic: string; origin: string; last_sequence: string }>(SQL.origins, [
      consumer,
      partition,
    ]);
    for (const topic of topics) {
      const ofTopic = rows.filter((row) => row.topic === topic);
      origins.restore(topic, new Map(ofTopic.map((row) => [row.origin, Number(row.last_sequence)])));
    }
  }

  async #nextTimerAfter(now: number): Promise<number | undefined> {
    const { postgres, consumer, partition } = this.#options;
    const [row] = await postgres.query<{ due_at: string | null }>(SQL.nextTimer, [consumer, partition, now]);
    return row?.due_at === null || row?.due_at === undefined ? undefined : Number(row.due_at);
  }

  #expectTimers(timers: Commit['timers']): void {
    for (const { dueAt } of timers) {
      if (dueAt !== null && dueAt < this.#noTimerBefore) this.#noTimerBefore = dueAt;
    }
  }

  /** Answers the number of the first fact. */
  async #write(sql: Sql, commit: Commit, values: readonly unknown[]): Promise<number> {
    const { rows } = await sql.query<{ first: string | null; moved: number }>({
      ...SQL.commit,
      values: [...values],
    });
    const [done] = rows;
    if (done === undefined || done.first === null)
      throw new PositionTaken(`${this.#name()} has another owner now`);
    if (Number(done.moved) !== commit.positions.length) {
      throw new PositionTaken(`${this.#name()}: positions are not where the pass began`);
    }
    for (const run of effectRuns(commit.effects)) {
      const { consumer, partition } = this.#options;
      if (run.type === 'cancel')
        await sql.query({ ...SQL.cancel, values: [consumer, JSON.stringify(run.ids)] });
      else await sql.query({ ...SQL.queue, values: [consumer, partition, JSON.stringify(run.effects)] });
    }
    return Number(done.first);
  }

  #valuesOf(
    commit: Commit,
    put: ReturnType<typeof storedFacts>,
    epoch: number,
    now: number,
  ): readonly unknown[] {
    const { consumer, partition } = this.#options;
    const kept = commit.states.filter(({ row }) => row !== null);
    const set = commit.timers.filter(({ dueAt }) => dueAt !== null);
    return [
      consumer,
      partition,
      epoch,
      commit.facts.length,
      now,
      JSON.stringify(
        commit.positions.map(({ topic, expected, next }) => ({ t: topic, e: expected, n: next })),
      ),
      JSON.stringify(this.#originsOf(commit.positions)),
      ...statesNamed(kept),
      textArray(kept.map(({ row }) => JSON.stringify(row))),
      ...statesNamed(commit.states.filter(({ row }) => row === null)),
      ...timersNamed(set),
      // Those that have none were left out.
      bigintArray(set.map(({ dueAt }) => dueAt as number)),
      ...timersNamed(commit.timers.filter(({ dueAt }) => dueAt === null)),
      put.facts,
      put.payload,
      JSON.stringify(
        commit.ledger
          .filter(({ count }) => count > 0)
          .map(({ stage, topic, outcome, reason, count }) => ({
            s: stage,
            t: topic,
            o: outcome,
            r: reason,
            c: count,
          })),
      ),
      JSON.stringify(lettersOf(commit.deadLetters)),
      JSON.stringify(commit.redelivered.map(storable)),
    ];
  }

  #originsOf(positions: Commit['positions']): readonly object[] {
    const { origins } = this.#options;
    if (origins === undefined) return [];
    return positions.flatMap(({ topic, next }) =>
      [...origins.before(topic, next)].map(([origin, sequence]) => ({ t: topic, o: origin, s: sequence })),
    );
  }

  #writer(view: string): PostgresViewWriter {
    const writer = this.#options.views.get(view);
    if (writer === undefined) throw new Error(`no writer is registered for the view ${view}`);
    return writer;
  }

  #name(): string {
    return `${this.#options.consumer}/${this.#options.partition}`;
  }
}

const UNKNOWN_OFFSET = -1;

/** Somebody at a keyboard asked for them: a second is soon enough. */
const REDELIVERIES_EVERY_MS = 1_000;

/** Key spaces and keys, side by side. */
const statesNamed = (states: readonly StateKey[]): readonly [Buffer, Buffer] => [
  textArray(states.map(({ keySpace }) => keySpace)),
  textArray(states.map(({ key }) => storable(key))),
];

/** Processes, keys and names, side by side. */
const timersNamed = (timers: Commit['timers']): readonly [Buffer, Buffer, Buffer] => [
  textArray(timers.map(({ process }) => process)),
  textArray(timers.map(({ key }) => storable(key))),
  textArray(timers.map(({ name }) => storable(name))),
];

const rowId = (keySpace: string, key: string): string => `${keySpace} ${key}`;

/** The last change of each id, per view. */
function byView(changes: Commit['views']): Map<string, readonly { id: string; row: unknown }[]> {
  const views = new Map<string, Map<string, { id: string; row: unknown }>>();
  for (const { view, id, row } of changes) {
    const ofView = views.get(view) ?? new Map();
    views.set(view, ofView.set(id, { id, row }));
  }
  return new Map([...views].map(([view, rows]) => [view, [...rows.values()]]));
}

type EffectRun =
  | { readonly type: 'queue'; readonly effects: object[] }
  | { readonly type: 'cancel'; readonly ids: string[] };

/** Neighbours of one kind together: queued, then cancelled, means something else than the other way round. */
function effectRuns(changes: Commit['effects']): readonly EffectRun[] {
  const runs: EffectRun[] = [];
  for (const { id, queue, dueAt, since = dueAt, payload, trace } of changes) {
    const last = runs.at(-1);
    if (payload === null) {
      if (last?.type === 'cancel') last.ids.push(storable(id));
      else runs.push({ type: 'cancel', ids: [storable(id)] });
      continue;
    }
    const effect = { i: storable(id), q: queue, d: dueAt, s: since, p: JSON.stringify(payload), c: trace };
    if (last?.type === 'queue') last.effects.push(effect);
    else runs.push({ type: 'queue', effects: [effect] });
  }
  return runs;
}

/** The last letter of each id. */
function lettersOf(letters: readonly DeadLetter[]): readonly object[] {
  const last = new Map(letters.map((letter) => [letter.id, letter]));
  return [...last.values()].map((letter) => ({
    i: storable(letter.id),
    c: letter.process,
    t: letter.topic,
    k: storable(letter.key),
    n: letter.partition,
    o: letter.offset,
    r: letter.reason,
    d: storable(letter.detail),
    a: letter.at,
    p: letter.payload,
  }));
}

interface TimerRow {
  readonly process: string;
  readonly key: string;
  readonly name: string;
  readonly due_at: string;
}

const toTimer = (row: TimerRow): OwnedTimer => ({
  process: row.process,
  key: restored(row.key),
  name: restored(row.name),
  dueAt: Number(row.due_at),
});

/** A payload is what the process had been given: a timer, or the value of a record of the topic. */
function toRedelivery(row: Record<string, unknown>): Redelivery {
  const deadLetterId = restored(String(row.id));
  const payload: unknown = JSON.parse(String(row.payload));
  const topic = String(row.topic);
  // What was parked under this name is a timer; repairs of it are checked when they are handed in.
  if (topic === TIMERS) return { deadLetterId, timer: payload as OwnedTimer };
  if (!isTopic(topic)) {
    throw new Error(`dead letter ${deadLetterId} names a topic that this version does not know: ${topic}`);
  }
  const input = {
    topic,
    key: restored(String(row.key)),
    value: payload,
    partition: Number(row.partition),
    offset: Number(row.at_offset),
    appendedAt: Number(row.at),
  } as Input;
  return { deadLetterId, process: String(row.process), input };
}
