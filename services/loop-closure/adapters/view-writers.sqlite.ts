import type { DatabaseSync } from 'node:sqlite';
import type { AlertRow } from '../domain/alert-row.ts';
import type { DeliveryRow, HeldRow } from '../domain/alert-view.ts';
import type { AuditRow } from '../domain/audit.ts';
import { type Standing, standingAfter, type Told } from '../domain/standing.ts';
import { NEVER } from './cursor.ts';

/** Writes a row of a read model inside the runner's transaction. Writing the same row again changes nothing. */
export type RowWriter = (id: string, row: unknown) => void;

/** By view name, for the runner. */
export type ViewWriters = Readonly<
  Record<'alerts' | 'audit' | 'held' | 'deliveries' | 'standings', RowWriter>
>;

/** Those of the data file, whose tables `LOOP_CLOSURE_MIGRATIONS` has made. */
export const createViewWriters = (db: DatabaseSync): ViewWriters => ({
  alerts: alertWriter(db),
  audit: auditWriter(db),
  held: heldWriter(db),
  deliveries: deliveryWriter(db),
  standings: standingWriter(db),
});

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
  const known = db.prepare(KNOWN_STANDING);
  return (id, value) => {
    const before = known.all(id).map(({ body }) => JSON.parse(String(body)) as Standing)[0];
    const after = standingAfter(before, value as Told);
    if (after !== before) upsert.run(id, JSON.stringify(after));
  };
};

export const KNOWN_STANDING = 'SELECT body FROM loop_standing WHERE customer_id = ?';
