import { QUARANTINE_PREFIX } from '../../contracts/identity.ts';
import { SOURCES } from '../../contracts/sources.ts';
import {
  type CustomerItem,
  type Forgotten,
  isRowAbout,
  ownerIn,
  type RowValues,
  stateBody,
  stateTold,
  TABLES,
  Tally,
  withJson,
} from '../../embedded/customer-data/rows-about.ts';
import {
  aboutCustomer,
  type CustomerNames,
  isKeyOf,
  type Left,
  signalIdOf,
  withoutCustomer,
} from '../../embedded/customer-data/speaks-of.ts';
import type { NamedSql, Postgres, Sql } from '../../platform/database/postgres.ts';
import { restored, storable } from '../../platform/database/storable-text.ts';
import { partitionOf } from '../../platform/event-log/partition-of.ts';

/** One thing in the database that is about a customer, and where it stands. */
export type Stored = CustomerItem & { readonly place: Place };

type Place =
  | {
      readonly kind: 'state';
      readonly consumer: string;
      readonly keySpace: string;
      readonly goes: boolean;
    }
  | { readonly kind: 'row'; readonly table: Table; readonly id: string };

type Table = (typeof TABLES)[number]['table'];

/**
 * What the services remember of one customer in PostgreSQL: found by their fields, as on one machine, never by their words.
 *
 * Services may run. What is removed is removed in one transaction, which also takes the partitions that the customer's keys lie in
 * from whoever has them: a commit that was decided on the old states is refused, and its records are judged again on what is stored then.
 */
export class CustomerTables {
  readonly #postgres: Postgres;

  constructor(postgres: Postgres) {
    this.#postgres = postgres;
  }

  /** Everything by which the database names a customer, beside the signals that are known of already. */
  async names(customerId: string, signals: Iterable<string>): Promise<CustomerNames> {
    const services = await this.#services();
    const identities = await this.#identitiesOf(customerId, services);
    const subjects = new Set([customerId, ...[...identities].map((one) => QUARANTINE_PREFIX + one)]);
    const alertKeys = await this.#alertKeysOf(subjects, services);
    const said = new Set(signals);
    const names = { subjects, identities, alertKeys, signals: said };
    for await (const { value } of this.#ownStates(names, services)) noteSignals(value, said);
    return names;
  }

  /** Everything that is about the customer. Only reads. */
  async *gather(names: CustomerNames): AsyncGenerator<Stored> {
    const services = await this.#services();
    yield* this.#ownStates(names, services);
    yield* this.#otherStates(names, services);
    for (const place of TABLES) {
      for await (const row of this.#candidates(place.table, names)) {
        const values = withJson(asWritten(row));
        if (!isRowAbout(place, values, names)) continue;
        const id = String(row[place.id]);
        yield {
          where: place.table,
          key: String(values[place.id]),
          value: values,
          place: { kind: 'row', table: place.table, id },
        };
      }
    }
  }

  /** Removes the customer; answers what was removed, which is nothing when nothing was left. */
  async forget(names: CustomerNames): Promise<Forgotten> {
    const services = await this.#services();
    const found: Stored[] = [];
    for await (const stored of this.gather(names)) found.push(stored);
    const keys = new Set([...names.subjects, ...names.identities, ...names.alertKeys]);
    const timers = await this.#postgres.query(TIMERS_OF, [[...keys].map(storable)]);
    const tally = new Tally();
    if (found.length + timers.length === 0) return tally.all();
    for (const { key, place } of found) if (place.kind === 'state') keys.add(key);
    await this.#postgres.transaction(async (sql) => {
      await takeFromOwners(sql, keys, services);
      for (const stored of found) await remove(sql, stored, names, tally);
      const gone = await sql.query({ ...REMOVE_TIMERS, values: [JSON.stringify(timers)] });
      tally.add('timer', 'removed', gone.rowCount ?? 0);
    });
    return tally.all();
  }

  /** How many partitions each service has. */
  async #services(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#postgres.query<{ consumer: string; partitions: number }>(SERVICES, []);
    return new Map(rows.map(({ consumer, partitions }) => [consumer, partitions]));
  }

  /** An identity that nobody has claimed is a customer of its own; claimed, it is its owner's. */
  async #identitiesOf(
    customerId: string,
    services: ReadonlyMap<string, number>,
  ): Promise<ReadonlySet<string>> {
    const quarantined = customerId.startsWith(QUARANTINE_PREFIX)
      ? customerId.slice(QUARANTINE_PREFIX.length)
      : undefined;
    const values = [[...services.keys()], storable(quarantined ?? ''), JSON.stringify(customerId)];
    const rows = await this.#postgres.query<{ key: string; body: string }>(IDENTITIES, values);
    const theirs = rows.filter(({ key, body }) => {
      const owner = ownerIn(stateBody(body));
      return owner === undefined ? restored(key) === quarantined : owner === customerId;
    });
    return new Set(theirs.map(({ key }) => restored(key)));
  }

  async #alertKeysOf(
    subjects: ReadonlySet<string>,
    services: ReadonlyMap<string, number>,
  ): Promise<ReadonlySet<string>> {
    const about = [...subjects].map((subject) => `"subject":${JSON.stringify(subject)}`);
    const values = [[...services.keys()], [...subjects].map(storable), about];
    const rows = await this.#postgres.query<{ alert_key: string }>(ALERT_KEYS, values);
    return new Set(rows.map(({ alert_key }) => restored(alert_key)));
  }

  /** What is kept under the customer's own keys: all of it is theirs. */
  async *#ownStates(names: CustomerNames, services: ReadonlyMap<string, number>): AsyncGenerator<Stored> {
    const rows = await this.#postgres.query<StateColumns>(OWN_STATES, [
      [...services.keys()],
      [...names.subjects].map(storable),
      [...names.identities].map(storable),
      [...names.alertKeys].map(storable),
    ]);
    for (const row of rows) yield storedState(row, { gone: true }, names);
  }

  /** States of other identities, of segments and of alerts about segments may speak of the customer, too. */
  async *#otherStates(names: CustomerNames, services: ReadonlyMap<string, number>): AsyncGenerator<Stored> {
    const quoted = [...names.subjects].map((subject) => JSON.stringify(subject));
    for (const consumer of services.keys()) {
      for (const keySpace of ['identity', 'segment', 'alert'] as const) {
        for await (const row of this.#pages<StateColumns>(
          OTHER_STATES,
          [consumer, keySpace, quoted],
          'key',
        )) {
          const key = restored(row.key);
          if (isKeyOf(key, names)) continue;
          const rest = withoutCustomer(stateBody(row.body), names);
          if (rest.gone || rest.changed) yield storedState(row, rest, names);
        }
      }
    }
  }

  /** Rows that may be about the customer. */
  async *#candidates(table: Table, names: CustomerNames): AsyncGenerator<RowValues> {
    const { subjects, alertKeys } = names;
    const [bySubject, byKey] = [[...subjects].map(storable), [...alertKeys].map(storable)];
    switch (table) {
      case 'loop_alert':
      case 'loop_audit':
        yield* await this.#postgres.query(rowsBySubject(table), [bySubject, byKey]);
        return;
      case 'loop_delivery':
        yield* await this.#postgres.query(DELIVERIES, [byKey]);
        return;
      case 'loop_standing':
        yield* await this.#postgres.query(STANDINGS, [bySubject]);
        return;
      case 'loop_held':
        yield* await this.#postgres.query(HELD, [
          [...subjects, ...alertKeys].map((name) => JSON.stringify(name)),
        ]);
        return;
      case 'effect':
        yield* this.#pages(EFFECTS, [], 'id');
        return;
      case 'dead_letter':
        yield* this.#pages(LETTERS, [], 'id');
    }
  }

  /** All rows of a statement that answers those behind `$1`, at most `$2`, in the order of a column. */
  async *#pages<Row extends RowValues>(
    statement: NamedSql,
    values: readonly unknown[],
    column: keyof Row,
  ): AsyncGenerator<Row> {
    for (let after = ''; ; ) {
      const page = await this.#postgres.query<Row & Record<string, unknown>>(statement, [
        after,
        PAGE,
        ...values,
      ]);
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      after = String(last[column]);
    }
  }
}

/** Some megabytes at most. */
const PAGE = 500;

interface StateColumns extends RowValues {
  readonly consumer: string;
  readonly key_space: string;
  readonly key: string;
  readonly body: string;
}

const storedState = (
  { consumer, key_space, key, body }: StateColumns,
  rest: Left<unknown>,
  names: CustomerNames,
): Stored => ({
  where: `state of ${key_space}`,
  key: restored(key),
  value: aboutCustomer(stateTold(stateBody(body)), rest, names),
  place: { kind: 'state', consumer, keySpace: key_space, goes: rest.gone },
});

/** Columns that hold a name of the outside in the form in which the database can store it. */
const NAMES = ['id', 'key', 'subject', 'alert_key', 'alert_id', 'event_id', 'outcome_id', 'customer_id'];

const asWritten = (row: RowValues): RowValues =>
  Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      NAMES.includes(column) && typeof value === 'string' ? restored(value) : value,
    ]),
  );

/** A signal's id begins with the topic of its record. What merely looks like one does no harm: nothing else is called so. */
function noteSignals(value: unknown, signals: Set<string>): void {
  if (typeof value === 'string') {
    if (IS_SIGNAL.test(value)) signals.add(signalIdOf(value));
  } else if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) noteSignals(part, signals);
  }
}

const IS_SIGNAL = new RegExp(`^(${SOURCES.join('|')})/`);

/** Whoever has these partitions begins again with what is stored, at the next commit. */
async function takeFromOwners(
  sql: Sql,
  keys: ReadonlySet<string>,
  services: ReadonlyMap<string, number>,
): Promise<void> {
  const taken = [...services].flatMap(([consumer, partitions]) =>
    [...new Set([...keys].map((key) => partitionOf(key, partitions)))].map((partition) => ({
      consumer,
      partition,
    })),
  );
  await sql.query({ ...TAKE, values: [JSON.stringify(taken)] });
}

async function remove(
  sql: Sql,
  { where, key, place }: Stored,
  names: CustomerNames,
  tally: Tally,
): Promise<void> {
  if (place.kind === 'row') {
    const { rowCount } = await sql.query({ ...removeFrom(place.table), values: [place.id] });
    tally.add(where, 'removed', rowCount ?? 0);
    return;
  }
  const row = [place.consumer, place.keySpace, storable(key)];
  if (place.goes) {
    const { rowCount } = await sql.query({ ...REMOVE_STATE, values: row });
    tally.add(where, 'removed', rowCount ?? 0);
    return;
  }
  // It may have changed since it was found, but not any more: its partition is ours now.
  const { rows } = await sql.query<{ body: string }>({ ...STATE, values: row });
  const rest = rows.map(({ body }) => withoutCustomer(stateBody(body), names))[0];
  if (rest === undefined || rest.gone || !rest.changed) return;
  await sql.query({ ...CHANGE_STATE, values: [...row, JSON.stringify(rest.value)] });
  tally.add(where, 'changed');
}

const sql = (name: string, text: string): NamedSql => ({ name: `customer-${name}`, text });

const SERVICES = sql(
  'services',
  'SELECT consumer, count(*)::integer AS partitions FROM owner GROUP BY consumer',
);

const IDENTITIES = sql(
  'identities',
  `SELECT key, body FROM state
   WHERE consumer = ANY ($1::text[]) AND key_space = 'identity' AND (key = $2 OR strpos(body, $3) > 0)`,
);

const ALERT_KEYS = sql(
  'alert-keys',
  `SELECT alert_key FROM loop_alert WHERE subject = ANY ($2::text[])
   UNION SELECT alert_key FROM loop_audit WHERE subject = ANY ($2::text[])
   UNION SELECT key FROM state
     WHERE consumer = ANY ($1::text[]) AND key_space = 'alert'
       AND EXISTS (SELECT FROM unnest($3::text[]) AS said WHERE strpos(body, said) > 0)`,
);

const OWN_STATES = sql(
  'own-states',
  `SELECT consumer, key_space, key, body FROM state
   WHERE consumer = ANY ($1::text[]) AND (key_space IN ('customer', 'record') AND key = ANY ($2::text[])
     OR key_space = 'identity' AND key = ANY ($3::text[]) OR key_space = 'alert' AND key = ANY ($4::text[]))`,
);

/** Of alerts those about segments: an alert about another customer has nothing of this one. */
const OTHER_STATES = sql(
  'other-states',
  `SELECT consumer, key_space, key, body FROM state
   WHERE key > $1 AND consumer = $3 AND key_space = $4 AND CASE $4
     WHEN 'identity' THEN EXISTS (SELECT FROM unnest($5::text[]) AS said WHERE strpos(body, said) > 0)
     WHEN 'alert' THEN strpos(body, '"scope":"segment"') > 0
     ELSE true END
   ORDER BY key LIMIT $2`,
);

const rowsBySubject = (table: 'loop_alert' | 'loop_audit'): NamedSql =>
  sql(table, `SELECT * FROM ${table} WHERE subject = ANY ($1::text[]) OR alert_key = ANY ($2::text[])`);
const DELIVERIES = sql('deliveries', 'SELECT * FROM loop_delivery WHERE alert_key = ANY ($1::text[])');
const STANDINGS = sql('standings', 'SELECT * FROM loop_standing WHERE customer_id = ANY ($1::text[])');
const HELD = sql(
  'held',
  'SELECT * FROM loop_held WHERE EXISTS (SELECT FROM unnest($1::text[]) AS said WHERE strpos(body, said) > 0)',
);
const EFFECTS = sql('effects', 'SELECT * FROM effect WHERE id > $1 ORDER BY id LIMIT $2');
const LETTERS = sql('letters', 'SELECT * FROM dead_letter WHERE id > $1 ORDER BY id LIMIT $2');

const TIMERS_OF = sql(
  'timers',
  'SELECT consumer, partition, process, key, name FROM timer WHERE key = ANY ($1::text[])',
);

const TAKE = sql(
  'take',
  `UPDATE owner SET epoch = epoch + 1
   FROM (SELECT o.consumer, o.partition FROM owner AS o
         JOIN json_to_recordset($1::text::json) AS t (consumer text, partition integer) USING (consumer, partition)
         ORDER BY o.consumer, o.partition FOR UPDATE OF o) AS taken
   WHERE owner.consumer = taken.consumer AND owner.partition = taken.partition`,
);
const STATE = sql(
  'state',
  'SELECT body FROM state WHERE consumer = $1 AND key_space = $2 AND key = $3 FOR UPDATE',
);
const REMOVE_STATE = sql(
  'remove-state',
  'DELETE FROM state WHERE consumer = $1 AND key_space = $2 AND key = $3',
);
const CHANGE_STATE = sql(
  'change-state',
  'UPDATE state SET body = $4 WHERE consumer = $1 AND key_space = $2 AND key = $3',
);
const REMOVE_TIMERS = sql(
  'remove-timers',
  `DELETE FROM timer USING json_to_recordset($1::text::json)
     AS t (consumer text, partition integer, process text, key text, name text)
   WHERE timer.consumer = t.consumer AND timer.partition = t.partition AND timer.process = t.process
     AND timer.key = t.key AND timer.name = t.name`,
);

const removeFrom = (table: Table): NamedSql => {
  const { id } = TABLES.find((one) => one.table === table) ?? { id: '' };
  const type = id === 'position' ? 'bigint' : 'text';
  return sql(`remove-${table}`, `DELETE FROM ${table} WHERE ${id} = $1::text::${type}`);
};
