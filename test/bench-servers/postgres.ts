import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { BenchIncomplete, type ChildServer, freePort, startChildServer } from './child-server.ts';
import { postgresPrograms } from './downloads.ts';

export interface PostgresServer {
  /** Connects to the database `postgres` as a superuser. */
  readonly url: string;
  /** Makes an empty database; answers its URL. */
  createDatabase(name: string): Promise<string>;
  kill(): Promise<void>;
  start(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** Several sets of services side by side, each process with connections of its own. */
const MANY_CONNECTIONS = ['-c', 'max_connections=400'];

/** PostgreSQL with its data below `folder`, for anybody on this machine. */
export async function startPostgres(folder: string): Promise<PostgresServer> {
  const programs = postgresPrograms();
  const home = join(folder, 'postgres');
  mkdirSync(home, { recursive: true });
  const user = unprivilegedUser();
  if (user !== undefined) chownSync(home, user.uid, user.gid);
  const data = join(home, 'data');
  execFileSync(
    join(programs, 'initdb'),
    ['-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { cwd: home, stdio: 'ignore', ...user },
  );
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const start = (): Promise<ChildServer> =>
    startChildServer({
      name: 'PostgreSQL',
      command: join(programs, 'postgres'),
      args: [
        '-D',
        data,
        '-p',
        String(port),
        '-k',
        home,
        '-c',
        'listen_addresses=127.0.0.1',
        ...MANY_CONNECTIONS,
      ],
      cwd: home,
      logFile: join(folder, 'postgres.log'),
      // Fast shutdown: sessions are ended, data are kept.
      stopSignal: 'SIGINT',
      answers: () => ask(url, 'SELECT 1'),
      ...(user === undefined ? {} : { user }),
    });
  let server = await start();
  return {
    url,
    createDatabase: (name) => createDatabase(url, name),
    kill: async () => {
      // Its children notice and end by themselves; a new server waits for them.
      server.signal('SIGKILL');
      await server.ended;
    },
    start: async () => {
      server = await start();
    },
    signal: (name) => server.signal(name),
    stop: () => server.stop(),
  };
}

/** Makes an empty database on the server; answers its URL. */
export async function createDatabase(url: string, name: string): Promise<string> {
  await ask(url, `CREATE DATABASE "${name}"`);
  return url.replace(/\/postgres$/, `/${name}`);
}

async function ask(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** PostgreSQL refuses to run as root; the package has made a user for it. */
function unprivilegedUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const uid = Number(spawnSync('id', ['-u', 'postgres'], { encoding: 'utf8' }).stdout || Number.NaN);
  const gid = Number(spawnSync('id', ['-g', 'postgres'], { encoding: 'utf8' }).stdout || Number.NaN);
  if (Number.isNaN(uid) || Number.isNaN(gid)) {
    throw new BenchIncomplete('the bench needs the user postgres: apt-get install postgresql');
  }
  return { uid, gid };
}
