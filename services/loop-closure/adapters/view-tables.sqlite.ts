import type { Migration } from '../../platform/database/sqlite.ts';

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
