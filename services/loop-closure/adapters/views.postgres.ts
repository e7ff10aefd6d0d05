import type { HeldReason } from '../../contracts/alert-request.ts';
import type { NamedSql, Postgres } from '../../platform/database/postgres.ts';
import { restored, storable } from '../../platform/database/storable-text.ts';
import type { AlertRow } from '../domain/alert-row.ts';
import type { DeliveryRow, HeldRow } from '../domain/alert-view.ts';
import type { AuditRow } from '../domain/audit.ts';
import type { Standing } from '../domain/standing.ts';
import type { AlertFilter, AlertQueries, AuditFilter } from '../ports.ts';
import { fromBottom, fromTop, pageOf } from './cursor.ts';
import { KNOWN_STANDINGS } from './view-writers.postgres.ts';

// Every `body` was written by `view-writers.postgres.ts`, so it reads back as its row.

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
      (await postgres.query(KNOWN_STANDINGS, [JSON.stringify(customerIds.map(storable))])).map(
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
} satisfies Record<string, NamedSql>;
