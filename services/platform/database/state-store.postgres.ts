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
import { CommitUnknown, type NamedSql, type Postgres, type Sql } from './postgres.ts';
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
    const wanted = keys.map(({ keySpace, key }) => ({ s: keySpace, k: storable(key) }));
    const found = await postgres.query<{ key_space: string; key: string; body: string }>(SQL.loadStates, [
      consumer,
      JSON.stringify(wanted),
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
    const ofTimer = ({ process, key, name, dueAt }: Commit['timers'][number]) => ({
      p: process,
      k: storable(key),
      n: storable(name),
      d: dueAt,
    });
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
      `[${kept.map(stateJson).join()}]`,
      JSON.stringify(
        commit.states
          .filter(({ row }) => row === null)
          .map(({ keySpace, key }) => ({ s: keySpace, k: storable(key) })),
      ),
      JSON.stringify(set.map(ofTimer)),
      JSON.stringify(commit.timers.filter(({ dueAt }) => dueAt === null).map(ofTimer)),
      put.facts,
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
      put.payload,
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

/** PostgreSQL gives the text of a body as it stands here, so that it need not be escaped once more. */
function stateJson({ keySpace, key, row }: Commit['states'][number]): string {
  const body = JSON.stringify(row);
  return `{"s":"${keySpace}","k":${JSON.stringify(storable(key))},"b":${NOT_IN_ITS_JSON.test(body) ? JSON.stringify(body) : body}}`;
}

/** NUL and halves of surrogate pairs, as `JSON.stringify` writes them. */
const NOT_IN_ITS_JSON = /\\u(?:0000|d[89a-f])/;

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

const sql = (name: string, text: string): NamedSql => ({ name, text });

const SQL = {
  take: sql(
    'take-partition',
    `INSERT INTO owner (consumer, partition, epoch, instance, taken_at)
     VALUES ($1, $2, 1, $3, extract(epoch FROM now()) * 1000)
     ON CONFLICT (consumer, partition) DO UPDATE
       SET epoch = owner.epoch + 1, instance = excluded.instance, taken_at = excluded.taken_at
     RETURNING epoch`,
  ),
  addPositions: sql(
    'add-positions',
    `INSERT INTO position (consumer, topic, partition, next_offset)
     SELECT $1, topic, $2, 0 FROM json_array_elements_text($3::text::json) AS topic ON CONFLICT DO NOTHING`,
  ),
  positions: sql(
    'positions',
    'SELECT topic, next_offset FROM position WHERE consumer = $1 AND partition = $2',
  ),
  origins: sql(
    'origins',
    'SELECT topic, origin, last_sequence FROM origin WHERE consumer = $1 AND partition = $2',
  ),
  loadStates: sql(
    'load-states',
    `SELECT state.key_space, state.key, state.body
     FROM json_to_recordset($2::text::json) AS wanted (s text, k text)
     JOIN state ON state.consumer = $1 AND state.key_space = wanted.s AND state.key = wanted.k`,
  ),
  dueTimers: sql(
    'due-timers',
    `SELECT process, key, name, due_at FROM timer WHERE consumer = $1 AND partition = $2 AND due_at <= $3
     ORDER BY due_at, process, key, name LIMIT $4`,
  ),
  nextTimer: sql(
    'next-timer',
    'SELECT min(due_at) AS due_at FROM timer WHERE consumer = $1 AND partition = $2 AND due_at > $3',
  ),
  retrying: sql(
    'retrying',
    `SELECT id, process, topic, key, partition, at_offset, at, payload FROM dead_letter
     WHERE consumer = $1 AND owner_partition = $2 AND status = 'retrying' ORDER BY at, id LIMIT $3`,
  ),
  queue: sql(
    'queue-effects',
    `INSERT INTO effect (consumer, partition, id, queue, due_at, since, payload, trace)
     SELECT $1, $2, i, q, d, s, p, c
     FROM json_to_recordset($3::text::json) AS e (i text, q text, d bigint, s bigint, p text, c text)
     ON CONFLICT DO NOTHING`,
  ),
  // One that a worker holds may be on its way: it is marked, and the worker looks before it sends.
  cancel: sql(
    'cancel-effects',
    `WITH wanted AS (SELECT id FROM json_array_elements_text($2::text::json) AS id),
     gone AS (DELETE FROM effect USING wanted WHERE consumer = $1 AND effect.id = wanted.id AND claims = 0)
     UPDATE effect SET cancelled = true FROM wanted WHERE consumer = $1 AND effect.id = wanted.id AND claims > 0`,
  ),
  /** All of a commit but effects and views. Without ownership its rows are rolled back by the caller. */
  commit: sql(
    'commit-pass',
    `WITH fence AS (
       UPDATE owner SET next_sequence = next_sequence + $4::bigint
       WHERE consumer = $1 AND partition = $2 AND epoch = $3 RETURNING next_sequence - $4::bigint AS first
     ), moved AS (
       UPDATE position SET next_offset = m.n
       FROM json_to_recordset($6::text::json) AS m (t text, e bigint, n bigint)
       WHERE consumer = $1 AND partition = $2 AND topic = m.t AND next_offset = m.e RETURNING 1
     ), marked AS (
       INSERT INTO origin (consumer, partition, topic, origin, last_sequence)
       SELECT $1, $2, t, o, s FROM json_to_recordset($7::text::json) AS o (t text, o text, s bigint)
       ON CONFLICT (consumer, topic, partition, origin) DO UPDATE SET last_sequence = excluded.last_sequence
     ), stored AS (
       INSERT INTO state (consumer, key_space, key, body)
       SELECT $1, s, k, b FROM json_to_recordset($8::text::json) AS s (s text, k text, b text)
       ON CONFLICT (consumer, key_space, key) DO UPDATE SET body = excluded.body
     ), forgotten AS (
       DELETE FROM state USING json_to_recordset($9::text::json) AS f (s text, k text)
       WHERE consumer = $1 AND key_space = f.s AND key = f.k
     ), timers_set AS (
       INSERT INTO timer (consumer, partition, process, key, name, due_at)
       SELECT $1, $2, p, k, n, d FROM json_to_recordset($10::text::json) AS t (p text, k text, n text, d bigint)
       ON CONFLICT (consumer, partition, process, key, name) DO UPDATE SET due_at = excluded.due_at
     ), timers_cleared AS (
       DELETE FROM timer USING json_to_recordset($11::text::json) AS c (p text, k text, n text)
       WHERE consumer = $1 AND partition = $2 AND process = c.p AND key = c.k AND name = c.n
     ), put_out AS (
       INSERT INTO outbox (consumer, partition, sequence, count, facts, payload, at)
       SELECT $1, $2, fence.first, $4::bigint, $12, $16, $5 FROM fence WHERE $4::bigint > 0
     ), counted AS (
       INSERT INTO ledger (consumer, partition, stage, topic, outcome, reason, count)
       SELECT $1, $2, s, t, o, r, c
       FROM json_to_recordset($13::text::json) AS l (s text, t text, o text, r text, c bigint)
       ON CONFLICT (consumer, partition, stage, topic, outcome, reason)
         DO UPDATE SET count = ledger.count + excluded.count
     ), parked AS (
       INSERT INTO dead_letter (consumer, owner_partition, id, process, topic, key, partition, at_offset, reason,
                                detail, at, payload, status)
       SELECT $1, $2, i, c, t, k, n, o, r, d, a, p, 'parked'
       FROM json_to_recordset($14::text::json)
         AS d (i text, c text, t text, k text, n integer, o bigint, r text, d text, a bigint, p text)
       ON CONFLICT (consumer, id) DO UPDATE SET reason = excluded.reason, detail = excluded.detail,
         status = 'parked', attempts = dead_letter.attempts + 1
     ), retried AS (
       UPDATE dead_letter SET status = 'retried'
       FROM json_array_elements_text($15::text::json) AS r (id)
       WHERE consumer = $1 AND dead_letter.id = r.id
     )
     SELECT (SELECT first FROM fence), (SELECT count(*)::integer FROM moved) AS moved`,
  ),
} satisfies Record<string, NamedSql>;
