import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { CustomerTables } from '../../services/cli/customer/tables.postgres.ts';
import {
  LOOP_CLOSURE_FORGETS,
  LOOP_CLOSURE_POSTGRES_MIGRATIONS,
} from '../../services/loop-closure/adapters/view-tables.postgres.ts';
import { POSTGRES_VIEW_WRITERS } from '../../services/loop-closure/adapters/view-writers.postgres.ts';
import { createPostgresViews } from '../../services/loop-closure/adapters/views.postgres.ts';
import { PostgresDeadLetters } from '../../services/platform/database/dead-letters.postgres.ts';
import { PostgresEffectQueue } from '../../services/platform/database/effect-queue.postgres.ts';
import { migratePostgres } from '../../services/platform/database/migrate.postgres.ts';
import { PLATFORM_POSTGRES_MIGRATIONS } from '../../services/platform/database/migrations.postgres.ts';
import { type NamedSql, Postgres } from '../../services/platform/database/postgres.ts';
import { forgetQuietStates } from '../../services/platform/database/quiet-states.postgres.ts';
import { keepRetention } from '../../services/platform/database/retention.postgres.ts';
import { PostgresPartitionStore } from '../../services/platform/database/state-store.postgres.ts';
import { partitionOf } from '../../services/platform/event-log/partition-of.ts';
import type { KeySpace } from '../../services/platform/keyed-process/keyed-process.ts';
import { PositionTaken } from '../../services/platform/keyed-process/state-store.ts';
import { ManualClock } from '../../services/platform/time/clock.ts';
import { postgresPrograms } from '../bench-servers/downloads.ts';
import { type PostgresServer, startPostgres } from '../bench-servers/postgres.ts';
import { commitOf } from '../support/commit.ts';

const MIGRATIONS = [...PLATFORM_POSTGRES_MIGRATIONS, ...LOOP_CLOSURE_POSTGRES_MIGRATIONS];
const DAY = 86_400_000;

let folder: string;
let server: PostgresServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-postgres-'));
  chmodSync(folder, 0o755);
  server = await startPostgres(folder);
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

let url: string;
let postgres: Postgres;
let databases = 0;
beforeEach(async () => {
  url = await server.createDatabase(`t${++databases}`);
  postgres = new Postgres({ url, applicationName: 'test', connections: 4 });
});
afterEach(() => postgres.close());

const ask = async (text: string, values: readonly unknown[] = []): Promise<pg.QueryResultRow[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text, [...values])).rows;
  } finally {
    await client.end();
  }
};

describe('migrations', () => {
  test('instances that start at the same time apply each step once', async () => {
    const applied = await Promise.all(Array.from({ length: 4 }, () => migratePostgres(postgres, MIGRATIONS)));
    expect(applied.flat().toSorted()).toEqual(MIGRATIONS.map(({ id }) => id));
    expect(await migratePostgres(postgres, MIGRATIONS)).toEqual([]);
  });

  test('a step that fails leaves nothing behind and is tried again', async () => {
    const half = { id: '0900-half', sql: 'CREATE TABLE half (a int); SELECT 1/0' };
    await expect(migratePostgres(postgres, [half])).rejects.toThrow('division by zero');
    expect(await ask("SELECT to_regclass('half') AS half")).toEqual([{ half: null }]);
    expect(await migratePostgres(postgres, [{ ...half, sql: 'CREATE TABLE half (a int)' }])).toEqual([
      half.id,
    ]);
  });

  test('the version before runs on after the version behind it has added something', async () => {
    await migratePostgres(postgres, [...MIGRATIONS, { id: '0901-newer', sql: 'CREATE TABLE newer (a int)' }]);
    expect(await migratePostgres(postgres, MIGRATIONS)).toEqual([]);
  });

  test('a long state is compressed with lz4', async () => {
    await migratePostgres(postgres, MIGRATIONS);
    const body = JSON.stringify({ story: Array.from({ length: 200 }, (_, n) => `complaint number ${n}`) });
    await ask("INSERT INTO state (consumer, key_space, key, body) VALUES ('a', 'customer', 'c-1', $1)", [
      body,
    ]);
    expect(await ask('SELECT body, pg_column_compression(body) AS how FROM state')).toEqual([
      { body, how: 'lz4' },
    ]);
  });
});

describe('limits', () => {
  test('a statement that takes too long is ended by the server, and says so', async () => {
    const impatient = new Postgres({ url, applicationName: 'test', statementTimeoutMs: 200 });
    const slow = impatient.query({ name: 'slow', text: 'SELECT pg_sleep(30)' }, []);
    await expect(slow).rejects.toMatchObject({ name: 'StorageUnavailable', reason: 'busy' });
    await impatient.close();
  });

  test('a process has as many connections as it may, and the others wait their turn', async () => {
    const two = new Postgres({ url, applicationName: 'two-at-most', connections: 2 });
    const sleep: NamedSql = { name: 'sleep', text: 'SELECT pg_sleep(0.2)' };
    const all = Promise.all(Array.from({ length: 6 }, () => two.query(sleep, [])));
    let most = 0;
    while (most < 2 || two.waiting > 0) {
      const rows = await ask(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'two-at-most'",
      );
      most = Math.max(most, Number(rows[0]?.n));
    }
    await all;
    expect(most).toBe(2);
    await two.close();
  });
});

describe('a connection that the server ends', () => {
  test('between two questions of a transaction costs that transaction, and not the process', async () => {
    const broken = postgres.transaction(async (sql) => {
      const { rows } = await sql.query('SELECT pg_backend_pid() AS pid');
      await ask('SELECT pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
      // Until its last words have been read; without somebody who hears them, they end the process.
      await vi.waitFor(() => expect(sql).toMatchObject({ _queryable: false }));
      await sql.query('SELECT 1');
    });
    await expect(broken).rejects.toMatchObject({ name: 'StorageUnavailable', reason: 'closed' });
    expect(await postgres.query({ name: 'one', text: 'SELECT 1 AS one' }, [])).toEqual([{ one: 1 }]);
  });
});

describe('updates in place', () => {
  test('rows that are written again and again touch no index', async () => {
    await migratePostgres(postgres, MIGRATIONS);
    await ask("INSERT INTO owner VALUES ('test', 0)");
    const store = storeOn(postgres);
    await store.positions(['complaints']);
    for (let pass = 0; pass < 200; pass += 1) {
      const row = { keySpace: 'customer' as const, key: `c${pass % 20}`, row: { scoring: { n: pass } } };
      await store.commit(
        commitOf({
          positions: [{ topic: 'complaints', expected: pass, next: pass + 1 }],
          states: [row],
          ledger: [{ stage: 'scoring', topic: 'signals', outcome: 'handled', reason: '', count: 1 }],
        }),
        pass,
      );
    }
    const figures = `SELECT relname, n_tup_upd::int AS updates, n_tup_hot_upd::int AS hot FROM pg_stat_user_tables
                     WHERE relname IN ('state', 'position', 'ledger', 'owner') ORDER BY relname`;
    let rows = await ask(figures);
    while (rows.some(({ updates }) => updates < 180)) rows = await ask(figures);
    for (const { relname, updates, hot } of rows) {
      expect([relname, hot / updates > 0.9 ? 'in place' : `${hot} of ${updates}`]).toEqual([
        relname,
        'in place',
      ]);
    }
  });
});

const storeOn = (on: Postgres, partition = 0): PostgresPartitionStore =>
  new PostgresPartitionStore({
    postgres: on,
    consumer: 'test',
    partition,
    instance: 'test',
    encode: async () => Buffer.alloc(0),
    views: POSTGRES_VIEW_WRITERS,
  } as never);

describe('states of quiet customers', () => {
  const NOW = Date.parse('2026-03-15T00:00:00Z');
  const OLD = NOW - 100 * DAY;
  const stop = new AbortController().signal;
  const QUIET = { consumer: 'test', keySpaces: ['customer'] } as const;
  const keys = async (): Promise<unknown[]> =>
    (await ask('SELECT key FROM state ORDER BY key')).map(({ key }) => key);
  const customer = (key: string, keySpace: KeySpace = 'customer') => ({ keySpace, key, row: { p: key } });
  beforeEach(() => migratePostgres(postgres, MIGRATIONS));

  test('are forgotten, page by page; what is younger, waits for a timer, or is no customer stays', async () => {
    const store = storeOn(postgres);
    const many = Array.from({ length: 1_100 }, (_, n) => customer(`quiet-${n}`));
    await store.commit(
      commitOf({
        states: [...many, customer('waits'), customer('an alert', 'alert'), customer('spoke again')],
        timers: [{ process: 'p', key: 'waits', name: 't', dueAt: NOW + DAY }],
      }),
      OLD,
    );
    await store.commit(commitOf({ states: [customer('spoke again')] }), NOW - 99 * DAY);
    await ask(
      "INSERT INTO state (consumer, key_space, key, body, at) VALUES ('other', 'customer', 'theirs', '{}', 0)",
    );
    expect(await forgetQuietStates(postgres, QUIET, OLD, stop)).toBe(0);
    expect(await forgetQuietStates(postgres, QUIET, OLD + 1, stop)).toBe(1_100);
    expect(await keys()).toEqual(['an alert', 'spoke again', 'theirs', 'waits']);
  });

  test('one that is written while its page is looked at stays', async () => {
    await storeOn(postgres).commit(commitOf({ states: [customer('back')] }), OLD);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query('BEGIN');
    await client.query("UPDATE state SET body = '{\"p\":2}', at = $1 WHERE key = 'back'", [NOW]);
    const forgetting = forgetQuietStates(postgres, QUIET, NOW - DAY, stop);
    // It waits for the row by now, or comes to it later.
    await new Promise((resume) => setTimeout(resume, 300));
    await client.query('COMMIT');
    await client.end();
    expect(await forgetting).toBe(0);
    expect(await keys()).toEqual(['back']);
  });

  test('and those from before their age was known count from the update on, without being written anew', async () => {
    await ask("DELETE FROM migration WHERE id = '0008-state-at'");
    await ask('ALTER TABLE state DROP COLUMN at');
    await ask(
      "INSERT INTO state (consumer, key_space, key, body) VALUES ('test', 'customer', 'before', '{}')",
    );
    const place = () => ask('SELECT ctid::text FROM state');
    const before = await place();
    const updated = Date.now();
    await migratePostgres(postgres, MIGRATIONS);
    expect(await place()).toEqual(before);
    expect(await forgetQuietStates(postgres, QUIET, updated - 60_000, stop)).toBe(0);
    // A version before this one writes without it, beside us.
    await ask(
      "INSERT INTO state (consumer, key_space, key, body) VALUES ('test', 'customer', 'by it', '{}')",
    );
    expect(await forgetQuietStates(postgres, QUIET, updated - 60_000, stop)).toBe(0);
    expect(await forgetQuietStates(postgres, QUIET, updated + 60_000, stop)).toBe(2);
  });
});

test('a customer who is forgotten is not brought back from the memory of an owner; owners of other partitions go on', async () => {
  await migratePostgres(postgres, MIGRATIONS);
  await ask("INSERT INTO owner (consumer, partition) SELECT 'test', generate_series(0, 1)");
  const home = partitionOf('ada', 2);
  const [owner, other] = [storeOn(postgres, home), storeOn(postgres, 1 - home)];
  const states = [{ keySpace: 'customer', key: 'ada', row: { p: 'what she said' } }] as const;
  const timers = [{ process: 'p', key: 'ada', name: 't', dueAt: 1 }];
  await owner.commit(commitOf({ states, timers }), 1);
  await other.commit(commitOf({}), 1);
  const tables = new CustomerTables(postgres);
  const names = await tables.names('ada', []);
  const gone = { removed: 1, changed: 0 };
  expect(await tables.forget(names)).toEqual({ 'state of customer': gone, timer: gone });
  await expect(owner.commit(commitOf({ states, timers }), 2)).rejects.toBeInstanceOf(PositionTaken);
  await other.commit(commitOf({}), 2);
  expect(await ask('SELECT key FROM state UNION ALL SELECT key FROM timer')).toEqual([]);
  expect(await tables.forget(names)).toEqual({});
});

describe('retention', () => {
  const NOW = Date.parse('2026-03-15T00:00:00Z');
  const held = (id: string, at: string) =>
    ask("INSERT INTO loop_held VALUES ($1, $2, 'silence', '{}')", [id, Date.parse(at)]);
  const partitions = async () =>
    (
      await ask(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'loop_held'::regclass ORDER BY name",
      )
    ).map(({ name }) => name);
  beforeEach(() => migratePostgres(postgres, MIGRATIONS));

  test('months are made ahead, and what came before them moves in', async () => {
    await held('early', '2026-03-02T00:00:00Z');
    expect(await keepRetention(postgres, LOOP_CLOSURE_FORGETS, NOW, 60 * DAY)).toBe(true);
    await held('later', '2026-03-20T00:00:00Z');
    expect(await partitions()).toEqual(['loop_held_2026_03', 'loop_held_2026_04', 'loop_held_default']);
    expect(await ask('SELECT event_id FROM loop_held_2026_03 ORDER BY event_id')).toEqual([
      { event_id: 'early' },
      { event_id: 'later' },
    ]);
    expect(await keepRetention(postgres, LOOP_CLOSURE_FORGETS, NOW, 60 * DAY)).toBe(true);
  });

  test('a month goes when all of it is too old, and not a day before', async () => {
    await keepRetention(postgres, LOOP_CLOSURE_FORGETS, NOW, 60 * DAY);
    await held('march', '2026-03-02T00:00:00Z');
    await keepRetention(postgres, LOOP_CLOSURE_FORGETS, Date.parse('2026-05-30T00:00:00Z'), 60 * DAY);
    expect(await partitions()).toContain('loop_held_2026_03');
    await keepRetention(postgres, LOOP_CLOSURE_FORGETS, Date.parse('2026-06-01T00:00:00Z'), 60 * DAY);
    expect(await partitions()).not.toContain('loop_held_2026_03');
    expect(await ask('SELECT * FROM loop_held')).toEqual([]);
  });

  test('ids and settled letters are forgotten when they are too old; letters that wait for somebody stay', async () => {
    await ask("INSERT INTO log_seen SELECT 'complaints', n::text, $1 FROM generate_series(1, 5000) n", [
      NOW - 61 * DAY,
    ]);
    await ask("INSERT INTO log_seen VALUES ('complaints', 'young', $1)", [NOW]);
    for (const status of ['parked', 'retried', 'dropped']) {
      await ask(
        `INSERT INTO dead_letter VALUES ('test', $1, 0, 'p', 't', 'k', 0, 0, 'handler_error', '', $2, '{}', $1)`,
        [status, NOW - 61 * DAY],
      );
    }
    await keepRetention(postgres, LOOP_CLOSURE_FORGETS, NOW, 60 * DAY);
    expect(await ask('SELECT id FROM log_seen')).toEqual([{ id: 'young' }]);
    expect(await ask('SELECT id FROM dead_letter')).toEqual([{ id: 'parked' }]);
  });

  test('alerts that were closed too long ago are forgotten, and old events, whatever became of their alert', async () => {
    const write = async (view: string, rows: readonly { readonly id: string }[]) => {
      const changes = rows.map((row) => ({ view, id: row.id, row }));
      await postgres.transaction(async (sql) => POSTGRES_VIEW_WRITERS.get(view)?.(sql, changes as never));
    };
    const alert = (id: string, openedAt: number, closedAt?: number) => {
      const status = closedAt === undefined ? 'open' : 'closed';
      const row = {
        id,
        alertKey: id,
        cycle: 1,
        label: id,
        status,
        stage: 'live',
        severity: 'P1',
        ruleId: 'r',
      };
      return { ...row, subject: 'c', team: 't', openedAt, closedAt };
    };
    const OLD = NOW - 61 * DAY;
    await write('alerts', [
      alert('long closed', OLD - DAY, OLD),
      alert('old, closed lately', OLD, NOW - DAY),
      alert('old and open', OLD),
      alert('young', NOW - 2 * DAY, NOW - DAY),
    ]);
    const note = '"recordedAt":1 \u0000';
    const event = { alertKey: 'k', subject: 'c', actorId: 'a', note, at: OLD };
    // More old ones than are removed at a time.
    const recorded = Array.from({ length: 2_100 }, (_, n) => (n < 2_050 ? OLD : NOW));
    await write(
      'audit',
      recorded.map((recordedAt, n) => ({ ...event, id: `e${n}`, recordedAt })),
    );
    expect(await keepRetention(postgres, LOOP_CLOSURE_FORGETS, NOW, 60 * DAY)).toBe(true);
    const left = await ask('SELECT alert_id FROM loop_alert ORDER BY alert_id');
    expect(left.map(({ alert_id }) => alert_id)).toEqual(['old and open', 'old, closed lately', 'young']);
    expect(await ask('SELECT count(*)::integer AS n FROM loop_audit')).toEqual([{ n: 50 }]);
  });

  test('while one instance is at it, another leaves it alone', async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock(7041915, hashtext($1))', [
      LOOP_CLOSURE_FORGETS.tables.join(),
    ]);
    expect(await keepRetention(postgres, LOOP_CLOSURE_FORGETS, NOW, 60 * DAY)).toBe(false);
    await client.end();
    expect(await keepRetention(postgres, LOOP_CLOSURE_FORGETS, NOW, 60 * DAY)).toBe(true);
  });

  test('a row that is written again, as when views are made anew, is there once', async () => {
    const write = POSTGRES_VIEW_WRITERS.get('held');
    const change = { view: 'held', id: 'e1', row: { at: NOW, reason: 'silence' } };
    await postgres.transaction(async (sql) => write?.(sql, [change] as never));
    await keepRetention(postgres, LOOP_CLOSURE_FORGETS, NOW, 60 * DAY);
    await postgres.transaction(async (sql) => write?.(sql, [change] as never));
    expect(await ask('SELECT event_id FROM loop_held')).toHaveLength(1);
  });
});

test('a dump that is taken while it works, restored elsewhere, has all of it, and the services take it as theirs', async () => {
  await migratePostgres(postgres, MIGRATIONS);
  for (const statement of FILL) await ask(statement);
  await keepRetention(postgres, LOOP_CLOSURE_FORGETS, 1_000, 60 * DAY);
  const counts = () =>
    ask(`SELECT (SELECT count(*) FROM loop_held) AS held, (SELECT count(*) FROM loop_audit) AS audit,
           (SELECT count(*) FROM timer) AS timers, (SELECT count(*) FROM effect) AS effects`);
  const before = await counts();
  const dump = join(folder, 'dump');
  const programs = postgresPrograms();
  execFileSync(join(programs, 'pg_dump'), ['--format=custom', `--file=${dump}`, url]);
  await ask("INSERT INTO timer VALUES ('test', 0, 'alerting', 'later', 'ack_by', 1)");
  url = await server.createDatabase(`t${++databases}`);
  execFileSync(join(programs, 'pg_restore'), ['--exit-on-error', `--dbname=${url}`, dump]);
  expect(await counts()).toEqual(before);
  const restored = new Postgres({ url, applicationName: 'test' });
  expect(await migratePostgres(restored, MIGRATIONS)).toEqual([]);
  expect(await storeOn(restored).nextTimerAt()).toBe(6);
  await restored.close();
});

describe('indexes', () => {
  /** Remembers what the adapters ask, so that the server can be asked how it would do it. */
  class Overheard extends Postgres {
    readonly asked = new Map<string, { readonly text: string; readonly values: readonly unknown[] }>();
    override query<Row extends pg.QueryResultRow>(sql: NamedSql, values: readonly unknown[]): Promise<Row[]> {
      this.asked.set(sql.name, { text: sql.text, values });
      return super.query<Row>(sql, values);
    }
  }

  /** Tables that a plan reads from one end to the other. */
  const scanned = (plan: unknown): readonly string[] => {
    const found: string[] = [];
    JSON.parse(JSON.stringify(plan), (_, value: Record<string, unknown> | null) => {
      if (value?.['Node Type'] === 'Seq Scan') found.push(String(value['Relation Name']));
      return value;
    });
    return found;
  };
  const planOf = async (text: string, values: readonly unknown[]) =>
    (await ask(`EXPLAIN (FORMAT JSON) ${text}`, values))[0]?.['QUERY PLAN'];

  test('nothing that is asked while it works or while somebody waits reads a large table from end to end', async () => {
    await migratePostgres(postgres, MIGRATIONS);
    for (const statement of FILL) await ask(statement);
    await ask('VACUUM ANALYZE');
    const overheard = new Overheard({ url, applicationName: 'test' });
    const clock = new ManualClock(1_000_000);
    const views = createPostgresViews(overheard);
    const store = storeOn(overheard);
    await store.positions(['complaints']);
    const encode = async () => Buffer.alloc(0);
    const effects = new PostgresEffectQueue({
      ...{ postgres: overheard, consumer: 'test', partitions: () => [0], clock, settled: () => undefined },
      encode,
    } as never);
    await Promise.all([
      store.prefetch([{ keySpace: 'customer', key: 'c7' }]),
      store.dueTimers(1_000, 100),
      store.nextTimerAt(),
      store.redeliveries(10),
      effects.claim('slack', 1_000, 10, 1_000),
      effects.pending('slack'),
      views.alerts({ status: 'unfinished' }, 50, undefined),
      views.alerts({}, 50, undefined),
      views.alerts({ customer: 'c7' }, 50, undefined),
      views.alertsNamed('a7'),
      views.alertsNamed('T-7'),
      views.cycles('k7'),
      views.openedBetween(1_000, 1_100),
      views.standingsOf(['c7']),
      views.eventsOfAlert('k7'),
      views.eventsOfCustomer('c7'),
      views.eventOfCommand('o7'),
      views.audit({}, 50, undefined),
      views.audit({ alertKey: 'k7' }, 50, undefined),
      views.audit({ actor: 'p7' }, 50, undefined),
      views.held(50, undefined),
      views.heldByReason(1_000, 1_100),
      views.deliveriesOf(['k7']),
      new PostgresDeadLetters(overheard).list('parked', 50),
    ]);
    await overheard.close();

    const slow: string[] = [];
    for (const [name, { text, values }] of overheard.asked) {
      const large = scanned(await planOf(text, values)).filter((table) => !SMALL.includes(table));
      if (large.length > 0) slow.push(`${name}: ${large.join(', ')}`);
    }
    expect(slow).toEqual([]);
    expect(overheard.asked.size).toBeGreaterThan(20);
  });

  test('control: a question without an index is found', async () => {
    await migratePostgres(postgres, MIGRATIONS);
    for (const statement of FILL.slice(0, 1)) await ask(statement);
    expect(scanned(await planOf('SELECT * FROM loop_alert WHERE body = $1', ['x']))).toEqual(['loop_alert']);
  });
});

/** One row a partition, or a topic. */
const SMALL = ['owner', 'position', 'origin', 'ledger', 'migration'];

const FILL = [
  `INSERT INTO loop_alert SELECT 'a' || n, 'k' || n, 1, 'T-' || n, CASE WHEN n % 100 = 0 THEN 'open' ELSE 'closed' END,
     'live', 'P2', 'r' || n % 20, 'c' || n, 'team', NULL, n, n, true, '{}' FROM generate_series(1, 30000) n`,
  `INSERT INTO loop_audit (event_id, alert_key, subject, actor_id, command_id, body)
     SELECT 'e' || n, 'k' || n, 'c' || n, 'p' || n % 3000, 'o' || n, '{}' FROM generate_series(1, 30000) n`,
  `INSERT INTO loop_held SELECT 'h' || n, n, 'silence', '{}' FROM generate_series(1, 30000) n`,
  `INSERT INTO loop_delivery SELECT 'd' || n, 'k' || n, n, '{}' FROM generate_series(1, 30000) n`,
  `INSERT INTO loop_standing SELECT 'c' || n, '{}' FROM generate_series(1, 30000) n`,
  `INSERT INTO state SELECT 'test', 'customer', 'c' || n, '{}' FROM generate_series(1, 30000) n`,
  `INSERT INTO timer SELECT 'test', n % 6, 'alerting', 'k' || n, 'ack_by', n FROM generate_series(1, 30000) n`,
  `INSERT INTO effect SELECT 'test', 'f' || n, n % 6, CASE WHEN n % 20 = 0 THEN 'slack' ELSE 'email' END, n, '{}' FROM generate_series(1, 30000) n`,
  `INSERT INTO dead_letter SELECT 'test', 'l' || n, 0, 'p', 't', 'k', 0, n, 'handler_error', '', n, '{}',
     CASE WHEN n % 1000 = 0 THEN 'parked' ELSE 'dropped' END FROM generate_series(1, 30000) n`,
  "INSERT INTO owner VALUES ('test', 0)",
];
