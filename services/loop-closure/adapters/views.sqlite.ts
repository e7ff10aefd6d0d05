import type { DatabaseSync } from 'node:sqlite';
import type { HeldReason } from '../../contracts/alert-request.ts';
import type { AlertRow } from '../domain/alert-row.ts';
import type { DeliveryRow, HeldRow } from '../domain/alert-view.ts';
import type { AuditRow } from '../domain/audit.ts';
import type { Standing } from '../domain/standing.ts';
import type { AlertFilter, AlertQueries, AuditFilter } from '../ports.ts';
import { fromBottom, fromTop, pageOf } from './cursor.ts';
import { createViewWriters, KNOWN_STANDING, type ViewWriters } from './view-writers.sqlite.ts';

export interface Views extends AlertQueries {
  readonly writers: ViewWriters;
}

/** The read models in the data file, whose tables `LOOP_CLOSURE_MIGRATIONS` has made. */
export const createViews = (db: DatabaseSync): Views => ({
  writers: createViewWriters(db),
  ...alertReaders(db),
  ...auditReaders(db),
  ...heldReaders(db),
});

/** Every statement that reads, by name, so that a test can ask SQLite how it would run each of them. */
export const READ_SQL = {
  queue: `
    SELECT body, queue_at AS sort, alert_id AS id FROM loop_alert
    WHERE status <> 'closed' AND (queue_at, alert_id) > (:sort, :id)
      AND (:status IS NULL OR status = :status) AND (:team IS NULL OR team = :team)
      AND (:owner IS NULL OR person = :owner) AND (:severity IS NULL OR severity = :severity)
      AND (:rule IS NULL OR rule_id = :rule) AND (:overdueAt IS NULL OR (queue_at <= :overdueAt AND body ->> '$.next' IS NOT NULL))
      AND (stage = :stage OR (:stage IS NULL AND stage IN ('live', 'canary')))
    ORDER BY queue_at, alert_id LIMIT :limit`,
  opened: `
    SELECT body, opened_at AS sort, alert_id AS id FROM loop_alert
    WHERE (opened_at, alert_id) < (:sort, :id)
      AND (:status IS NULL OR status = :status) AND (:team IS NULL OR team = :team)
      AND (:owner IS NULL OR person = :owner) AND (:severity IS NULL OR severity = :severity)
      AND (:rule IS NULL OR rule_id = :rule)
      AND (:overdueAt IS NULL OR (status <> 'closed' AND queue_at <= :overdueAt AND body ->> '$.next' IS NOT NULL))
      AND (stage = :stage OR (:stage IS NULL AND stage IN ('live', 'canary')))
    ORDER BY opened_at DESC, alert_id DESC LIMIT :limit`,
  ofCustomer: `
    SELECT body, opened_at AS sort, alert_id AS id FROM loop_alert
    WHERE subject = :customer AND (opened_at, alert_id) < (:sort, :id)
      AND (:status IS NULL OR status = :status OR (:status = 'unfinished' AND status <> 'closed'))
      AND (:team IS NULL OR team = :team)
      AND (:owner IS NULL OR person = :owner) AND (:severity IS NULL OR severity = :severity)
      AND (:rule IS NULL OR rule_id = :rule)
      AND (:overdueAt IS NULL OR (status <> 'closed' AND queue_at <= :overdueAt AND body ->> '$.next' IS NOT NULL))
      AND (stage = :stage OR (:stage IS NULL AND stage IN ('live', 'canary')))
    ORDER BY opened_at DESC, alert_id DESC LIMIT :limit`,
  byId: 'SELECT body FROM loop_alert WHERE alert_id = ?',
  byLabel: 'SELECT body FROM loop_alert WHERE label = ? ORDER BY opened_at DESC LIMIT 10',
  byKey: 'SELECT body FROM loop_alert WHERE alert_key = ? ORDER BY cycle DESC LIMIT 100',
  openedBetween: `
    SELECT body FROM loop_alert
    WHERE opened_at >= ? AND opened_at < ? AND stage IN ('live', 'canary') ORDER BY opened_at`,
  eventsOfAlert: 'SELECT body FROM loop_audit WHERE alert_key = ? ORDER BY position DESC LIMIT 500',
  eventsOfCustomer: 'SELECT body FROM loop_audit WHERE subject = ? ORDER BY position DESC LIMIT 500',
  eventOfCommand: 'SELECT body FROM loop_audit WHERE command_id = ? ORDER BY position LIMIT 1',
  audit: 'SELECT body, position AS sort FROM loop_audit WHERE position < ? ORDER BY position DESC LIMIT ?',
  auditOfAlert: `
    SELECT body, position AS sort FROM loop_audit
    WHERE alert_key = ? AND position < ? ORDER BY position DESC LIMIT ?`,
  auditOfActor: `
    SELECT body, position AS sort FROM loop_audit
    WHERE actor_id = ? AND position < ? ORDER BY position DESC LIMIT ?`,
  deliveriesOf:
    'SELECT body FROM loop_delivery WHERE alert_key = ? ORDER BY at DESC, outcome_id DESC LIMIT 200',
  held: `
    SELECT body, at AS sort, event_id AS id FROM loop_held
    WHERE (at, event_id) < (?, ?) ORDER BY at DESC, event_id DESC LIMIT ?`,
  heldByReason: 'SELECT reason, count(*) AS n FROM loop_held WHERE at >= ? AND at < ? GROUP BY reason',
  standing: KNOWN_STANDING,
} as const;

type AlertReaders = Pick<AlertQueries, 'alerts' | 'alertsNamed' | 'cycles' | 'openedBetween' | 'standingsOf'>;

const alertReaders = (db: DatabaseSync): AlertReaders => {
  const queue = db.prepare(READ_SQL.queue);
  const opened = db.prepare(READ_SQL.opened);
  const ofCustomer = db.prepare(READ_SQL.ofCustomer);
  const byId = db.prepare(READ_SQL.byId);
  const byLabel = db.prepare(READ_SQL.byLabel);
  const byKey = db.prepare(READ_SQL.byKey);
  const between = db.prepare(READ_SQL.openedBetween);
  const standing = db.prepare(READ_SQL.standing);

  const listed = (filter: AlertFilter, limit: number, cursor: string | undefined) => {
    const common = { ...filterParts(filter), limit: limit + 1 };
    if (filter.customer !== undefined) {
      const parts = { customer: filter.customer, status: filter.status ?? null };
      return ofCustomer.all({ ...common, ...parts, ...fromTop(cursor) });
    }
    const status = filter.status === 'unfinished' ? null : (filter.status ?? null);
    return filter.status === undefined || filter.status === 'closed'
      ? opened.all({ ...common, status, ...fromTop(cursor) })
      : queue.all({ ...common, status, ...fromBottom(cursor) });
  };

  return {
    async alerts(filter, limit, cursor) {
      return pageOf(listed(filter, limit, cursor), limit, bodyOf<AlertRow>);
    },
    async alertsNamed(name) {
      const found = byId.all(name).map(bodyOf<AlertRow>);
      if (found.length > 0) return found;
      const labelled = byLabel.all(name.toUpperCase()).map(bodyOf<AlertRow>);
      return labelled.length > 0
        ? labelled
        : byKey
            .all(name)
            .slice(0, 1)
            .map(bodyOf<AlertRow>);
    },
    async cycles(alertKey) {
      return byKey.all(alertKey).map(bodyOf<AlertRow>);
    },
    async openedBetween(from, to) {
      return between.all(from, to).map(bodyOf<AlertRow>);
    },
    async standingsOf(customerIds) {
      return customerIds.flatMap((id) => standing.all(id).map(bodyOf<Standing>));
    },
  };
};

type AuditReaders = Pick<AlertQueries, 'eventsOfAlert' | 'eventsOfCustomer' | 'eventOfCommand' | 'audit'>;

const auditReaders = (db: DatabaseSync): AuditReaders => {
  const ofAlert = db.prepare(READ_SQL.eventsOfAlert);
  const ofCustomer = db.prepare(READ_SQL.eventsOfCustomer);
  const ofCommand = db.prepare(READ_SQL.eventOfCommand);
  const all = db.prepare(READ_SQL.audit);
  const pageOfAlert = db.prepare(READ_SQL.auditOfAlert);
  const pageOfActor = db.prepare(READ_SQL.auditOfActor);

  const audited = (filter: AuditFilter, limit: number, before: number) => {
    if (filter.alertKey !== undefined) return pageOfAlert.all(filter.alertKey, before, limit + 1);
    if (filter.actor !== undefined) return pageOfActor.all(filter.actor, before, limit + 1);
    return all.all(before, limit + 1);
  };

  return {
    async eventsOfAlert(alertKey) {
      return ofAlert
        .all(alertKey)
        .map(bodyOf<AuditRow>)
        .reverse();
    },
    async eventsOfCustomer(customerId) {
      return ofCustomer
        .all(customerId)
        .map(bodyOf<AuditRow>)
        .reverse();
    },
    async eventOfCommand(commandId) {
      return ofCommand.all(commandId).map(bodyOf<AuditRow>)[0];
    },
    async audit(filter, limit, cursor) {
      return pageOf(audited(filter, limit, fromTop(cursor).sort), limit, bodyOf<AuditRow>);
    },
  };
};

type HeldReaders = Pick<AlertQueries, 'held' | 'heldByReason' | 'deliveriesOf'>;

const heldReaders = (db: DatabaseSync): HeldReaders => {
  const held = db.prepare(READ_SQL.held);
  const byReason = db.prepare(READ_SQL.heldByReason);
  const deliveries = db.prepare(READ_SQL.deliveriesOf);
  return {
    async held(limit, cursor) {
      const { sort, id } = fromTop(cursor);
      return pageOf(held.all(sort, id, limit + 1), limit, bodyOf<HeldRow>);
    },
    async heldByReason(from, to) {
      const rows = byReason.all(from, to);
      return Object.fromEntries(rows.map((row) => [row.reason as HeldReason, Number(row.n)]));
    },
    async deliveriesOf(alertKeys) {
      return alertKeys.flatMap((key) => deliveries.all(key).map(bodyOf<DeliveryRow>)).reverse();
    },
  };
};

type SqlRow = Record<string, unknown>;

// Every `body` was written by the writers, so it reads back as its row.
const bodyOf = <Row>(row: SqlRow): Row => JSON.parse(String(row.body)) as Row;

const filterParts = (filter: AlertFilter) => ({
  team: filter.team ?? null,
  owner: filter.owner ?? null,
  severity: filter.severity ?? null,
  rule: filter.rule ?? null,
  overdueAt: filter.overdueAt ?? null,
  stage: filter.stage ?? null,
});
