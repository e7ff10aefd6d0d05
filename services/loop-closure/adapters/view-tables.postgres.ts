import type { PostgresMigration } from '../../platform/database/migrate.postgres.ts';
import type { Forgetting } from '../../platform/database/retention.postgres.ts';

/** The tables of the read models, as `view-tables.sqlite.ts` has them. */
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
