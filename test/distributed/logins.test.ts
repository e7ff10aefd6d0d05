import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freePort } from '../bench-servers/child-server.ts';
import { type KafkaCluster, startKafka } from '../bench-servers/kafka.ts';
import { askKafka } from '../support/kafka-admin.ts';
import { LockedRegistry } from '../support/locked-registry.ts';
import { askPostgres } from './support/ask-postgres.ts';
import { selfSigned } from './support/certificate.ts';

// A Kafka that wants TLS and a login, and a registry behind a password: the command line and a service as an operator runs
// them, in processes of their own.

const USER = 'tocsin';
const KAFKA_SECRET = 'kafka-hunter2';
const REGISTRY_SECRET = 'registry-hunter3';
const WRONG = 'wrong-hunter4';

type Env = Readonly<Record<string, string>>;
let folder: string;
let kafka: KafkaCluster;
let registry: LockedRegistry;
let good: Env;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-logins-'));
  for (const name of ['broker', 'client', 'stranger']) selfSigned(folder, name);
  const keyAndCertificate = file(
    'both.pem',
    readFileSync(join(folder, 'broker.key'), 'utf8') + readFileSync(join(folder, 'broker.pem'), 'utf8'),
  );
  kafka = await startKafka(folder, 1, {
    keyAndCertificate,
    clientCertificate: join(folder, 'client.pem'),
    username: USER,
    password: KAFKA_SECRET,
  });
  registry = await LockedRegistry.start(inject('registryUrl'), USER, REGISTRY_SECRET);
  await askPostgres(inject('postgresUrl'), 'CREATE DATABASE logins');
  good = {
    TOCSIN_KAFKA_BROKERS: kafka.secureBrokers,
    TOCSIN_KAFKA_TLS: 'true',
    TOCSIN_KAFKA_CA: join(folder, 'broker.pem'),
    TOCSIN_KAFKA_SASL: 'scram-sha-512',
    TOCSIN_KAFKA_USERNAME: USER,
    TOCSIN_KAFKA_PASSWORD_FILE: file('kafka-password', `${KAFKA_SECRET}\n`),
    TOCSIN_REGISTRY_URL: registry.url,
    TOCSIN_REGISTRY_USERNAME: USER,
    TOCSIN_REGISTRY_PASSWORD_FILE: file('registry-password', REGISTRY_SECRET),
    TOCSIN_DATABASE_URL: inject('postgresUrl').replace(/\/postgres$/, '/logins'),
    TOCSIN_TOPIC_PREFIX: 'logins.',
    TOCSIN_PARTITIONS: '1',
  };
});
afterAll(async () => {
  await registry.stop();
  await kafka.stop();
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** What a process says until it ends by itself, or is told to once it is ready. */
async function run(args: readonly string[], env: Env, url?: string) {
  const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH, ...env } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  if (url !== undefined) {
    let running = true;
    void ended.then(() => (running = false));
    while (running && (await statusOf(`${url}/readyz`)) !== 200)
      await new Promise((resume) => setTimeout(resume, 100));
    if (running) {
      expect(await post(`${url}/v1/complaints`)).toBe(202);
      await untilInTopic('logins.signals');
      child.kill('SIGTERM');
    }
  }
  const code = await ended;
  for (const secret of [KAFKA_SECRET, REGISTRY_SECRET, WRONG]) expect(said).not.toContain(secret);
  return { code, said };
}

const statusOf = (url: string): Promise<number> =>
  fetch(url).then(
    ({ status }) => status,
    () => 0,
  );

const post = async (url: string): Promise<number> => {
  const record = {
    id: `r-${Date.now()}`,
    customerId: 'c-1',
    occurredAt: Date.now(),
    text: 'I want to cancel my contract.',
  };
  const headers = { 'content-type': 'application/json' };
  return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(record) })).status;
};

/** Looks at the door that is not locked. */
const untilInTopic = (topic: string): Promise<void> =>
  askKafka(kafka.brokers, async (admin) => {
    while (!(await admin.fetchTopicOffsets(topic)).some(({ high }) => Number(high) > 0))
      await new Promise((resume) => setTimeout(resume, 100));
  });

const tocsin = (words: string, env: Env) => run(['services/cli/main.ts', ...words.split(' ')], env);

/** The service with a gateway, on a port of its own. */
async function ingestion(env: Env) {
  const port = await freePort();
  return run(
    ['services/ingestion/main.ts'],
    { ...env, TOCSIN_PORT: String(port) },
    `http://127.0.0.1:${port}`,
  );
}

/** By a certificate in place of a password. */
const shown = (name: string): Env => ({
  ...Object.fromEntries(Object.entries(good).filter(([key]) => !/SASL|_KAFKA_(USERNAME|PASSWORD)/.test(key))),
  TOCSIN_KAFKA_BROKERS: kafka.mutualBrokers,
  TOCSIN_KAFKA_CLIENT_CERT: join(folder, `${name}.pem`),
  TOCSIN_KAFKA_CLIENT_KEY: join(folder, `${name}.key`),
});

const without = (name: string, env: Env = good): Env =>
  Object.fromEntries(Object.entries(env).filter(([key]) => key !== name));

test.each([
  ['scram-sha-512', () => good],
  ['plain', () => ({ ...good, TOCSIN_KAFKA_SASL: 'plain' })],
  ['a client certificate', () => shown('client')],
])('with the right credentials everything works: %s', async (_, envOf) => {
  const env = envOf();
  expect(await tocsin('kafka apply --replication 1', env)).toMatchObject({ code: 0 });
  expect(await tocsin('schemas register', env)).toMatchObject({ code: 0 });
  expect(await tocsin('schemas check', env)).toMatchObject({ code: 0 });
  const { code, said } = await ingestion(env);
  expect([code, said]).toEqual([0, expect.stringContaining('"started"')]);
});

test('a wrong password for Kafka', async () => {
  const env = { ...without('TOCSIN_KAFKA_PASSWORD_FILE'), TOCSIN_KAFKA_PASSWORD: WRONG };
  const words = 'Kafka refuses the login of TOCSIN_KAFKA_USERNAME with TOCSIN_KAFKA_PASSWORD (scram-sha-512)';
  expect(await tocsin('kafka plan', env)).toEqual({ code: 1, said: expect.stringContaining(words) });
  expect(await ingestion(env)).toEqual({ code: 2, said: expect.stringContaining(words) });
});

test.each([
  ['none is named', () => without('TOCSIN_KAFKA_CA')],
  ['it is another one', () => ({ ...good, TOCSIN_KAFKA_CA: join(folder, 'stranger.pem') })],
])('an authority that has not signed the certificate of the broker: %s', async (_, env) => {
  const words =
    /certificate of the Kafka broker .* is not trusted \(self.signed certificate\); .* TOCSIN_KAFKA_CA/;
  expect(await tocsin('kafka plan', env())).toEqual({ code: 1, said: expect.stringMatching(words) });
  expect(await ingestion(env())).toEqual({ code: 2, said: expect.stringMatching(words) });
});

test.each([
  [
    'none',
    () => without('TOCSIN_KAFKA_CLIENT_CERT', without('TOCSIN_KAFKA_CLIENT_KEY', shown('client'))),
    'wants a client certificate: see TOCSIN_KAFKA_CLIENT_CERT and TOCSIN_KAFKA_CLIENT_KEY',
  ],
  [
    'one that the broker does not know',
    () => shown('stranger'),
    'does not trust our client certificate: see TOCSIN_KAFKA_CLIENT_CERT and TOCSIN_KAFKA_CLIENT_KEY',
  ],
])('where a client certificate is wanted: %s', async (_, env, words) => {
  expect(await tocsin('kafka plan', env())).toEqual({ code: 1, said: expect.stringContaining(words) });
  expect(await ingestion(env())).toEqual({ code: 2, said: expect.stringContaining(words) });
});

test.each([
  [
    'a client certificate without its key',
    () => without('TOCSIN_KAFKA_CLIENT_KEY', shown('client')),
    'TOCSIN_KAFKA_CLIENT_KEY: is not set, and TOCSIN_KAFKA_CLIENT_CERT needs it',
  ],
  [
    'a key file that holds a certificate',
    () => ({ ...shown('client'), TOCSIN_KAFKA_CLIENT_KEY: join(folder, 'client.pem') }),
    'client.pem holds no private key in PEM form',
  ],
  [
    'a CA file that is not there',
    () => ({ ...good, TOCSIN_KAFKA_CA: '/nowhere.pem' }),
    'TOCSIN_KAFKA_CA: /nowhere.pem cannot be read (ENOENT)',
  ],
  [
    'a login without a name',
    () => without('TOCSIN_KAFKA_USERNAME'),
    'TOCSIN_KAFKA_USERNAME: is not set, and TOCSIN_KAFKA_SASL needs it',
  ],
  [
    'a password that would not be used',
    () => without('TOCSIN_KAFKA_SASL'),
    'TOCSIN_KAFKA_SASL: is not set, and TOCSIN_KAFKA_PASSWORD has no effect without it',
  ],
  [
    'an authority that would not be used',
    () => without('TOCSIN_KAFKA_TLS'),
    'TOCSIN_KAFKA_TLS: is not true, and TOCSIN_KAFKA_CA has no effect without it',
  ],
  [
    'a registry password without a name',
    () => without('TOCSIN_REGISTRY_USERNAME'),
    'TOCSIN_REGISTRY_USERNAME: is not set, and TOCSIN_REGISTRY_PASSWORD has no effect without it',
  ],
])('settings that do not fit together: %s', async (_, env, words) => {
  expect(await tocsin('kafka plan', env())).toEqual({ code: 2, said: expect.stringContaining(words) });
  expect(await ingestion(env())).toEqual({ code: 2, said: expect.stringContaining(words) });
});

test('a listener that wants TLS, asked without', async () => {
  const env = without('TOCSIN_KAFKA_CA', without('TOCSIN_KAFKA_TLS'));
  const { code, said } = await tocsin('kafka plan', env);
  expect([code, said]).toEqual([1, expect.stringContaining('TOCSIN_KAFKA_TLS=true')]);
});

test('a wrong password for the registry, and none', async () => {
  const none = without('TOCSIN_REGISTRY_PASSWORD_FILE', without('TOCSIN_REGISTRY_USERNAME'));
  const wrong = { ...without('TOCSIN_REGISTRY_PASSWORD_FILE'), TOCSIN_REGISTRY_PASSWORD: WRONG };
  const words = 'refuses the login (HTTP 401): see TOCSIN_REGISTRY_USERNAME and TOCSIN_REGISTRY_PASSWORD';
  for (const env of [wrong, none]) {
    for (const command of ['schemas register', 'schemas check']) {
      expect(await tocsin(command, env)).toEqual({ code: 1, said: expect.stringContaining(words) });
    }
    expect(await ingestion(env)).toEqual({ code: 1, said: expect.stringContaining(words) });
  }
});
