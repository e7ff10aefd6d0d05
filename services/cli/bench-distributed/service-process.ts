import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { endWithUs } from '../../platform/process/end-with-us.ts';

/** One service in a process of its own, as in production. */
export interface ServiceProcess {
  readonly name: string;
  spent(): Promise<Spent>;
  stop(): Promise<void>;
}

/** What a process has spent since it was started. */
export interface Spent {
  readonly commits: number;
  /** Time of all commits to PostgreSQL, as the process sees it. */
  readonly commitSeconds: number;
  readonly cpuSeconds: number;
}

const READY_WITHIN_MS = 60_000;

/** Starts an instance and waits until it has its partitions. */
export async function startInstance(
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<ServiceProcess> {
  const port = await freePort();
  const main = fileURLToPath(new URL(`../../${name}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH, ...env, TOCSIN_PORT: String(port), TOCSIN_LOG_LEVEL: 'error' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  endWithUs(child);
  let complaint = '';
  child.stderr?.on('data', (text) => {
    complaint = `${complaint}${String(text)}`.slice(-2_000);
  });
  let over = false;
  const ended = new Promise<void>((resolve) =>
    child.on('exit', () => {
      over = true;
      resolve();
    }),
  );
  const url = `http://127.0.0.1:${port}`;
  const until = performance.now() + READY_WITHIN_MS;
  while (!(await answers(`${url}/readyz`))) {
    if (over || performance.now() > until) throw new Error(`${name} did not become ready: ${complaint}`);
    await new Promise((resume) => setTimeout(resume, 100));
  }
  return {
    name,
    spent: async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      const metric = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
      return {
        commits: metric(/^tocsin_database_commit_duration_seconds_count\S* (\S+)$/m),
        commitSeconds: metric(/^tocsin_database_commit_duration_seconds_sum\S* (\S+)$/m),
        cpuSeconds: metric(/^process_cpu_seconds_total (\S+)$/m),
      };
    },
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ status }) => status === 200,
    () => false,
  );

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
