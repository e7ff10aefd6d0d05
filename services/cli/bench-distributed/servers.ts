import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { ServerSettings } from '../../platform/distributed/settings.ts';
import type { Io } from '../command.ts';
import { readServers } from '../server-settings.ts';

/** Where the bench finds its servers, and what ends them. */
export interface BenchServers {
  readonly settings: ServerSettings;
  /** As services read them. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** There are no servers and they cannot be brought up; `message` says what is missing. */
export class NoServers extends Error {
  override readonly name = 'NoServers';
}

const NEEDED = ['TOCSIN_KAFKA_BROKERS', 'TOCSIN_REGISTRY_URL', 'TOCSIN_DATABASE_URL'] as const;
/** Brings up real servers in a temporary folder; a program of the checkout, not a part of what is installed. */
const BRING_UP = fileURLToPath(new URL('../../../test/bench-servers/main.ts', import.meta.url));

/**
 * The servers that the environment names, or else real ones on free ports that end with the bench.
 *
 * Topics have a prefix of their own and tables a database of their own, removed at the end: nothing that is there is
 * touched.
 */
export async function findServers(io: Io, name: string, partitions: number): Promise<BenchServers> {
  const given = NEEDED.filter((key) => io.env[key] !== undefined || io.env[`${key}_FILE`] !== undefined);
  const up = given.length === 0 ? await bringUp() : undefined;
  const own = { TOCSIN_TOPIC_PREFIX: `${name}.`, TOCSIN_PARTITIONS: String(partitions) };
  const settings = readServers({ ...io, env: { ...io.env, ...up?.env, ...own } }, NEEDED);
  const admin = new URL(settings.TOCSIN_DATABASE_URL);
  if (settings.TOCSIN_DATABASE_PASSWORD !== undefined) admin.password = settings.TOCSIN_DATABASE_PASSWORD;
  const database = name.replaceAll('-', '_');
  await ask(admin, `CREATE DATABASE ${database}`);
  const url = new URL(admin);
  url.pathname = `/${database}`;
  const mine = { ...settings, TOCSIN_DATABASE_URL: url.href };
  return {
    settings: mine,
    env: { ...ofServers(io.env), ...up?.env, ...own, TOCSIN_DATABASE_URL: url.href },
    stop: async () => {
      await ask(admin, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`).catch(() => undefined);
      await up?.stop();
    },
  };
}

const ofServers = (env: Io['env']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([key, value]) =>
      /^TOCSIN_(KAFKA|REGISTRY|DATABASE)_/.test(key) && value !== undefined ? [[key, value]] : [],
    ),
  );

async function bringUp(): Promise<{ readonly env: Record<string, string>; stop(): Promise<void> }> {
  if (!existsSync(BRING_UP)) {
    throw new NoServers(`no servers are given and none can be brought up here; set ${NEEDED.join(', ')}`);
  }
  // What it prints is read, what it complains about is shown; it ends when its input does, also if we are killed.
  const child = spawn(process.execPath, [BRING_UP, '--until-input-ends'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const env = await settingsFrom(child, ended);
  return {
    env,
    stop: async () => {
      child.stdin?.end();
      await ended;
    },
  };
}

async function settingsFrom(child: ChildProcess, ended: Promise<void>): Promise<Record<string, string>> {
  let complaint = '';
  child.stderr?.on('data', (text) => {
    complaint += String(text);
  });
  const env: Record<string, string> = {};
  if (child.stdout === null) throw new NoServers('the servers cannot be heard');
  const printed = createInterface({ input: child.stdout });
  const complete = new Promise<void>((resolve) => {
    printed.on('line', (line) => {
      const [, key, value] = /^export (\w+)=(.*)$/.exec(line) ?? [];
      if (key !== undefined && value !== undefined) env[key] = value;
      if (NEEDED.every((needed) => env[needed] !== undefined)) resolve();
    });
  });
  await Promise.race([complete, ended]);
  if (NEEDED.some((needed) => env[needed] === undefined)) {
    // An error's message, without the lines of code and the stack around it.
    const why = /^\w*(?:Error|Incomplete)\b.*$/m.exec(complaint)?.[0] ?? complaint.trim();
    throw new NoServers(`Kafka, registry and PostgreSQL could not be brought up: ${why}`);
  }
  return env;
}

async function ask(url: URL, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
