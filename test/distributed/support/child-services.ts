import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../bench-servers/child-server.ts';

export const SERVICE_NAMES = [
  'ingestion',
  'scoring',
  'action-management',
  'alerting',
  'notification',
  'loop-closure',
] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** One instance of a service in a process of its own. */
export interface ServiceProcess {
  readonly name: ServiceName;
  readonly url: string;
  readonly log: string;
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit code; null after a signal that it did not handle. */
  readonly ended: Promise<number | null>;
  ready(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

let started = 0;

/** Starts an instance; `env` says where the servers are. */
export async function startServiceProcess(
  name: ServiceName,
  env: Readonly<Record<string, string>>,
  logFolder: string,
): Promise<ServiceProcess> {
  const port = await freePort();
  const log = join(logFolder, `${name}-${++started}.log`);
  const out = openSync(log, 'a');
  const child = spawn(process.execPath, [`services/${name}/main.ts`], {
    env: { PATH: process.env.PATH, ...env, TOCSIN_PORT: String(port) },
    stdio: ['ignore', out, out],
  });
  running.add(child);
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve)).finally(() =>
    running.delete(child),
  );
  const url = `http://127.0.0.1:${port}`;
  return {
    name,
    url,
    log,
    ended,
    signal: (signal) => void child.kill(signal),
    ready: () => untilReady(url, log),
  };
}

const READY_WITHIN_MS = 60_000;

async function untilReady(url: string, log: string): Promise<void> {
  const until = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const status = await fetch(`${url}/readyz`).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) return;
    if (performance.now() > until) throw new Error(`not ready within a minute; see ${log}`);
    await new Promise((resume) => setTimeout(resume, 100));
  }
}

/** Every service by name, restarted when asked. */
export class ServiceFleet {
  readonly #env: Readonly<Record<string, string>>;
  readonly #logs: string;
  readonly instances: ServiceProcess[] = [];

  constructor(env: Readonly<Record<string, string>>, logs: string) {
    this.#env = env;
    this.#logs = logs;
  }

  async startAll(): Promise<void> {
    for (const name of SERVICE_NAMES) await this.start(name);
    await this.ready();
  }

  async start(name: ServiceName): Promise<ServiceProcess> {
    const instance = await startServiceProcess(name, this.#env, this.#logs);
    this.instances.push(instance);
    return instance;
  }

  async ready(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.ready()));
  }

  of(name: ServiceName): ServiceProcess {
    const found = this.instances.find((instance) => instance.name === name);
    if (found === undefined) throw new Error(`no instance of ${name} is running`);
    return found;
  }

  /** Ends an instance as a crash would. */
  async kill(instance: ServiceProcess): Promise<void> {
    instance.signal('SIGKILL');
    await instance.ended;
    this.#forget(instance);
  }

  /** Ends an instance as a deployment would; answers its exit code and how long it took. */
  async end(instance: ServiceProcess): Promise<{ readonly code: number | null; readonly ms: number }> {
    const began = performance.now();
    instance.signal('SIGTERM');
    const code = await instance.ended;
    this.#forget(instance);
    return { code, ms: performance.now() - began };
  }

  async stop(): Promise<void> {
    for (const instance of this.instances) instance.signal('SIGCONT');
    await Promise.all(
      this.instances.splice(0).map(async (instance) => {
        instance.signal('SIGTERM');
        const hard = setTimeout(() => instance.signal('SIGKILL'), 15_000);
        await instance.ended;
        clearTimeout(hard);
      }),
    );
  }

  #forget(instance: ServiceProcess): void {
    this.instances.splice(this.instances.indexOf(instance), 1);
  }
}
