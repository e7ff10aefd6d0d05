import type { NamedSql, Sql } from '../../platform/database/postgres.ts';
import type { PostgresViewWriter } from '../../platform/database/state-store.postgres.ts';
import { storable } from '../../platform/database/storable-text.ts';
import type { AlertRow } from '../domain/alert-row.ts';
import type { DeliveryRow, HeldRow } from '../domain/alert-view.ts';
import type { AuditRow } from '../domain/audit.ts';
import { type Standing, standingAfter, type Told } from '../domain/standing.ts';
import { NEVER } from './cursor.ts';

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
  const { rows } = await client.query({ ...KNOWN_STANDINGS, values: [ids] });
  const known = new Map(
    rows
      .map((row) => JSON.parse(String(row.body)) as Standing)
      .map((standing) => [standing.customerId, standing]),
  );
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

export const KNOWN_STANDINGS: NamedSql = {
  name: 'standings',
  text: `SELECT body FROM loop_standing
         WHERE customer_id = ANY (ARRAY(SELECT json_array_elements_text($1::text::json)))`,
};
