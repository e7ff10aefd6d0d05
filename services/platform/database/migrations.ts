import type { Migration } from './sqlite.ts';

/** Tables of the platform itself. Read models bring their own. */
export const PLATFORM_MIGRATIONS: readonly Migration[] = [
  {
    id: '0001-platform',
    sql: `
      -- The log, as record batches. rowid is the order of arrival over all topics.
      CREATE TABLE log_batch (
        seq INTEGER PRIMARY KEY,
        topic TEXT NOT NULL,
        partition INTEGER NOT NULL,
        base_offset INTEGER NOT NULL,
        count INTEGER NOT NULL,
        appended_at INTEGER NOT NULL,
        codec INTEGER NOT NULL,
        payload BLOB NOT NULL
      );
      CREATE UNIQUE INDEX log_batch_place ON log_batch (topic, partition, base_offset);

      -- Ids that were published: what makes a repeat a repeat. See event-log/seen-id.ts.
      CREATE TABLE log_seen (
        topic TEXT NOT NULL,
        id TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (topic, id)
      ) WITHOUT ROWID;

      CREATE TABLE position (
        consumer TEXT NOT NULL,
        topic TEXT NOT NULL,
        partition INTEGER NOT NULL,
        next_offset INTEGER NOT NULL,
        PRIMARY KEY (consumer, topic, partition)
      ) WITHOUT ROWID;

      -- One row per key for the whole chain; a slot per process in the JSON body.
      CREATE TABLE state (
        id INTEGER PRIMARY KEY,
        key_space TEXT NOT NULL,
        key TEXT NOT NULL,
        body TEXT NOT NULL
      );
      CREATE UNIQUE INDEX state_key ON state (key_space, key);

      CREATE TABLE timer (
        partition INTEGER NOT NULL,
        process TEXT NOT NULL,
        key TEXT NOT NULL,
        name TEXT NOT NULL,
        due_at INTEGER NOT NULL,
        PRIMARY KEY (partition, process, key, name)
      ) WITHOUT ROWID;
      CREATE INDEX timer_due ON timer (partition, due_at);

      CREATE TABLE effect (
        id TEXT PRIMARY KEY,
        queue TEXT NOT NULL,
        due_at INTEGER NOT NULL,
        payload TEXT NOT NULL,
        lease_until INTEGER NOT NULL DEFAULT 0,
        claims INTEGER NOT NULL DEFAULT 0,
        cancelled INTEGER NOT NULL DEFAULT 0
      ) WITHOUT ROWID;
      CREATE INDEX effect_due ON effect (queue, due_at);

      CREATE TABLE ledger (
        stage TEXT NOT NULL,
        topic TEXT NOT NULL,
        outcome TEXT NOT NULL,
        reason TEXT NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (stage, topic, outcome, reason)
      ) WITHOUT ROWID;

      CREATE TABLE dead_letter (
        id TEXT PRIMARY KEY,
        process TEXT NOT NULL,
        topic TEXT NOT NULL,
        key TEXT NOT NULL,
        partition INTEGER NOT NULL,
        at_offset INTEGER NOT NULL,
        reason TEXT NOT NULL,
        detail TEXT NOT NULL,
        at INTEGER NOT NULL,
        payload TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('parked', 'retrying', 'retried', 'dropped')),
        attempts INTEGER NOT NULL DEFAULT 1
      );
      CREATE INDEX dead_letter_status ON dead_letter (status, at);
    `,
  },
  {
    id: '0002-effect-trace',
    sql: '-- The trace that an effect belongs to.\nALTER TABLE effect ADD COLUMN trace TEXT',
  },
  {
    id: '0003-effect-since',
    sql: '-- Since when an effect is wanted; nothing: since it is due.\nALTER TABLE effect ADD COLUMN since INTEGER',
  },
  {
    id: '0004-outbox-payload',
    sql: '-- Nothing here: facts are written to the log in the same transaction.',
  },
  {
    id: '0005-home',
    sql: '-- Nothing here: a data file has no log beside it that could be ahead of it.',
  },
  {
    id: '0006-state-compression',
    sql: '-- Nothing here: a data file compresses nothing.',
  },
  {
    id: '0007-letter-decision',
    sql: `
      -- Who retried or dropped a dead letter last, why, and when.
      ALTER TABLE dead_letter ADD COLUMN decided_by TEXT;
      ALTER TABLE dead_letter ADD COLUMN decided_why TEXT;
      ALTER TABLE dead_letter ADD COLUMN decided_at INTEGER;
    `,
  },
  {
    id: '0008-state-at',
    sql: '-- Nothing here: states of a data file are remembered without end.',
  },
];
