import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { MessageRef } from '../../contracts/notification.ts';
import type { Forget } from '../../platform/database/retention.sqlite.ts';
import type { NewSandboxMessage, SandboxMessage, SandboxStore } from '../ports.ts';

/** The sandbox's messages in the data file. Makes its own table. With `keep` only so many, the newest, are kept. */
export function createSandboxStore(db: DatabaseSync, keep?: number): SandboxStore {
  db.exec(TABLE);
  const sql = statements(db);
  return {
    put: (message) => {
      const ref = put(sql, message);
      if (keep !== undefined) sql.removeUntil.run(idOf(ref.id) - keep);
      return ref;
    },
    update: (id, content, at) => sql.update.run(JSON.stringify(content), at, idOf(id)).changes > 0,
    findByDelivery: (deliveryId) => {
      const row = sql.find.get(deliveryId);
      return row === undefined ? undefined : refOf(row);
    },
    list: (limit) => sql.list.all(limit).map(messageOf).reverse(),
  };
}

const TABLE = `
  CREATE TABLE IF NOT EXISTS sandbox_messages (
    id INTEGER PRIMARY KEY,
    channel TEXT NOT NULL CHECK (channel IN ('slack', 'email')),
    address TEXT NOT NULL,
    delivery_id TEXT NOT NULL UNIQUE,
    alert_key TEXT NOT NULL,
    alert_id TEXT NOT NULL,
    template TEXT NOT NULL,
    thread INTEGER,
    content TEXT NOT NULL,
    at INTEGER NOT NULL,
    updated_at INTEGER
  )`;

/** Messages neither sent nor changed for too long go, the oldest first. */
export const sandboxForgets = (db: DatabaseSync): Forget => {
  const forget = db.prepare(`
    DELETE FROM sandbox_messages WHERE id IN (
      SELECT id FROM (SELECT id, at, updated_at FROM sandbox_messages ORDER BY id LIMIT :limit)
      WHERE coalesce(updated_at, at) < :tooOld)`);
  return (tooOld) => {
    const removed = Number(forget.run({ tooOld, limit: FORGOTTEN_AT_ONCE }).changes);
    return { removed, done: removed < FORGOTTEN_AT_ONCE };
  };
};

/** A millisecond or two. */
const FORGOTTEN_AT_ONCE = 500;

const statements = (db: DatabaseSync) => ({
  put: db.prepare(`
    INSERT INTO sandbox_messages (channel, address, delivery_id, alert_key, alert_id, template, thread, content, at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (delivery_id) DO NOTHING`),
  update: db.prepare('UPDATE sandbox_messages SET content = ?, updated_at = ? WHERE id = ?'),
  removeUntil: db.prepare('DELETE FROM sandbox_messages WHERE id <= ?'),
  find: db.prepare('SELECT id, address FROM sandbox_messages WHERE delivery_id = ?'),
  list: db.prepare(`
    SELECT id, channel, address, delivery_id, alert_key, alert_id, template, thread, content, at, updated_at
    FROM sandbox_messages ORDER BY id DESC LIMIT ?`),
});
type Statements = ReturnType<typeof statements>;
type Row = Record<string, SQLOutputValue>;

function put(sql: Statements, message: NewSandboxMessage): MessageRef {
  sql.put.run(
    message.channel,
    message.address,
    message.deliveryId,
    message.alertKey,
    message.alertId,
    message.template,
    message.thread === undefined ? null : idOf(message.thread),
    JSON.stringify(message.content),
    message.at,
  );
  const row = sql.find.get(message.deliveryId);
  if (row === undefined) throw new Error(`sandbox message ${message.deliveryId} was stored and is not there`);
  return refOf(row);
}

/** Ids look like Slack's: text. */
const refOf = (row: Row): MessageRef => ({ address: String(row.address), id: `sandbox.${row.id}` });
const idOf = (id: string): number => Number(id.replace('sandbox.', ''));

function messageOf(row: Row): SandboxMessage {
  return {
    id: `sandbox.${row.id}`,
    channel: row.channel === 'email' ? 'email' : 'slack',
    address: String(row.address),
    deliveryId: String(row.delivery_id),
    alertKey: String(row.alert_key),
    alertId: String(row.alert_id),
    template: String(row.template),
    ...(row.thread === null ? {} : { thread: `sandbox.${row.thread}` }),
    // Written by `put` or `update` above.
    content: JSON.parse(String(row.content)) as SandboxMessage['content'],
    at: Number(row.at),
    ...(row.updated_at === null ? {} : { updatedAt: Number(row.updated_at) }),
  };
}
