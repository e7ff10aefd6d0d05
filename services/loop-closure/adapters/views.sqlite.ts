import type { DatabaseSync } from 'node:sqlite';
import type { HeldReason } from '../../contracts/alert-request.ts';
import type { Migration } from '../../platform/database/sqlite.ts';
import type { AlertRow } from '../domain/alert-row.ts';
import type { DeliveryRow, HeldRow } from '../domain/alert-view.ts';
import type { AuditRow } from '../domain/audit.ts';
import { type Standing, standingAfter, type Told } from '../domain/standing.ts';
import type { AlertFilter, AlertQueries, AuditFilter } from '../ports.ts';
import { fromBottom, fromTop, NEVER, pageOf } from './cursor.ts';

/**
 * Tables of the read models. What is searched or sorted by has a column; the row itself is JSON in `body`,
 * readable with `body ->> '$.field'` in the sqlite3 shell.
 */
export const LOOP_CLOSURE_MIGRATIONS: readonly Migration[] = [
  {
    id: '0101-loop-closure',
    sql: `
      -- One row per cycle of an alert. queue_at is its next deadline; without one the end of
      -- its snooze, or of time.
      CREATE TABLE loop_alert (
        alert_id TEXT PRIMARY KEY,
        alert_key TEXT NOT NULL,
        cycle INTEGER NOT NULL,
        label TEXT NOT NULL,
        status TEXT NOT NULL,
        stage TEXT NOT NULL,
        severity TEXT NOT NULL,
        rule_id TEXT NOT NULL,
        subject TEXT NOT NULL,
        team TEXT NOT NULL,
        person TEXT,
        opened_at INTEGER NOT NULL,
        queue_at INTEGER NOT NULL,
        body TEXT NOT NULL
      );
      CREATE INDEX loop_alert_queue ON loop_alert (queue_at, alert_id) WHERE status <> 'closed';
      CREATE INDEX loop_alert_opened ON loop_alert (opened_at, alert_id);
      CREATE INDEX loop_alert_subject ON loop_alert (subject, opened_at, alert_id);
      CREATE INDEX loop_alert_key ON loop_alert (alert_key, cycle);
      CREATE INDEX loop_alert_label ON loop_alert (label, opened_at);

      -- Append-only: one row per alert event. position is the order in which they were written.
      CREATE TABLE loop_audit (
        position INTEGER PRIMARY KEY,
        event_id TEXT NOT NULL UNIQUE,
        alert_key TEXT NOT NULL,
        subject TEXT NOT NULL,
        actor_id TEXT NOT NULL,
        command_id TEXT,
        body TEXT NOT NULL
      );
      CREATE INDEX loop_audit_alert ON loop_audit (alert_key);
      CREATE INDEX loop_audit_subject ON loop_audit (subject);
      CREATE INDEX loop_audit_actor ON loop_audit (actor_id);
      CREATE INDEX loop_audit_command ON loop_audit (command_id) WHERE command_id IS NOT NULL;

      CREATE TABLE loop_held (
        event_id TEXT PRIMARY KEY,
        at INTEGER NOT NULL,
        reason TEXT NOT NULL,
        body TEXT NOT NULL
      ) WITHOUT ROWID;
      CREATE INDEX loop_held_at ON loop_held (at, event_id, reason);

      CREATE TABLE loop_delivery (
        outcome_id TEXT PRIMARY KEY,
        alert_key TEXT NOT NULL,
        at INTEGER NOT NULL,
        body TEXT NOT NULL
      ) WITHOUT ROWID;
      CREATE INDEX loop_delivery_alert ON loop_delivery (alert_key, at);
    `,
  },
  {
    id: '0102-standings',
    sql: `
      -- One row per customer of whom the CRM has said whether they are one: when they were none.
      CREATE TABLE loop_standing (customer_id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
    `,
  },
];

/** Writes a row of a read model inside the runner's transaction. Writing the same row again changes nothing. */
export type RowWriter = (id: string, row: unknown) => void;

export interface Views extends AlertQueries {
  /** By view name, for the runner. */
  readonly writers: Readonly<Record<'alerts' | 'audit' | 'held' | 'deliveries' | 'standings', RowWriter>>;
}

/** The read models in the data file, whose tables `LOOP_CLOSURE_MIGRATIONS` has made. */
export const createViews = (db: DatabaseSync): Views => ({
  writers: {
    alerts: alertWriter(db),
    audit: auditWriter(db),
    held: heldWriter(db),
    deliveries: deliveryWriter(db),
    standings: standingWriter(db),
  },
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
  standing: 'SELECT body FROM loop_standing WHERE customer_id = ?',
} as const;

// The writers are called with the rows that the processes here made for the view of that name, and with no others;
// the runner hands them on as `unknown`. Likewise every `body` was written here, so it reads back as its row.

const alertWriter = (db: DatabaseSync): RowWriter => {
  const upsert = db.prepare(`
    INSERT INTO loop_alert (alert_id, alert_key, cycle, label, status, stage, severity, rule_id, subject,
                            team, person, opened_at, queue_at, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (alert_id) DO UPDATE SET
      status = excluded.status, stage = excluded.stage, severity = excluded.severity, team = excluded.team,
      person = excluded.person, queue_at = excluded.queue_at, body = excluded.body`);
  return (id, value) => {
    const row = value as AlertRow;
    const head = [id, row.alertKey, row.cycle, row.label, row.status, row.stage, row.severity] as const;
    const owner = [row.team, row.person ?? null] as const;
    const queueAt = row.next?.dueAt ?? row.snoozedUntil ?? NEVER;
    upsert.run(...head, row.ruleId, row.subject, ...owner, row.openedAt, queueAt, JSON.stringify(row));
  };
};

const auditWriter = (db: DatabaseSync): RowWriter => {
  const insert = db.prepare(`
    INSERT INTO loop_audit (event_id, alert_key, subject, actor_id, command_id, body)
    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING`);
  return (id, value) => {
    const row = value as AuditRow;
    insert.run(id, row.alertKey, row.subject, row.actorId, row.commandId ?? null, JSON.stringify(row));
  };
};

const heldWriter = (db: DatabaseSync): RowWriter => {
  const insert = db.prepare(`
    INSERT INTO loop_held (event_id, at, reason, body) VALUES (?, ?, ?, ?)
    ON CONFLICT (event_id) DO NOTHING`);
  return (id, value) => {
    const row = value as HeldRow;
    insert.run(id, row.at, row.reason, JSON.stringify(row));
  };
};

const deliveryWriter = (db: DatabaseSync): RowWriter => {
  const insert = db.prepare(`
    INSERT INTO loop_delivery (outcome_id, alert_key, at, body) VALUES (?, ?, ?, ?)
    ON CONFLICT (outcome_id) DO NOTHING`);
  return (id, value) => {
    const row = value as DeliveryRow;
    insert.run(id, row.alertKey, row.at, JSON.stringify(row));
  };
};

const standingWriter = (db: DatabaseSync): RowWriter => {
  const upsert = db.prepare(`
    INSERT INTO loop_standing (customer_id, body) VALUES (?, ?)
    ON CONFLICT (customer_id) DO UPDATE SET body = excluded.body`);
  const known = db.prepare(READ_SQL.standing);
  return (id, value) => {
    const before = known.all(id).map(bodyOf<Standing>)[0];
    const after = standingAfter(before, value as Told);
    if (after !== before) upsert.run(id, JSON.stringify(after));
  };
};

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

const bodyOf = <Row>(row: SqlRow): Row => JSON.parse(String(row.body)) as Row;

const filterParts = (filter: AlertFilter) => ({
  team: filter.team ?? null,
  owner: filter.owner ?? null,
  severity: filter.severity ?? null,
  rule: filter.rule ?? null,
  overdueAt: filter.overdueAt ?? null,
  stage: filter.stage ?? null,
});
