import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type ChildServer, freePort, portAnswers, startChildServer } from '../bench-servers/child-server.ts';
import { kafkaJars, registryHome } from '../bench-servers/downloads.ts';

// Three brokers and the registry with the very settings of infra/compose.yaml, on ports of this machine instead of hosts
// of their own; then the two jobs, as compose.yaml has them.

type Env = Readonly<Record<string, string>>;
const { services } = parse(readFileSync('infra/compose.yaml', 'utf8'), { merge: true }) as {
  services: Readonly<Record<string, { environment: Env; command: readonly string[] }>>;
};
const BROKERS = ['kafka-1', 'kafka-2', 'kafka-3'] as const;

const folder = mkdtempSync(join(tmpdir(), 'tocsin-compose-'));
const started: ChildServer[] = [];
afterAll(async () => {
  await Promise.all(started.map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
});

test('the brokers and the registry of compose.yaml start, and the jobs that make topics and schemas succeed', async () => {
  const places = new Map<string, string>();
  for (const broker of BROKERS) {
    places.set(`${broker}:9092`, `127.0.0.1:${await freePort()}`);
    places.set(`${broker}:9093`, `127.0.0.1:${await freePort()}`);
  }
  places.set('registry:8080', `127.0.0.1:${await freePort()}`);
  const here = (text: string): string =>
    [...places].reduce((moved, [from, to]) => moved.replaceAll(from, to), text);

  await Promise.all(BROKERS.map((broker) => startBroker(broker, places, here)));
  await startRegistry(here);
  expect(job('topics', here)).toEqual({ status: 0, trouble: '' });
  expect(job('schemas', here)).toEqual({ status: 0, trouble: '' });
  // Both may run again.
  expect(job('topics', here).status).toBe(0);
}, 300_000);

async function startBroker(
  name: string,
  places: ReadonlyMap<string, string>,
  here: (text: string) => string,
): Promise<void> {
  const home = join(folder, name);
  mkdirSync(home);
  const { CLUSTER_ID, ...given } = services[name]?.environment ?? {};
  const [own = '', controller = ''] = [places.get(`${name}:9092`), places.get(`${name}:9093`)];
  const settings: Env = {
    ...Object.fromEntries(Object.entries(given).map(([key, value]) => [key, here(value)])),
    // In a container of its own a broker listens on every address.
    KAFKA_LISTENERS: (given.KAFKA_LISTENERS ?? '').replace(':9092', own).replace(':9093', controller),
    KAFKA_LOG_DIRS: join(home, 'data'),
  };
  // What the image does with its variables.
  const properties = Object.entries(settings).map(
    ([key, value]) =>
      `${key
        .replace(/^KAFKA_/, '')
        .toLowerCase()
        .replaceAll('_', '.')}=${value}`,
  );
  const config = join(home, 'server.properties');
  writeFileSync(config, properties.join('\n'));
  const classpath = `${kafkaJars()}/*`;
  execFileSync('java', [
    '-cp',
    classpath,
    'kafka.tools.StorageTool',
    'format',
    '-t',
    CLUSTER_ID ?? '',
    '-c',
    config,
  ]);
  started.push(
    await startChildServer({
      name,
      command: 'java',
      args: ['-Xmx400m', '-cp', classpath, 'kafka.Kafka', config],
      cwd: home,
      logFile: join(home, 'log'),
      answers: () => portAnswers(Number(own.split(':')[1])),
    }),
  );
}

async function startRegistry(here: (text: string) => string): Promise<void> {
  const [host = '', port = ''] = here('registry:8080').split(':');
  const [jar = ''] = globSync(`${registryHome()}/**/*-runner.jar`);
  const { environment = {} } = services.registry ?? {};
  started.push(
    await startChildServer({
      name: 'registry',
      command: 'java',
      args: ['-Xmx256m', `-Dquarkus.http.port=${port}`, `-Dquarkus.http.host=${host}`, '-jar', jar],
      env: Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, here(value)])),
      cwd: folder,
      logFile: join(folder, 'registry.log'),
      answers: async () => {
        const answer = await fetch(`http://${host}:${port}/apis/ccompat/v7/subjects`);
        if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      },
    }),
  );
}

/** Runs a job with its own command and environment. */
function job(name: string, here: (text: string) => string): { status: number | null; trouble: string } {
  const { command = [], environment = {} } = services[name] ?? {};
  const password = join(folder, 'database-password');
  writeFileSync(password, 'not asked for');
  const env = Object.entries(environment).map(([key, value]) => [
    key,
    here(value).replace('/run/secrets/database-password', password),
  ]);
  const { status, stderr } = spawnSync(process.execPath, command, {
    env: { PATH: process.env.PATH, ...Object.fromEntries(env) },
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { status, trouble: status === 0 ? '' : stderr };
}
