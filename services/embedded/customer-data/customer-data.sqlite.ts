import type { DatabaseSync } from 'node:sqlite';
import { QUARANTINE_PREFIX } from '../../contracts/identity.ts';
import { TOPICS, type Topic } from '../../contracts/topics.ts';
import { EMBEDDED_PARTITION } from '../../platform/event-log/event-log.sqlite.ts';
import { LogTable, type StoredBatch } from '../../platform/event-log/log-table.sqlite.ts';
import { batchLines, encodeBatch, encodeLine, parseLine } from '../../platform/event-log/record-batch.ts';
import {
  type CustomerNames,
  isKeyOf,
  type Left,
  recordWithout,
  signalIdOf,
  withoutCustomer,
} from './speaks-of.ts';

/** One stored thing that is about a customer. */
export interface CustomerItem {
  /** The topic of the log, or the table. */
  readonly where: string;
  readonly key: string;
  /** When it was stored, epoch ms, where that is known. */
  readonly at?: number;
  readonly value: unknown;
}

/** What was taken out, by topic and table. `changed`: it stays, without what was about the customer. */
export type Forgotten = Readonly<Record<string, { readonly removed: number; readonly changed: number }>>;

/** Everything by which a data file names a customer. */
export function namesOfCustomer(db: DatabaseSync, customerId: string): CustomerNames {
  const identities = new Set<string>();
  for (const { key, body } of states(db, ['identity'])) {
    const owner = ownerIn(body);
    // An identity that nobody has claimed is a customer of its own; claimed, it is its owner's.
    if (owner === customerId || (owner === undefined && customerId === QUARANTINE_PREFIX + key))
      identities.add(key);
  }
  const subjects = new Set([customerId, ...[...identities].map((identity) => QUARANTINE_PREFIX + identity)]);
  const signals = new Set<string>();
  for (const { key, value } of records(db, 'signals')) {
    if (subjects.has(key)) signals.add(signalIdOf(String(Reflect.get(value as object, 'id'))));
  }
  const alertKeys = new Set<string>();
  for (const topic of ['alert-requests', 'alerts'] as const) {
    for (const { key, value } of records(db, topic))
      if (subjects.has(String(subjectIn(value)))) alertKeys.add(key);
  }
  const known = db.prepare(
    'SELECT alert_key FROM loop_audit WHERE subject = ?1 UNION SELECT alert_key FROM loop_alert WHERE subject = ?1',
  );
  for (const subject of subjects) for (const row of known.all(subject)) alertKeys.add(String(row.alert_key));
  return { subjects, identities, alertKeys, signals };
}

/** The slot of the process that knows whose an identity is. */
const ownerIn = (body: Readonly<Record<string, unknown>>): unknown => {
  const slot = body.identity as { readonly owner?: { readonly customerId?: string } } | undefined;
  return slot?.owner?.customerId;
};

/** A request names its subject itself, an event its alert's. */
const subjectIn = (value: unknown): unknown => {
  const { subject, alert } = value as {
    readonly subject?: string;
    readonly alert?: { readonly subject?: string };
  };
  return subject ?? alert?.subject;
};

/** Everything that is about the customer, from the log and the tables. Only reads. */
export function* gatherCustomer(db: DatabaseSync, names: CustomerNames): Generator<CustomerItem> {
  for (const topic of Object.keys(TOPICS) as Topic[]) {
    for (const { key, value, at } of records(db, topic)) {
      const rest = recordWithout({ topic, key, value }, names);
      if (rest.gone || rest.changed) yield { where: topic, key, at, value };
    }
  }
  for (const { keySpace, key, body } of statesOf(db, names))
    yield { where: `state of ${keySpace}`, key, value: body };
  for (const place of TABLES) {
    for (const { id, values } of rowsOf(db, place, names))
      yield { where: place.table, key: id, value: values };
  }
}

/**
 * Takes the customer out of the data file, within the transaction that is open. The place of a record in the log stays, empty,
 * so that no offset moves. Ids of published records stay: a source that sends one again is told that it is a repeat.
 */
export function forgetCustomer(db: DatabaseSync, names: CustomerNames): Forgotten {
  const counted = new Map<string, { removed: number; changed: number }>();
  const count: Count = (where, what, n = 1) => {
    const entry = counted.get(where) ?? { removed: 0, changed: 0 };
    counted.set(where, { ...entry, [what]: entry[what] + n });
  };
  forgetInLog(db, names, count);
  forgetStates(db, names, count);
  for (const place of TABLES) {
    const remove = db.prepare(`DELETE FROM ${place.table} WHERE ${place.id} = ?`);
    for (const { id } of [...rowsOf(db, place, names)]) {
      remove.run(id);
      count(place.table, 'removed');
    }
  }
  return Object.fromEntries(counted);
}

type Count = (where: string, what: 'removed' | 'changed', n?: number) => void;

/** With a state go the timers of its key. */
function forgetStates(db: DatabaseSync, names: CustomerNames, count: Count): void {
  const remove = db.prepare('DELETE FROM state WHERE key_space = ? AND key = ?');
  const change = db.prepare('UPDATE state SET body = ? WHERE key_space = ? AND key = ?');
  const timers = db.prepare('DELETE FROM timer WHERE key = ?');
  const keys = new Set([...names.subjects, ...names.identities, ...names.alertKeys]);
  for (const { keySpace, key, rest } of [...statesOf(db, names)]) {
    if (rest.gone) {
      remove.run(keySpace, key);
      keys.add(key);
    } else change.run(JSON.stringify(rest.value), keySpace, key);
    count(`state of ${keySpace}`, rest.gone ? 'removed' : 'changed');
  }
  for (const key of keys) {
    const gone = Number(timers.run(key).changes);
    if (gone > 0) count('timer', 'removed', gone);
  }
}

function forgetInLog(db: DatabaseSync, names: CustomerNames, count: Count): void {
  const rewrite = db.prepare('UPDATE log_batch SET codec = ?, payload = ? WHERE seq = ?');
  for (const topic of Object.keys(TOPICS) as Topic[]) {
    for (const batch of batches(db, topic)) {
      let touched = false;
      const lines = batchLines(batch).map((line) => {
        if (line === '') return '\n';
        const [key, value, trace] = parseLine(line);
        const rest = recordWithout({ topic, key, value }, names);
        if (!rest.gone && !rest.changed) return `${line}\n`;
        touched = true;
        count(topic, rest.gone ? 'removed' : 'changed');
        return rest.gone ? '\n' : encodeLine(key, rest.value, trace);
      });
      if (!touched) continue;
      const { codec, payload } = encodeBatch(lines);
      rewrite.run(codec, payload, batch.seq);
    }
  }
}

/** Tables in which a row is about one customer or about none; `key` is what it is found by, beside its body. */
const TABLES: readonly TablePlace[] = [
  { table: 'loop_alert', id: 'alert_id', key: 'alert_key' },
  { table: 'loop_audit', id: 'position', key: 'alert_key' },
  { table: 'loop_held', id: 'event_id' },
  { table: 'loop_delivery', id: 'outcome_id', key: 'alert_key' },
  { table: 'loop_standing', id: 'customer_id', key: 'customer_id' },
  { table: 'sandbox_messages', id: 'id', key: 'alert_key' },
  { table: 'effect', id: 'id' },
  { table: 'dead_letter', id: 'id', key: 'key' },
];

interface TablePlace {
  readonly table: string;
  /** Column that names a row. */
  readonly id: string;
  readonly key?: string;
}

interface TableRow {
  readonly id: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Columns that hold JSON. */
const JSON_COLUMNS = ['body', 'payload', 'content'];

/** The rows of a table that are about the customer. */
function* rowsOf(db: DatabaseSync, place: TablePlace, names: CustomerNames): Generator<TableRow> {
  for (const row of db.prepare(`SELECT * FROM ${place.table}`).iterate()) {
    const values: Record<string, unknown> = { ...row };
    for (const column of JSON_COLUMNS) {
      if (typeof row[column] === 'string') values[column] = parsed(row[column]);
    }
    if (isTheirs(place, values, names)) yield { id: String(row[place.id]), values };
  }
}

const isTheirs = (
  { table, key }: TablePlace,
  values: Readonly<Record<string, unknown>>,
  names: CustomerNames,
): boolean =>
  (key !== undefined && isKeyOf(String(values[key]), names)) ||
  has(names.subjects, values.subject) ||
  (table === 'dead_letter' && isRecordOf(String(values.topic), values.payload, names)) ||
  withoutCustomer(values.body ?? values.payload ?? {}, names).gone;

const has = (names: ReadonlySet<string>, name: unknown): boolean =>
  typeof name === 'string' && names.has(name);

const isRecordOf = (topic: string, payload: unknown, names: CustomerNames): boolean =>
  topic in TOPICS && recordWithout({ topic: topic as Topic, key: '', value: payload }, names).gone;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // A dead letter keeps what could not be decoded as it came.
    return text;
  }
};

interface StateOf {
  readonly keySpace: string;
  readonly key: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly rest: Left<unknown>;
}

/** Rows of the customer's own key, and those of segments, alerts and identities that speak of them. */
function* statesOf(db: DatabaseSync, names: CustomerNames): Generator<StateOf> {
  const own = db.prepare(
    "SELECT key_space, key, body FROM state WHERE key_space IN ('customer', 'record') AND key = ?",
  );
  for (const subject of names.subjects) {
    for (const row of own.all(subject)) {
      yield { keySpace: String(row.key_space), key: subject, body: bodyOf(row), rest: { gone: true } };
    }
  }
  for (const { keySpace, key, body } of states(db, ['identity', 'alert', 'segment'])) {
    const rest: Left<unknown> = isKeyOf(key, names) ? { gone: true } : withoutCustomer(body, names);
    if (rest.gone || rest.changed) yield { keySpace, key, body, rest };
  }
}

function* states(db: DatabaseSync, keySpaces: readonly string[]) {
  const all = db.prepare('SELECT key, body FROM state WHERE key_space = ?');
  for (const keySpace of keySpaces) {
    for (const row of all.iterate(keySpace)) yield { keySpace, key: String(row.key), body: bodyOf(row) };
  }
}

/** The column is only ever written as a JSON object. */
const bodyOf = (row: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  JSON.parse(String(row.body)) as Readonly<Record<string, unknown>>;

function* records(db: DatabaseSync, topic: Topic) {
  for (const batch of batches(db, topic)) {
    for (const line of batchLines(batch)) {
      if (line === '') continue;
      const [key, value] = parseLine(line);
      yield { key, value, at: batch.appendedAt };
    }
  }
}

function* batches(db: DatabaseSync, topic: Topic): Generator<StoredBatch> {
  const table = new LogTable(db);
  let next = 0;
  for (;;) {
    const [batch] = table.batchesFrom(topic, EMBEDDED_PARTITION, next, 1);
    if (batch === undefined) return;
    yield batch;
    next = batch.baseOffset + batch.count;
  }
}
