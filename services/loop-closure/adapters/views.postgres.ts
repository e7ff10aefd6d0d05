import type { HeldReason } from '../../contracts/alert-request.ts';
import type { PostgresMigration } from '../../platform/database/migrate.postgres.ts';
import type { NamedSql, Postgres, Sql } from '../../platform/database/postgres.ts';
import type { Forgetting } from '../../platform/database/retention.postgres.ts';
import type { PostgresViewWriter } from '../../platform/database/state-store.postgres.ts';
import { restored, storable } from '../../platform/database/storable-text.ts';
import type { AlertRow } from '../domain/alert-row.ts';
import type { DeliveryRow, HeldRow } from '../domain/alert-view.ts';
import type { AuditRow } from '../domain/audit.ts';
import { type Standing, standingAfter, type Told } from '../domain/standing.ts';
import type { AlertFilter, AlertQueries, AuditFilter } from '../ports.ts';
import { fromBottom, fromTop, NEVER, pageOf } from './cursor.ts';

/** The tables of the read models, as `views.sqlite.ts` has them. */
export const LOOP_CLOSURE_POSTGRES_MIGRATIONS: readonly PostgresMigration[] = [
  {
    id: '0101-loop-closure',
    sql: `
      CREATE TABLE loop_alert (
        alert_id text COLLATE "C" PRIMARY KEY,
        alert_key text COLLATE "C" NOT NULL,
        cycle integer NOT NULL,
        label text COLLATE "C" NOT NULL,
        status text NOT NULL,
        stage text NOT NULL,
        severity text NOT NULL,
        rule_id text NOT NULL,
        subject text COLLATE "C" NOT NULL,
        team text NOT NULL,
        person text,
        opened_at bigint NOT NULL,
        queue_at bigint NOT NULL,
        has_next boolean NOT NULL,
        body text NOT NULL
      ) WITH (fillfactor = 70);
      CREATE INDEX loop_alert_queue ON loop_alert (queue_at, alert_id) WHERE status <> 'closed';
      CREATE INDEX loop_alert_opened ON loop_alert (opened_at, alert_id);
      CREATE INDEX loop_alert_subject ON loop_alert (subject, opened_at, alert_id);
      CREATE INDEX loop_alert_key ON loop_alert (alert_key, cycle);
      CREATE INDEX loop_alert_label ON loop_alert (label, opened_at);

      CREATE TABLE loop_audit (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id text COLLATE "C" NOT NULL UNIQUE,
        alert_key text COLLATE "C" NOT NULL,
        subject text COLLATE "C" NOT NULL,
        actor_id text COLLATE "C" NOT NULL,
        command_id text COLLATE "C",
        body text NOT NULL
      );
      CREATE INDEX loop_audit_alert ON loop_audit (alert_key, position);
      CREATE INDEX loop_audit_subject ON loop_audit (subject, position);
      CREATE INDEX loop_audit_actor ON loop_audit (actor_id, position);
      CREATE INDEX loop_audit_command ON loop_audit (command_id) WHERE command_id IS NOT NULL;

      CREATE TABLE loop_held (
        event_id text COLLATE "C" NOT NULL,
        at bigint NOT NULL,
        reason text NOT NULL,
        body text NOT NULL,
        PRIMARY KEY (event_id, at)
      ) PARTITION BY RANGE (at);
      CREATE TABLE loop_held_default PARTITION OF loop_held DEFAULT;
      CREATE INDEX loop_held_at ON loop_held (at, event_id, reason);

      CREATE TABLE loop_delivery (
        outcome_id text COLLATE "C" NOT NULL,
        alert_key text COLLATE "C" NOT NULL,
        at bigint NOT NULL,
        body text NOT NULL,
        PRIMARY KEY (outcome_id, at)
      ) PARTITION BY RANGE (at);
      CREATE TABLE loop_delivery_default PARTITION OF loop_delivery DEFAULT;
      CREATE INDEX loop_delivery_alert ON loop_delivery (alert_key, at);
    `,
  },
  {
    id: '0102-standings',
    sql: `
      CREATE TABLE loop_standing (
        customer_id text COLLATE "C" PRIMARY KEY,
        body text NOT NULL
      ) WITH (fillfactor = 70);
    `,
  },
];

/** What grows with every match and every message. A row written again has the same instant, so it is found again. */
const MONTHLY_TABLES = ['loop_held', 'loop_delivery'];

/**
 * Also goes: an alert that was closed too long ago, found among the oldest by when it was opened; and an event that was written
 * down too long ago, whatever became of its alert, found among the first of the order in which they were written.
 */
export const LOOP_CLOSURE_FORGETS: Forgetting = {
  tables: MONTHLY_TABLES,
  statements: [
    {
      name: 'forget-alerts',
      text: `DELETE FROM loop_alert WHERE alert_id = ANY (ARRAY(
               SELECT alert_id FROM loop_alert
               WHERE status = 'closed' AND opened_at < $1 AND substring(body from '"closedAt":(\\d+)')::bigint < $1
               ORDER BY opened_at LIMIT $2)) RETURNING 1`,
    },
    {
      name: 'forget-audit',
      text: `DELETE FROM loop_audit WHERE position = ANY (ARRAY(
               SELECT position FROM (SELECT position, body FROM loop_audit ORDER BY position LIMIT $2) AS first
               WHERE substring(body from '"recordedAt":(\\d+)')::bigint < $1)) RETURNING 1`,
    },
  ],
};

/** By view name, for the runner. Writing the same row again changes nothing. */
export const POSTGRES_VIEW_WRITERS: ReadonlyMap<string, PostgresViewWriter> = new Map<
  string,
  PostgresViewWriter
>([
  ['alerts', writer(alertColumns, upsertAlerts())],
  ['audit', writer(auditColumns, insertAudit())],
  ['held', writer(heldColumns, insertHeld())],
  ['deliveries', writer(deliveryColumns, insertDeliveries())],
  ['standings', writeStandings],
]);

// The writers are called with the rows that the processes here made for the view of that name, and with no others;
// the runner hands them on as `unknown`. Likewise every `body` was written here, so it reads back as its row.

function writer(columns: (id: string, row: unknown) => object, sql: NamedSql): PostgresViewWriter {
  return async (client, changes) => {
    const rows = changes.map(({ id, row }) => ({ ...columns(storable(id), row), body: JSON.stringify(row) }));
    await client.query({ ...sql, values: [JSON.stringify(rows)] });
  };
}

function alertColumns(id: string, value: unknown): object {
  const row = value as AlertRow;
  return {
    alert_id: id,
    alert_key: storable(row.alertKey),
    cycle: row.cycle,
    label: row.label,
    status: row.status,
    stage: row.stage,
    severity: row.severity,
    rule_id: row.ruleId,
    subject: storable(row.subject),
    team: row.team,
    person: row.person ?? null,
    opened_at: row.openedAt,
    queue_at: row.next?.dueAt ?? row.snoozedUntil ?? NEVER,
    has_next: row.next !== undefined,
  };
}

function auditColumns(id: string, value: unknown): object {
  const row = value as AuditRow;
  return {
    event_id: id,
    alert_key: storable(row.alertKey),
    subject: storable(row.subject),
    actor_id: storable(row.actorId),
    command_id: row.commandId === undefined ? null : storable(row.commandId),
  };
}

function heldColumns(id: string, value: unknown): object {
  const { at, reason } = value as HeldRow;
  return { event_id: id, at, reason };
}

function deliveryColumns(id: string, value: unknown): object {
  const { alertKey, at } = value as DeliveryRow;
  return { outcome_id: id, alert_key: storable(alertKey), at };
}

function upsertAlerts(): NamedSql {
  return {
    name: 'write-alerts',
    text: `
      INSERT INTO loop_alert SELECT * FROM json_populate_recordset(NULL::loop_alert, $1::text::json)
      ON CONFLICT (alert_id) DO UPDATE SET
        status = excluded.status, stage = excluded.stage, severity = excluded.severity, team = excluded.team,
        person = excluded.person, queue_at = excluded.queue_at, has_next = excluded.has_next,
        body = excluded.body`,
  };
}

function insertAudit(): NamedSql {
  return {
    name: 'write-audit',
    text: `
      INSERT INTO loop_audit (event_id, alert_key, subject, actor_id, command_id, body)
      SELECT event_id, alert_key, subject, actor_id, command_id, body
      FROM json_to_recordset($1::text::json)
        AS r (event_id text, alert_key text, subject text, actor_id text, command_id text, body text)
      ON CONFLICT (event_id) DO NOTHING`,
  };
}

function insertHeld(): NamedSql {
  return {
    name: 'write-held',
    text: `
      INSERT INTO loop_held SELECT * FROM json_populate_recordset(NULL::loop_held, $1::text::json)
      ON CONFLICT DO NOTHING`,
  };
}

function insertDeliveries(): NamedSql {
  return {
    name: 'write-deliveries',
    text: `
      INSERT INTO loop_delivery SELECT * FROM json_populate_recordset(NULL::loop_delivery, $1::text::json)
      ON CONFLICT DO NOTHING`,
  };
}

/** Only what is new of those customers. */
async function writeStandings(
  client: Sql,
  changes: readonly { readonly id: string; readonly row: unknown }[],
): Promise<void> {
  const ids = JSON.stringify(changes.map(({ id }) => storable(id)));
  const { rows } = await client.query({ ...READ.standings, values: [ids] });
  const known = new Map(rows.map(bodyOf<Standing>).map((standing) => [standing.customerId, standing]));
  const changed = changes.flatMap(({ id, row }) => {
    const after = standingAfter(known.get(id), row as Told);
    return after === known.get(id) ? [] : [{ customer_id: storable(id), body: JSON.stringify(after) }];
  });
  if (changed.length > 0) await client.query({ ...UPSERT_STANDINGS, values: [JSON.stringify(changed)] });
}

const UPSERT_STANDINGS: NamedSql = {
  name: 'write-standings',
  text: `
    INSERT INTO loop_standing SELECT * FROM json_populate_recordset(NULL::loop_standing, $1::text::json)
    ON CONFLICT (customer_id) DO UPDATE SET body = excluded.body`,
};

/** The read models in PostgreSQL, whose tables `LOOP_CLOSURE_POSTGRES_MIGRATIONS` has made. */
export const createPostgresViews = (postgres: Postgres): AlertQueries => ({
  ...alertReaders(postgres),
  ...auditReaders(postgres),
  ...heldReaders(postgres),
});

type AlertReaders = Pick<AlertQueries, 'alerts' | 'alertsNamed' | 'cycles' | 'openedBetween' | 'standingsOf'>;

const alertReaders = (postgres: Postgres): AlertReaders => {
  const rows = async (sql: NamedSql, values: readonly unknown[]) =>
    (await postgres.query(sql, values)).map(bodyOf<AlertRow>);
  const listed = (filter: AlertFilter, limit: number, cursor: string | undefined) => {
    const { team, owner, severity, rule, overdueAt, stage, customer, status } = filter;
    const common = [team, owner, severity, rule, overdueAt, stage].map((value) => value ?? null);
    if (customer !== undefined) {
      const { sort, id } = fromTop(cursor);
      return postgres.query(READ.ofCustomer, [
        sort,
        id,
        limit + 1,
        status ?? null,
        ...common,
        storable(customer),
      ]);
    }
    const wanted = status === 'unfinished' ? null : (status ?? null);
    if (status === undefined || status === 'closed') {
      const { sort, id } = fromTop(cursor);
      return postgres.query(READ.opened, [sort, id, limit + 1, wanted, ...common]);
    }
    const { sort, id } = fromBottom(cursor);
    return postgres.query(READ.queue, [sort, id, limit + 1, wanted, ...common]);
  };
  return {
    alerts: async (filter, limit, cursor) =>
      pageOf((await listed(filter, limit, cursor)).map(numbered), limit, bodyOf<AlertRow>),
    alertsNamed: async (name) => {
      const stored = storable(name);
      const found = await rows(READ.byId, [stored]);
      if (found.length > 0) return found;
      const labelled = await rows(READ.byLabel, [stored.toUpperCase()]);
      return labelled.length > 0 ? labelled : (await rows(READ.byKey, [stored])).slice(0, 1);
    },
    cycles: (alertKey) => rows(READ.byKey, [storable(alertKey)]),
    openedBetween: (from, to) => rows(READ.openedBetween, [from, to]),
    standingsOf: async (customerIds) =>
      (await postgres.query(READ.standings, [JSON.stringify(customerIds.map(storable))])).map(
        bodyOf<Standing>,
      ),
  };
};

type AuditReaders = Pick<AlertQueries, 'eventsOfAlert' | 'eventsOfCustomer' | 'eventOfCommand' | 'audit'>;

const auditReaders = (postgres: Postgres): AuditReaders => {
  const rows = async (sql: NamedSql, value: string) =>
    (await postgres.query(sql, [storable(value)])).map(bodyOf<AuditRow>);
  const audited = ({ alertKey, actor }: AuditFilter, limit: number, before: number) => {
    if (alertKey !== undefined)
      return postgres.query(READ.auditOfAlert, [before, limit + 1, storable(alertKey)]);
    if (actor !== undefined) return postgres.query(READ.auditOfActor, [before, limit + 1, storable(actor)]);
    return postgres.query(READ.audit, [before, limit + 1]);
  };
  return {
    eventsOfAlert: async (alertKey) => (await rows(READ.eventsOfAlert, alertKey)).reverse(),
    eventsOfCustomer: async (customerId) => (await rows(READ.eventsOfCustomer, customerId)).reverse(),
    eventOfCommand: async (commandId) => (await rows(READ.eventOfCommand, commandId))[0],
    audit: async (filter, limit, cursor) => {
      const found = await audited(filter, limit, fromTop(cursor).sort);
      return pageOf(found.map(numbered), limit, bodyOf<AuditRow>);
    },
  };
};

type HeldReaders = Pick<AlertQueries, 'held' | 'heldByReason' | 'deliveriesOf'>;

const heldReaders = (postgres: Postgres): HeldReaders => ({
  held: async (limit, cursor) => {
    const { sort, id } = fromTop(cursor);
    return pageOf(
      (await postgres.query(READ.held, [sort, id, limit + 1])).map(numbered),
      limit,
      bodyOf<HeldRow>,
    );
  },
  heldByReason: async (from, to) => {
    const rows = await postgres.query<{ reason: string; n: string }>(READ.heldByReason, [from, to]);
    return Object.fromEntries(rows.map(({ reason, n }) => [reason as HeldReason, Number(n)]));
  },
  deliveriesOf: async (alertKeys) => {
    const found: DeliveryRow[] = [];
    for (const key of alertKeys) {
      found.push(...(await postgres.query(READ.deliveriesOf, [storable(key)])).map(bodyOf<DeliveryRow>));
    }
    return found.reverse();
  },
});

const bodyOf = <Row>(row: Record<string, unknown>): Row => JSON.parse(String(row.body)) as Row;

/** PostgreSQL's large numbers come as text. */
const numbered = (row: Record<string, unknown>): Record<string, unknown> => ({
  ...row,
  sort: Number(row.sort),
  ...(row.id === undefined ? {} : { id: restored(String(row.id)) }),
});

const FILTER = `
  ($4::text IS NULL OR status = $4) AND ($5::text IS NULL OR team = $5) AND ($6::text IS NULL OR person = $6)
  AND ($7::text IS NULL OR severity = $7) AND ($8::text IS NULL OR rule_id = $8)
  AND (stage = $10 OR ($10::text IS NULL AND stage IN ('live', 'canary')))`;
const OVERDUE = `($9::bigint IS NULL OR (status <> 'closed' AND queue_at <= $9 AND has_next))`;

const sql = (name: string, text: string): NamedSql => ({ name, text });

const READ = {
  queue: sql(
    'alerts-queue',
    `SELECT body, queue_at AS sort, alert_id AS id FROM loop_alert
     WHERE status <> 'closed' AND (queue_at, alert_id) > ($1::bigint, $2::text) AND ${FILTER} AND ${OVERDUE}
     ORDER BY queue_at, alert_id LIMIT $3`,
  ),
  opened: sql(
    'alerts-opened',
    `SELECT body, opened_at AS sort, alert_id AS id FROM loop_alert
     WHERE (opened_at, alert_id) < ($1::bigint, $2::text) AND ${FILTER} AND ${OVERDUE}
     ORDER BY opened_at DESC, alert_id DESC LIMIT $3`,
  ),
  ofCustomer: sql(
    'alerts-of-customer',
    `SELECT body, opened_at AS sort, alert_id AS id FROM loop_alert
     WHERE subject = $11 AND (opened_at, alert_id) < ($1::bigint, $2::text)
       AND ${FILTER.replace('status = $4', "(status = $4 OR ($4 = 'unfinished' AND status <> 'closed'))")} AND ${OVERDUE}
     ORDER BY opened_at DESC, alert_id DESC LIMIT $3`,
  ),
  byId: sql('alert-by-id', 'SELECT body FROM loop_alert WHERE alert_id = $1'),
  byLabel: sql(
    'alert-by-label',
    'SELECT body FROM loop_alert WHERE label = $1 ORDER BY opened_at DESC LIMIT 10',
  ),
  byKey: sql(
    'alert-by-key',
    'SELECT body FROM loop_alert WHERE alert_key = $1 ORDER BY cycle DESC LIMIT 100',
  ),
  openedBetween: sql(
    'alerts-between',
    `SELECT body FROM loop_alert
     WHERE opened_at >= $1 AND opened_at < $2 AND stage IN ('live', 'canary') ORDER BY opened_at`,
  ),
  eventsOfAlert: sql(
    'events-of-alert',
    'SELECT body FROM loop_audit WHERE alert_key = $1 ORDER BY position DESC LIMIT 500',
  ),
  eventsOfCustomer: sql(
    'events-of-customer',
    'SELECT body FROM loop_audit WHERE subject = $1 ORDER BY position DESC LIMIT 500',
  ),
  eventOfCommand: sql(
    'event-of-command',
    'SELECT body FROM loop_audit WHERE command_id = $1 ORDER BY position LIMIT 1',
  ),
  audit: sql(
    'audit',
    'SELECT body, position AS sort FROM loop_audit WHERE position < $1 ORDER BY position DESC LIMIT $2',
  ),
  auditOfAlert: sql(
    'audit-of-alert',
    `SELECT body, position AS sort FROM loop_audit
     WHERE alert_key = $3 AND position < $1 ORDER BY position DESC LIMIT $2`,
  ),
  auditOfActor: sql(
    'audit-of-actor',
    `SELECT body, position AS sort FROM loop_audit
     WHERE actor_id = $3 AND position < $1 ORDER BY position DESC LIMIT $2`,
  ),
  deliveriesOf: sql(
    'deliveries-of',
    'SELECT body FROM loop_delivery WHERE alert_key = $1 ORDER BY at DESC, outcome_id COLLATE "C" DESC LIMIT 200',
  ),
  held: sql(
    'held',
    `SELECT body, at AS sort, event_id AS id FROM loop_held
     WHERE (at, event_id) < ($1::bigint, $2::text) ORDER BY at DESC, event_id DESC LIMIT $3`,
  ),
  heldByReason: sql(
    'held-by-reason',
    'SELECT reason, count(*) AS n FROM loop_held WHERE at >= $1 AND at < $2 GROUP BY reason',
  ),
  standings: sql(
    'standings',
    `SELECT body FROM loop_standing
     WHERE customer_id = ANY (ARRAY(SELECT json_array_elements_text($1::text::json)))`,
  ),
} satisfies Record<string, NamedSql>;
