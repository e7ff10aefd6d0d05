import { TOPICS, type Topic } from '../../contracts/topics.ts';
import { POSTGRES_VIEW_WRITERS } from '../../loop-closure/adapters/view-writers.postgres.ts';
import type { AlertRow } from '../../loop-closure/domain/alert-row.ts';
import { customerView } from '../../loop-closure/domain/customer-view.ts';
import type { Sql } from '../../platform/database/postgres.ts';
import { storable } from '../../platform/database/storable-text.ts';
import { CARRIED_OVER, EMBEDDED_ERA } from '../../platform/distributed/ledger-sums.postgres.ts';
import { partitionOf } from '../../platform/event-log/partition-of.ts';
import type { DataFileReader, MovedTable } from './data-file.ts';
import type { Moved } from './history.ts';
import { HOMES, homeOf, type MovedProcess } from './homes.ts';

export interface MoveOptions {
  readonly file: DataFileReader;
  readonly sql: Sql;
  readonly processes: readonly MovedProcess[];
  readonly history: ReadonlyMap<Topic, Moved>;
  readonly partitions: number;
  /** The data file does not know when a state was written: all count as written now, epoch ms. */
  readonly now: number;
}

/** How many rows of each kind were written. */
export type MovedRows = Record<string, number>;

/** Writes everything that the data file holds; runs inside one transaction. */
export async function moveRows(options: MoveOptions): Promise<MovedRows> {
  const { file, sql, partitions } = options;
  const moved: MovedRows = {};
  const write = async (what: string, text: string, rows: readonly object[]): Promise<void> => {
    moved[what] = (moved[what] ?? 0) + rows.length;
    if (rows.length > 0) await sql.query(text, [JSON.stringify(rows)]);
  };
  for (const rows of file.pieces('state')) {
    await write(
      'state',
      INSERT.state,
      rows.flatMap((row) => slotsOf(row, options)),
    );
  }
  for (const rows of file.pieces('timer')) {
    await write(
      'timer',
      INSERT.timer,
      rows.map((row) => ({
        consumer: homeOf(String(row.process)),
        partition: partitionOf(String(row.key), partitions),
        process: row.process,
        key: storable(String(row.key)),
        name: storable(String(row.name)),
        due_at: row.due_at,
      })),
    );
  }
  for (const rows of file.pieces('effect')) {
    await write(
      'effect',
      INSERT.effect,
      rows.map((row) => effectOf(row, partitions)),
    );
  }
  for (const rows of file.pieces('dead_letter')) {
    await write(
      'dead_letter',
      INSERT.letter,
      rows.map((row) => letterOf(row, partitions)),
    );
  }
  for (const rows of file.pieces('log_seen')) {
    await write(
      'log_seen',
      INSERT.seen,
      rows.map((row) => ({ ...row, id: storable(String(row.id)) })),
    );
  }
  for (const rows of file.pieces('loop_standing')) {
    const standings = rows.map((row) => ({ ...row, customer_id: storable(String(row.customer_id)) }));
    await write('loop_standing', INSERT.standing, standings);
  }
  for (const rows of file.pieces('rule_set')) await write('rule_set', INSERT.ruleSet, rows);
  for (const rows of file.pieces('rules_in_force')) await write('rules_in_force', INSERT.inForce, rows);
  await moveViews(options, moved);
  await moveLedger(options, write);
  return moved;
}

/** One row per service: it has a slot for each of its processes, and knows nothing of the others. */
function slotsOf(row: Record<string, unknown>, { history, now }: MoveOptions): object[] {
  const services = new Map<string, Record<string, unknown>>();
  // The column holds an object with a slot per process.
  for (const [process, slot] of Object.entries(JSON.parse(String(row.body)) as Record<string, unknown>)) {
    const home = HOMES[process];
    // Left by a process that this version does not have.
    if (home === undefined) continue;
    const body = services.get(home) ?? {};
    body[process] = process === customerView.name ? placesIn(slot, history.get('assessments')) : slot;
    services.set(home, body);
  }
  const { key_space, key } = row;
  return [...services].map(([consumer, body]) => ({
    consumer,
    key_space,
    key: storable(String(key)),
    body: JSON.stringify(body),
    at: now,
  }));
}

/** Where a customer's story lies; the state of `customer-view` is a list of offsets. */
const placesIn = (slot: unknown, moved: Moved | undefined): readonly number[] =>
  (slot as readonly number[]).flatMap((offset) => moved?.at(offset) ?? []);

function effectOf(row: Record<string, unknown>, partitions: number): object {
  // What waits to be sent belongs to an alert, whose owner sends it.
  const { alertKey } = JSON.parse(String(row.payload)) as { alertKey?: string };
  const { id, queue, due_at, since, payload, claims, cancelled, trace } = row;
  return {
    consumer: 'notification',
    id: storable(String(id)),
    partition: partitionOf(alertKey ?? String(id), partitions),
    queue,
    due_at,
    since,
    payload,
    claims,
    cancelled: cancelled === 1,
    trace,
  };
}

function letterOf(row: Record<string, unknown>, partitions: number): object {
  return {
    ...row,
    consumer: homeOf(String(row.process)),
    owner_partition: partitionOf(String(row.key), partitions),
    id: storable(String(row.id)),
    key: storable(String(row.key)),
    detail: storable(String(row.detail)),
    ...(typeof row.decided_by === 'string' ? { decided_by: storable(row.decided_by) } : {}),
    ...(typeof row.decided_why === 'string' ? { decided_why: storable(row.decided_why) } : {}),
  };
}

const VIEWS: readonly (readonly [view: string, table: MovedTable, id: string])[] = [
  ['alerts', 'loop_alert', 'alert_id'],
  ['audit', 'loop_audit', 'event_id'],
  ['held', 'loop_held', 'event_id'],
  ['deliveries', 'loop_delivery', 'outcome_id'],
];

async function moveViews({ file, sql, history, partitions }: MoveOptions, moved: MovedRows): Promise<void> {
  for (const [view, table, id] of VIEWS) {
    moved[table] = 0;
    for (const rows of file.pieces(table)) {
      const changes = rows.map((row) => {
        const body: unknown = JSON.parse(String(row.body));
        const placed =
          view === 'alerts' ? withPlace(body as AlertRow, history.get('alerts'), partitions) : body;
        return { id: String(row[id]), row: placed };
      });
      await POSTGRES_VIEW_WRITERS.get(view)?.(sql, changes);
      moved[table] += rows.length;
    }
  }
}

/** The row with the place of its latest event in Kafka. */
const withPlace = (row: AlertRow, moved: Moved | undefined, partitions: number): AlertRow => ({
  ...row,
  partition: partitionOf(row.alertKey, partitions),
  offset: moved?.at(row.offset) ?? -1,
});

type Write = (what: string, text: string, rows: readonly object[]) => Promise<void>;

/**
 * The ledger goes along as an era of its own, with what its processes had been given, so that its sums can be checked
 * here again. In the new era services begin behind the history: it was put out to them, and they have stepped over it.
 */
async function moveLedger({ file, processes, history }: MoveOptions, write: Write): Promise<void> {
  const emitted = new Map<string, number>();
  for (const rows of file.pieces('ledger')) {
    for (const { topic, outcome, count } of rows) {
      if (outcome === 'emitted')
        emitted.set(String(topic), (emitted.get(String(topic)) ?? 0) + Number(count));
    }
    await write(
      'ledger',
      INSERT.ledger,
      rows.map((row) => ({ ...row, consumer: EMBEDDED_ERA, partition: 0 })),
    );
  }
  const inputs = new Set(processes.flatMap((process) => process.inputs));
  const given = [...inputs].map((topic) => ({
    consumer: EMBEDDED_ERA,
    topic,
    partition: 0,
    // Read in the log, or handed on in memory by who emitted it.
    next_offset: file.position(topic) > 0 ? file.position(topic) : (emitted.get(topic) ?? 0),
  }));
  await write('position', INSERT.position, given);
  for (const [topic, { ends }] of history) {
    const readers = processes.filter((process) => process.inputs.includes(topic));
    for (const [partition, end] of ends.entries()) {
      if (end === 0) continue;
      const counted = { partition, topic, reason: CARRIED_OVER, count: end };
      await write('carried over', INSERT.ledger, [
        { ...counted, consumer: TOPICS[topic].writer, stage: 'log', outcome: 'accepted' },
        ...readers.map(({ name }) => ({
          ...counted,
          consumer: homeOf(name),
          stage: name,
          outcome: 'skipped',
        })),
      ]);
      const services = new Set(readers.map(({ name }) => homeOf(name)));
      const positions = [...services].map((consumer) => ({ consumer, topic, partition, next_offset: end }));
      await write('position', INSERT.position, positions);
    }
  }
}

const insert = (table: string): string =>
  `INSERT INTO "${table}" SELECT * FROM json_populate_recordset(NULL::"${table}", $1::text::json)`;

const INSERT = {
  state: insert('state'),
  timer: insert('timer'),
  // Whatever was claimed when the old process died is claimed again, and looked for before it is sent.
  effect: `INSERT INTO effect (consumer, id, partition, queue, due_at, since, payload, lease_until, claims, cancelled, trace)
           SELECT consumer, id, partition, queue, due_at, since, payload, 0, claims, cancelled, trace
           FROM json_populate_recordset(NULL::effect, $1::text::json)`,
  letter: insert('dead_letter'),
  seen: insert('log_seen'),
  standing: insert('loop_standing'),
  ruleSet: insert('rule_set'),
  inForce: `INSERT INTO rules_in_force (at, hash)
            SELECT at, hash FROM json_populate_recordset(NULL::rules_in_force, $1::text::json)`,
  ledger: insert('ledger'),
  position: insert('position'),
};
