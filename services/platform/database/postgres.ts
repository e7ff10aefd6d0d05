import pg from 'pg';
import { StorageUnavailable } from '../event-log/event-log.ts';

export interface PostgresOptions {
  /** `postgres://user@host:port/database`; `?sslmode=verify-full` and `sslrootcert=` as libpq has them. */
  readonly url: string;
  readonly password?: string;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** Connections of this process. */
  readonly connections?: number;
  /** A statement that takes longer is ended by the server. */
  readonly statementTimeoutMs?: number;
}

/** Several partitions commit side by side, and a few more serve requests. */
const CONNECTIONS = 10;
/** Ten times the slowest commit that was measured on a loaded machine. */
const STATEMENT_TIMEOUT_MS = 10_000;
const CONNECT_WITHIN_MS = 5_000;
/** A transaction that its process has forgotten must not hold locks for long. */
const IDLE_IN_TRANSACTION_MS = 30_000;

export type Sql = Pick<pg.ClientBase, 'query'>;

/**
 * The connections of a process to PostgreSQL.
 *
 * Everything here throws `StorageUnavailable` when the server cannot do it now: gone, starting, read-only, out
 * of room or connections, too slow, or in conflict with another transaction. Other errors pass as they are.
 */
export class Postgres {
  readonly #pool: pg.Pool;

  constructor(options: PostgresOptions) {
    const statementTimeout = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
    this.#pool = new pg.Pool({
      connectionString: options.url,
      ...(options.password === undefined ? {} : { password: options.password }),
      application_name: options.applicationName,
      max: options.connections ?? CONNECTIONS,
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      statement_timeout: statementTimeout,
      // The client gives up a little later than the server, for the case that the server is not there at all.
      query_timeout: statementTimeout + 2_000,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      keepAlive: true,
    });
    // A connection that breaks while nobody uses it is replaced. One that breaks between two questions of a transaction
    // says so by an event, too, which would end the process; its next question is refused.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  async query<Row extends pg.QueryResultRow>(sql: NamedSql, values: readonly unknown[]): Promise<Row[]> {
    try {
      return (await this.#pool.query<Row>({ ...sql, values: [...values] })).rows;
    } catch (error) {
      throw asStorageError(error);
    }
  }

  /** Runs `work` in one transaction; anything thrown rolls it back. */
  async transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const client = await this.#connect();
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await commit(client);
      client.release();
      return result;
    } catch (error) {
      await giveUp(client, error);
      throw asStorageError(error);
    }
  }

  async close(): Promise<void> {
    if (!this.#pool.ended) await this.#pool.end();
  }

  get waiting(): number {
    return this.#pool.waitingCount;
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw asStorageError(error);
    }
  }
}

/** A statement that the server plans once per connection. */
export interface NamedSql {
  readonly name: string;
  readonly text: string;
}

/** The connection broke while the server was committing: the transaction is stored, or it is not. */
export class CommitUnknown extends Error {
  override readonly name = 'CommitUnknown';
}

async function commit(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('COMMIT');
  } catch (error) {
    // With a state the server says that it refused; while it shuts down it may not have said it of the commit.
    const state = sqlState(error);
    if (state !== undefined && !state.startsWith('57')) throw error;
    throw new CommitUnknown('nobody answered whether the commit was stored', { cause: error });
  }
}

/** Rolls back where there is still somebody to talk to; otherwise the connection is thrown away. */
async function giveUp(client: pg.PoolClient, error: unknown): Promise<void> {
  if (asStorageError(error) !== error || error instanceof CommitUnknown) return client.release(true);
  try {
    await client.query('ROLLBACK');
    client.release();
  } catch {
    client.release(true);
  }
}

const sqlState = (error: unknown): string | undefined => {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
};

/** Names the errors that mean "not now"; others come back as they are. */
export function asStorageError(error: unknown): unknown {
  if (error instanceof StorageUnavailable) return error;
  const state = sqlState(error);
  const reason = state === undefined ? connectionReason(error) : reasonOf(state);
  if (reason === undefined) return error;
  return new StorageUnavailable(
    reason,
    `the database cannot be used now: ${String((error as Error).message)}`,
    error,
  );
}

type Reason = StorageUnavailable['reason'];

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
function reasonOf(state: string): Reason | undefined {
  return STATES[state] ?? CLASSES[state.slice(0, 2)];
}

const STATES: Readonly<Record<string, Reason>> = {
  '53100': 'disk_full',
  '25006': 'not_writable',
  '40001': 'busy',
  '40P01': 'busy',
  '55P03': 'busy',
  '57014': 'busy',
  // A database that takes no connections for the time of its maintenance.
  '55000': 'busy',
  '57P01': 'closed',
  '57P02': 'closed',
  '57P03': 'closed',
  '25P03': 'closed',
};
const CLASSES: Readonly<Record<string, Reason>> = { '08': 'closed', '53': 'busy', '58': 'io_error' };

/** Errors of the socket and of the client, which have no SQLSTATE. */
function connectionReason(error: unknown): Reason | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  if (
    code !== undefined &&
    /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)/.test(code)
  ) {
    return 'closed';
  }
  if (/timeout/i.test(error.message)) return 'busy';
  return /Connection terminated|Client has encountered a connection error|not queryable/i.test(error.message)
    ? 'closed'
    : undefined;
}
