import type { PostgresMigration } from './migrate.postgres.ts';

/**
 * Tables of the platform itself, for any number of services in one database. `consumer` is the service.
 *
 * Text is compared by its bytes. Rows that are updated in place have room on their page (fillfactor), so that an
 * update touches no index; the queues that fill and empty all the time are vacuumed early.
 */
export const PLATFORM_POSTGRES_MIGRATIONS: readonly PostgresMigration[] = [
  {
    id: '0001-platform',
    sql: `
      -- Who owns a partition of a service, and how many facts it has put out. A higher epoch is a later owner.
      CREATE TABLE owner (
        consumer text COLLATE "C" NOT NULL,
        partition integer NOT NULL,
        epoch bigint NOT NULL DEFAULT 0,
        instance text NOT NULL DEFAULT '',
        taken_at bigint NOT NULL DEFAULT 0,
        next_sequence bigint NOT NULL DEFAULT 1,
        PRIMARY KEY (consumer, partition)
      ) WITH (fillfactor = 20);

      CREATE TABLE position (
        consumer text COLLATE "C" NOT NULL,
        topic text COLLATE "C" NOT NULL,
        partition integer NOT NULL,
        next_offset bigint NOT NULL,
        PRIMARY KEY (consumer, topic, partition)
      ) WITH (fillfactor = 20);

      -- Services that do not live here but read their topics again, and since when.
      CREATE TABLE replay (consumer text COLLATE "C" PRIMARY KEY, since bigint NOT NULL);

      -- The last sequence number taken from each writer: what makes a repeat of a relay a repeat.
      CREATE TABLE origin (
        consumer text COLLATE "C" NOT NULL,
        topic text COLLATE "C" NOT NULL,
        partition integer NOT NULL,
        origin text COLLATE "C" NOT NULL,
        last_sequence bigint NOT NULL,
        PRIMARY KEY (consumer, topic, partition, origin)
      ) WITH (fillfactor = 20);

      CREATE TABLE state (
        consumer text COLLATE "C" NOT NULL,
        key_space text COLLATE "C" NOT NULL,
        key text COLLATE "C" NOT NULL,
        body text NOT NULL,
        PRIMARY KEY (consumer, key_space, key)
      ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

      CREATE TABLE timer (
        consumer text COLLATE "C" NOT NULL,
        partition integer NOT NULL,
        process text COLLATE "C" NOT NULL,
        key text COLLATE "C" NOT NULL,
        name text COLLATE "C" NOT NULL,
        due_at bigint NOT NULL,
        PRIMARY KEY (consumer, partition, process, key, name)
      ) WITH (autovacuum_vacuum_scale_factor = 0.05);
      CREATE INDEX timer_due ON timer (consumer, partition, due_at);

      -- Facts that are committed and not yet in the log: those of one transaction in one row, as a JSON array.
      -- "sequence" is the number of the first. Not compressed: it is read once and deleted.
      CREATE TABLE outbox (
        consumer text COLLATE "C" NOT NULL,
        partition integer NOT NULL,
        sequence bigint NOT NULL,
        count integer NOT NULL,
        facts text NOT NULL,
        at bigint NOT NULL,
        PRIMARY KEY (consumer, partition, sequence)
      ) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500);
      ALTER TABLE outbox ALTER facts SET STORAGE EXTERNAL;

      CREATE TABLE effect (
        consumer text COLLATE "C" NOT NULL,
        id text COLLATE "C" NOT NULL,
        partition integer NOT NULL,
        queue text COLLATE "C" NOT NULL,
        due_at bigint NOT NULL,
        payload text NOT NULL,
        lease_until bigint NOT NULL DEFAULT 0,
        claims integer NOT NULL DEFAULT 0,
        cancelled boolean NOT NULL DEFAULT false,
        PRIMARY KEY (consumer, id)
      ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
      CREATE INDEX effect_due ON effect (consumer, queue, due_at);

      -- Each partition counts for itself; whoever reads adds up. Partition -1 counts what came in from outside.
      CREATE TABLE ledger (
        consumer text COLLATE "C" NOT NULL,
        partition integer NOT NULL,
        stage text COLLATE "C" NOT NULL,
        topic text COLLATE "C" NOT NULL,
        outcome text COLLATE "C" NOT NULL,
        reason text COLLATE "C" NOT NULL,
        count bigint NOT NULL,
        PRIMARY KEY (consumer, partition, stage, topic, outcome, reason)
      ) WITH (fillfactor = 20);

      CREATE TABLE dead_letter (
        consumer text COLLATE "C" NOT NULL,
        id text COLLATE "C" NOT NULL,
        owner_partition integer NOT NULL,
        process text NOT NULL,
        topic text NOT NULL,
        key text NOT NULL,
        partition integer NOT NULL,
        at_offset bigint NOT NULL,
        reason text NOT NULL,
        detail text NOT NULL,
        at bigint NOT NULL,
        payload text NOT NULL,
        status text NOT NULL CHECK (status IN ('parked', 'retrying', 'retried', 'dropped')),
        attempts integer NOT NULL DEFAULT 1,
        PRIMARY KEY (consumer, id)
      );
      CREATE INDEX dead_letter_status ON dead_letter (status, at, id);
      CREATE INDEX dead_letter_retrying ON dead_letter (consumer, owner_partition) WHERE status = 'retrying';

      -- Ids that were published from outside: what makes a repeat a repeat.
      CREATE TABLE log_seen (
        topic text COLLATE "C" NOT NULL,
        id text COLLATE "C" NOT NULL,
        at bigint NOT NULL,
        PRIMARY KEY (topic, id)
      );
      CREATE INDEX log_seen_age ON log_seen USING brin (at);
    `,
  },
  {
    id: '0002-effect-trace',
    sql: '-- The trace that an effect belongs to.\nALTER TABLE effect ADD COLUMN trace text',
  },
  {
    id: '0003-effect-since',
    sql: '-- Since when an effect is wanted; nothing: since it is due.\nALTER TABLE effect ADD COLUMN since bigint',
  },
  {
    id: '0004-outbox-payload',
    sql: `
      -- The bytes of a row's facts, one behind the other. Without it the facts themselves hold them, in base64.
      ALTER TABLE outbox ADD payload bytea;
      ALTER TABLE outbox ALTER payload SET STORAGE EXTERNAL;
    `,
  },
  {
    id: '0005-home',
    sql: `
      -- One row: which database this is, to notice that it was restored; see platform/distributed/restored.ts.
      CREATE TABLE home (
        one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
        identity text NOT NULL,
        restored_at bigint
      );
    `,
  },
  {
    id: '0006-state-compression',
    sql: `
      -- A state of more than 2 KB is compressed anew at every update, and lz4 takes least of the processor. A server that
      -- was built without it goes on as before.
      DO $$ BEGIN
        ALTER TABLE state ALTER body SET COMPRESSION lz4;
      EXCEPTION WHEN feature_not_supported THEN
        RAISE NOTICE 'this server has no lz4';
      END $$;
    `,
  },
  {
    id: '0007-letter-decision',
    sql: `
      -- Who retried or dropped a dead letter last, why, and when.
      ALTER TABLE dead_letter ADD COLUMN decided_by text;
      ALTER TABLE dead_letter ADD COLUMN decided_why text;
      ALTER TABLE dead_letter ADD COLUMN decided_at bigint;
    `,
  },
  {
    id: '0008-state-at',
    sql: `
      -- When a state was written last, epoch ms. Those from before count as written now, and are not written anew for it.
      DO $$ BEGIN
        EXECUTE format('ALTER TABLE state ADD COLUMN at bigint NOT NULL DEFAULT %s',
                       (extract(epoch FROM now()) * 1000)::bigint);
      END $$;
    `,
  },
];
