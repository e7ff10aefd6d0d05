import type { DatabaseSync } from 'node:sqlite';
import { QUARANTINE_PREFIX } from '../../contracts/identity.ts';
import { TOPICS, type Topic } from '../../contracts/topics.ts';
import { EMBEDDED_PARTITION } from '../../platform/event-log/event-log.sqlite.ts';
import { LogTable, type StoredBatch } from '../../platform/event-log/log-table.sqlite.ts';
import { batchLines, encodeBatch, encodeLine, parseLine } from '../../platform/event-log/record-batch.ts';
import {
  type CustomerItem,
  type Forgotten,
  isRowAbout,
  ownerIn,
  type RowValues,
  stateBody,
  stateTold,
  TABLES,
  type TablePlace,
  Tally,
  withJson,
} from './rows-about.ts';
import {
  aboutCustomer,
  type CustomerNames,
  isKeyOf,
  type Left,
  recordWithout,
  signalIdOf,
  withoutCustomer,
} from './speaks-of.ts';

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
      if (rest.gone || rest.changed)
        yield { where: topic, key, at, value: aboutCustomer(value, rest, names) };
    }
  }
  for (const { keySpace, key, body, rest } of statesOf(db, names))
    yield { where: `state of ${keySpace}`, key, value: aboutCustomer(stateTold(body), rest, names) };
  for (const place of PLACES) {
    for (const { id, values } of rowsOf(db, place, names))
      yield { where: place.table, key: id, value: values };
  }
}

/**
 * Takes the customer out of the data file, within the transaction that is open. The place of a record in the log stays, empty,
 * so that no offset moves. Ids of published records stay: a source that sends one again is told that it is a repeat.
 */
export function forgetCustomer(db: DatabaseSync, names: CustomerNames): Forgotten {
  const tally = new Tally();
  forgetInLog(db, names, tally);
  forgetStates(db, names, tally);
  for (const place of PLACES) {
    const remove = db.prepare(`DELETE FROM ${place.table} WHERE ${place.id} = ?`);
    for (const { id } of [...rowsOf(db, place, names)]) {
      remove.run(id);
      tally.add(place.table, 'removed');
    }
  }
  return tally.all();
}

/** With a state go the timers of its key. */
function forgetStates(db: DatabaseSync, names: CustomerNames, tally: Tally): void {
  const remove = db.prepare('DELETE FROM state WHERE key_space = ? AND key = ?');
  const change = db.prepare('UPDATE state SET body = ? WHERE key_space = ? AND key = ?');
  const timers = db.prepare('DELETE FROM timer WHERE key = ?');
  const keys = new Set([...names.subjects, ...names.identities, ...names.alertKeys]);
  for (const { keySpace, key, rest } of [...statesOf(db, names)]) {
    if (rest.gone) {
      remove.run(keySpace, key);
      keys.add(key);
    } else change.run(JSON.stringify(rest.value), keySpace, key);
    tally.add(`state of ${keySpace}`, rest.gone ? 'removed' : 'changed');
  }
  for (const key of keys) {
    tally.add('timer', 'removed', Number(timers.run(key).changes));
  }
}

function forgetInLog(db: DatabaseSync, names: CustomerNames, tally: Tally): void {
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
        tally.add(topic, rest.gone ? 'removed' : 'changed');
        return rest.gone ? '\n' : encodeLine(key, rest.value, trace);
      });
      if (!touched) continue;
      const { codec, payload } = encodeBatch(lines);
      rewrite.run(codec, payload, batch.seq);
    }
  }
}

const PLACES: readonly TablePlace[] = [...TABLES, { table: 'sandbox_messages', id: 'id', key: 'alert_key' }];

interface TableRow {
  readonly id: string;
  readonly values: RowValues;
}

/** The rows of a table that are about the customer. */
function* rowsOf(db: DatabaseSync, place: TablePlace, names: CustomerNames): Generator<TableRow> {
  for (const row of db.prepare(`SELECT * FROM ${place.table}`).iterate()) {
    const values = withJson(row);
    if (isRowAbout(place, values, names)) yield { id: String(row[place.id]), values };
  }
}

interface StateOf {
  readonly keySpace: string;
  readonly key: string;
  readonly body: RowValues;
  readonly rest: Left<unknown>;
}

/** Rows of the customer's own key, and those of segments, alerts and identities that speak of them. */
function* statesOf(db: DatabaseSync, names: CustomerNames): Generator<StateOf> {
  const own = db.prepare(
    "SELECT key_space, key, body FROM state WHERE key_space IN ('customer', 'record') AND key = ?",
  );
  for (const subject of names.subjects) {
    for (const row of own.all(subject)) {
      yield {
        keySpace: String(row.key_space),
        key: subject,
        body: stateBody(row.body),
        rest: { gone: true },
      };
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
    for (const row of all.iterate(keySpace))
      yield { keySpace, key: String(row.key), body: stateBody(row.body) };
  }
}

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
