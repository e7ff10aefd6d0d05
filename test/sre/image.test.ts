import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endWithUs } from '../../services/platform/process/end-with-us.ts';

// What infra/Dockerfile copies, and nothing else, started from there. Building the image needs a Docker engine.

let image: string;
beforeAll(() => {
  image = mkdtempSync(join(tmpdir(), 'tocsin-image-'));
  for (const line of readFileSync('infra/Dockerfile', 'utf8').split('\n')) {
    const [, from, to] = /^COPY (\w[\w.]*) (\.\/\S*)$/.exec(line) ?? [];
    if (from === undefined || to === undefined) continue;
    cpSync(from, to === './' ? join(image, from) : join(image, to), {
      recursive: true,
      filter: (path) => !path.endsWith('.test.ts'),
    });
  }
  symlinkSync(join(process.cwd(), 'node_modules'), join(image, 'node_modules'));
});
afterAll(() => rmSync(image, { recursive: true, force: true }));

test.each(['ingestion', 'scoring', 'action-management', 'alerting', 'notification', 'loop-closure'])(
  '%s starts as far as its settings, and names those that are missing',
  async (name) => {
    const { code, said } = await start([`services/${name}/main.ts`], 2_000);
    expect(said).toContain('TOCSIN_KAFKA_BROKERS');
    expect(said).toContain('TOCSIN_DATABASE_URL');
    expect(code).toBe(2);
  },
);

test('the default command starts the whole pipeline', async () => {
  const { said } = await start(['services/cli/main.ts', 'start', '--json', '--port', '0'], 30_000, {
    TOCSIN_DATA_DIR: join(image, 'data'),
  });
  expect(said).toContain('"url":"http://127.0.0.1:');
});

/** Ends when it does, when it says where it listens, or when time is up. */
function start(
  args: readonly string[],
  withinMs: number,
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: image,
      env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
      timeout: withinMs + 15_000,
    });
    endWithUs(child);
    let said = '';
    const heard = (chunk: Buffer): void => {
      said += chunk.toString();
      if (said.includes('"url"')) child.kill('SIGTERM');
    };
    child.stdout.on('data', heard);
    child.stderr.on('data', heard);
    child.on('close', (code) => resolve({ code, said }));
  });
}
