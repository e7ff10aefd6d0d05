import type { StatementSync } from 'node:sqlite';
import type { DeadLetter } from '../../contracts/dead-letter.ts';
import { isTopic, type Topic } from '../../contracts/topics.ts';
import { EMBEDDED_PARTITION } from '../event-log/event-log.sqlite.ts';
import { encodeLine } from '../event-log/record-batch.ts';
import type { Input, KeySpace } from '../keyed-process/keyed-process.ts';
import {
  type Commit,
  type OwnedTimer,
  type PartitionStore,
  PositionTaken,
  type Redelivery,
  type StateRow,
  TIMERS,
} from '../keyed-process/state-store.ts';
import { crashPoint } from '../process/crash-point.ts';
import type { DataFile } from './data-file.ts';
import { asStorageError } from './sqlite.ts';

/** Writes one row of a read model; runs inside the runner's transaction. `row: null` deletes it. */
export type ViewWriter = (id: string, row: unknown) => void;

/** State, timers, positions and everything that is committed with them, in the data file. */
export class SqlitePartitionStore implements PartitionStore {
  readonly #file: DataFile;
  readonly #consumer: string;
  readonly #views: ReadonlyMap<string, ViewWriter>;
  readonly #sql: ReturnType<typeof statements>;

  constructor(file: DataFile, consumer: string, views: ReadonlyMap<string, ViewWriter>) {
    this.#file = file;
    this.#consumer = consumer;
    this.#views = views;
    this.#sql = statements(file);
  }

  async positions(topics: readonly Topic[]): Promise<ReadonlyMap<Topic, number>> {
    return asking(() => new Map(topics.map((topic) => [topic, this.#position(topic)])));
  }

  /** Nothing to do: the file is at hand. */
  async prefetch(): Promise<void> {
    return undefined;
  }

  load(keySpace: KeySpace, key: string): StateRow | undefined {
    const body = asking(() => this.#sql.loadState.get(keySpace, key)?.body);
    // `commit` is the only writer of the column and writes a row.
    return body === undefined ? undefined : (JSON.parse(String(body)) as StateRow);
  }

  async dueTimers(now: number, limit: number): Promise<readonly OwnedTimer[]> {
    return asking(() => this.#sql.dueTimers.all(EMBEDDED_PARTITION, now, limit)).map(toTimer);
  }

  async nextTimerAt(): Promise<number | undefined> {
    const due = asking(() => this.#sql.nextTimer.get(EMBEDDED_PARTITION)?.due_at);
    return due === null || due === undefined ? undefined : Number(due);
  }

  async redeliveries(limit: number): Promise<readonly Redelivery[]> {
    return asking(() => this.#sql.retrying.all(limit)).map(toRedelivery);
  }

  nextOffset(topic: Topic): number {
    return this.#file.log.end(topic, EMBEDDED_PARTITION);
  }

  /** Not on disk yet, see `synced`: what is only derived from the log is derived again after a power cut. */
  async commit(commit: Commit, now: number): Promise<void> {
    this.#file.transaction(() => {
      this.#movePositions(commit.positions);
      this.#storeStates(commit.states);
      this.#storeTimers(commit.timers);
      this.#appendFacts(commit.facts, now);
      this.#storeEffects(commit.effects);
      for (const view of commit.views) this.#writer(view.view)(view.id, view.row);
      this.#storeDeadLetters(commit.deadLetters);
      for (const id of commit.redelivered) this.#sql.redelivered.run(id);
      this.#file.ledger.write(commit.ledger);
      crashPoint('cp3');
    });
    crashPoint('cp4');
  }

  synced(): Promise<void> {
    return this.#file.synced();
  }

  #position(topic: Topic): number {
    return Number(this.#sql.position.get(this.#consumer, topic, EMBEDDED_PARTITION)?.next_offset ?? 0);
  }

  #movePositions(moves: Commit['positions']): void {
    for (const { topic, expected, next } of moves) {
      const found = this.#position(topic);
      if (found !== expected) {
        throw new PositionTaken(
          `${this.#consumer} expected ${topic} at ${expected} and found it at ${found}`,
        );
      }
      this.#sql.movePosition.run(this.#consumer, topic, EMBEDDED_PARTITION, next);
    }
  }

  #storeStates(states: Commit['states']): void {
    for (const { keySpace, key, row } of states) {
      if (row === null) this.#sql.forgetState.run(keySpace, key);
      else this.#storeState(keySpace, key, JSON.stringify(row));
    }
  }

  /** Nearly always the row is there, and an upsert would look for a place for a new one first. */
  #storeState(keySpace: KeySpace, key: string, body: string): void {
    if (this.#sql.changeState.run(body, keySpace, key).changes === 0) {
      this.#sql.addState.run(keySpace, key, body);
    }
  }

  #storeTimers(timers: Commit['timers']): void {
    for (const { process, key, name, dueAt } of timers) {
      if (dueAt === null) this.#sql.clearTimer.run(EMBEDDED_PARTITION, process, key, name);
      else this.#sql.setTimer.run(EMBEDDED_PARTITION, process, key, name, dueAt);
    }
  }

  #appendFacts(facts: Commit['facts'], now: number): void {
    const batches = new Map<Topic, string[]>();
    for (const { topic, key, value, trace } of facts) {
      const lines = batches.get(topic) ?? [];
      if (lines.length === 0) batches.set(topic, lines);
      lines.push(encodeLine(key, value, trace));
    }
    for (const [topic, lines] of batches) this.#file.log.append(topic, EMBEDDED_PARTITION, lines, now);
  }

  #storeEffects(effects: Commit['effects']): void {
    for (const { id, queue, dueAt, since = dueAt, payload, trace } of effects) {
      if (payload === null) {
        // One that a worker holds may be on its way: it is marked, and the worker looks before it sends.
        if (this.#sql.cancelWaiting.run(id).changes === 0) this.#sql.cancelClaimed.run(id);
      } else this.#sql.queueEffect.run(id, queue, dueAt, since, JSON.stringify(payload), trace ?? null);
    }
  }

  #storeDeadLetters(letters: readonly DeadLetter[]): void {
    for (const letter of letters) {
      this.#sql.park.run(
        letter.id,
        letter.process,
        letter.topic,
        letter.key,
        letter.partition,
        letter.offset,
        letter.reason,
        letter.detail,
        letter.at,
        letter.payload,
      );
    }
  }

  #writer(view: string): ViewWriter {
    const writer = this.#views.get(view);
    if (writer === undefined) throw new Error(`no writer is registered for the view ${view}`);
    return writer;
  }
}

/** Asks the file; trouble of the disk comes back as what it is, so that the runner waits for it to pass. */
function asking<T>(question: () => T): T {
  try {
    return question();
  } catch (error) {
    throw asStorageError(error);
  }
}

const statements = ({ db }: DataFile) =>
  ({
    position: db.prepare(
      'SELECT next_offset FROM position WHERE consumer = ? AND topic = ? AND partition = ?',
    ),
    movePosition: db.prepare(
      `INSERT INTO position (consumer, topic, partition, next_offset) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset`,
    ),
    loadState: db.prepare('SELECT body FROM state WHERE key_space = ? AND key = ?'),
    changeState: db.prepare('UPDATE state SET body = ? WHERE key_space = ? AND key = ?'),
    addState: db.prepare('INSERT INTO state (key_space, key, body) VALUES (?, ?, ?)'),
    forgetState: db.prepare('DELETE FROM state WHERE key_space = ? AND key = ?'),
    dueTimers: db.prepare(
      'SELECT process, key, name, due_at FROM timer WHERE partition = ? AND due_at <= ? ORDER BY due_at, process, key, name LIMIT ?',
    ),
    nextTimer: db.prepare('SELECT min(due_at) AS due_at FROM timer WHERE partition = ?'),
    setTimer: db.prepare(
      `INSERT INTO timer (partition, process, key, name, due_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET due_at = excluded.due_at`,
    ),
    clearTimer: db.prepare('DELETE FROM timer WHERE partition = ? AND process = ? AND key = ? AND name = ?'),
    queueEffect: db.prepare(
      'INSERT INTO effect (id, queue, due_at, since, payload, trace) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    cancelWaiting: db.prepare('DELETE FROM effect WHERE id = ? AND claims = 0'),
    cancelClaimed: db.prepare('UPDATE effect SET cancelled = 1 WHERE id = ?'),
    park: db.prepare(
      `INSERT INTO dead_letter (id, process, topic, key, partition, at_offset, reason, detail, at, payload, status)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'parked')
       ON CONFLICT DO UPDATE SET reason = excluded.reason, detail = excluded.detail, status = 'parked', attempts = attempts + 1`,
    ),
    retrying: db.prepare(
      "SELECT id, process, topic, key, partition, at_offset, at, payload FROM dead_letter WHERE status = 'retrying' ORDER BY at, id LIMIT ?",
    ),
    redelivered: db.prepare("UPDATE dead_letter SET status = 'retried' WHERE id = ?"),
  }) satisfies Record<string, StatementSync>;

const toTimer = (row: Record<string, unknown>): OwnedTimer => ({
  process: String(row.process),
  key: String(row.key),
  name: String(row.name),
  dueAt: Number(row.due_at),
});

/** A payload is what the process had been given: a timer, or the value of a record of the topic. */
function toRedelivery(row: Record<string, unknown>): Redelivery {
  const deadLetterId = String(row.id);
  const payload: unknown = JSON.parse(String(row.payload));
  const topic = String(row.topic);
  // What was parked under this name is a timer; repairs of it are checked when they are handed in.
  if (topic === TIMERS) return { deadLetterId, timer: payload as OwnedTimer };
  if (!isTopic(topic)) {
    throw new Error(`dead letter ${deadLetterId} names a topic that this version does not know: ${topic}`);
  }
  const input = {
    topic,
    key: String(row.key),
    value: payload,
    partition: Number(row.partition),
    offset: Number(row.at_offset),
    appendedAt: Number(row.at),
  } as Input;
  return { deadLetterId, process: String(row.process), input };
}
