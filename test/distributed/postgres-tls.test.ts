import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Postgres } from '../../services/platform/database/postgres.ts';
import { type PostgresServer, startPostgres } from '../bench-servers/postgres.ts';
import { selfSigned } from './support/certificate.ts';

let folder: string;
let server: PostgresServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-tls-'));
  chmodSync(folder, 0o755);
  server = await startPostgres(folder);
  for (const name of ['server', 'stranger']) certificate(name);
  const admin = new Postgres({ url: server.url, applicationName: 'test' });
  // The server reads them anew without a restart.
  for (const [index, change] of [
    `ALTER SYSTEM SET ssl_cert_file = '${join(folder, 'server.pem')}'`,
    `ALTER SYSTEM SET ssl_key_file = '${join(folder, 'server.key')}'`,
    'ALTER SYSTEM SET ssl = on',
    'SELECT pg_reload_conf()',
  ].entries()) {
    await admin.query({ name: `change-${index}`, text: change }, []);
  }
  await admin.close();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** PostgreSQL never runs as root, and its key must be its own. */
function certificate(name: string): void {
  const key = selfSigned(folder, name);
  const owner = spawnSync('id', ['-u', 'postgres'], { encoding: 'utf8' });
  if (process.getuid?.() === 0 && owner.status === 0) chownSync(key, Number(owner.stdout), -1);
}

const connected = (authority: string): Postgres =>
  new Postgres({
    url: `${server.url}?sslmode=verify-full&sslrootcert=${join(folder, `${authority}.pem`)}`,
    applicationName: 'test',
  });
const ENCRYPTED = { name: 'encrypted', text: 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()' };

test('TLS to PostgreSQL as the URL says: encrypted, and the server is who it says', async () => {
  const postgres = connected('server');
  // The new settings come into force in a moment.
  const rows = await eventually(() => postgres.query(ENCRYPTED, []));
  expect(rows).toEqual([{ ssl: true }]);
  await postgres.close();
});

test('a server whose certificate another authority has signed is not talked to', async () => {
  const postgres = connected('stranger');
  await expect(postgres.query(ENCRYPTED, [])).rejects.toThrow(/self.signed certificate/i);
  await postgres.close();
});

test('control: without the parameter nothing is encrypted', async () => {
  const postgres = new Postgres({ url: server.url, applicationName: 'test' });
  expect(await postgres.query(ENCRYPTED, [])).toEqual([{ ssl: false }]);
  await postgres.close();
});

async function eventually<T>(ask: () => Promise<T>): Promise<T> {
  const until = performance.now() + 10_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resume) => setTimeout(resume, 100));
    }
  }
}
