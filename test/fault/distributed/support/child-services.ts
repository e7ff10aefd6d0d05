import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { endWithUs } from '../../../../services/platform/process/end-with-us.ts';
import { freePort } from '../../../bench-servers/child-server.ts';
import type { ChangeName } from '../controls/changes.ts';

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
  /** Resolves once a SIGSTOP has reached it. */
  standsStill(): Promise<void>;
  /** Resolves with the exit code; null after a signal that it did not handle. */
  readonly ended: Promise<number | null>;
  ready(): Promise<void>;
}

let started = 0;

const CHANGED = pathToFileURL(join(import.meta.dirname, '../controls/changed.ts')).href;

/** Starts an instance; `env` says where the servers are. */
export async function startServiceProcess(
  name: ServiceName,
  env: Readonly<Record<string, string>>,
  logFolder: string,
): Promise<ServiceProcess> {
  const port = await freePort();
  const log = join(logFolder, `${name}-${++started}.log`);
  const out = openSync(log, 'a');
  const changed = env.CHANGES === undefined ? [] : ['--import', CHANGED];
  const child = spawn(process.execPath, [...changed, `services/${name}/main.ts`], {
    env: {
      PATH: process.env.PATH,
      // Halves what a start costs.
      NODE_COMPILE_CACHE: join(tmpdir(), 'tocsin-compile-cache'),
      ...env,
      TOCSIN_PORT: String(port),
    },
    stdio: ['ignore', out, out],
  });
  endWithUs(child);
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const url = `http://127.0.0.1:${port}`;
  return {
    name,
    url,
    log,
    ended,
    signal: (signal) => void child.kill(signal),
    standsStill: async () => {
      // The letter after the name in parentheses: T for stopped.
      while (!/\) T /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8'))) {
        await new Promise((resume) => setTimeout(resume, 20));
      }
    },
    ready: () => untilReady(url, log),
  };
}

const READY_WITHIN_MS = 180_000;

async function untilReady(url: string, log: string): Promise<void> {
  const until = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const status = await fetch(`${url}/readyz`).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) return;
    if (performance.now() > until) throw new Error(`not ready within three minutes; see ${log}`);
    await new Promise((resume) => setTimeout(resume, 100));
  }
}

/** How one instance differs from the others. */
export interface InstanceOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Runs changed, for a control without a mechanism. */
  readonly changes?: readonly ChangeName[];
}

/** Every service by name. Instances that give up are started again by whoever watches them: here, `supervise`. */
export class ServiceFleet {
  readonly #env: Readonly<Record<string, string>>;
  readonly #logs: string;
  readonly #options = new Map<ServiceProcess, InstanceOptions>();
  readonly instances: ServiceProcess[] = [];
  /** Exit codes of those that ended by themselves. */
  readonly gaveUp: { readonly name: ServiceName; readonly code: number | null }[] = [];
  #like: InstanceOptions = {};
  #supervised = false;
  #starting = false;
  #hopeless: Error | undefined;
  #stopping = false;

  constructor(env: Readonly<Record<string, string>>, logs: string) {
    this.#env = env;
    this.#logs = logs;
  }

  async startAll(options: InstanceOptions = {}): Promise<void> {
    this.#like = options;
    // On a busy machine a server may not answer in time; whoever gives up for that begins again.
    this.#supervised = true;
    this.#starting = true;
    await Promise.all(SERVICE_NAMES.map((name) => this.start(name)));
    for (const name of SERVICE_NAMES) await this.present(name);
    await this.ready();
    this.#starting = false;
    this.#supervised = false;
    this.gaveUp.length = 0;
  }

  /** An instance, once there is one: whoever was killed is started again a second later. */
  async present(name: ServiceName): Promise<ServiceProcess> {
    const until = performance.now() + READY_WITHIN_MS;
    for (;;) {
      const found = this.instances.find((instance) => instance.name === name);
      if (found !== undefined) return found;
      if (this.#hopeless !== undefined) throw this.#hopeless;
      if (!this.#supervised || performance.now() > until) {
        throw new Error(`${name} is not there; these gave up: ${JSON.stringify(this.gaveUp)}`);
      }
      await new Promise((resume) => setTimeout(resume, 100));
    }
  }

  async start(name: ServiceName, options = this.#like): Promise<ServiceProcess> {
    const changed = (options.changes ?? []).length === 0 ? {} : { CHANGES: options.changes?.join() ?? '' };
    // A service refuses settings that it does not know.
    const own = Object.entries(options.env ?? {}).filter(
      ([key]) => name === 'notification' || !key.startsWith('TOCSIN_SLACK_'),
    );
    const env = { ...this.#env, ...Object.fromEntries(own), ...changed };
    const instance = await startServiceProcess(name, env, this.#logs);
    this.instances.push(instance);
    this.#options.set(instance, options);
    void instance.ended.then((code) => this.#ended(instance, code));
    return instance;
  }

  /** Starts an instance like those of `startAll`, with some settings and changes more. */
  startLike(
    name: ServiceName,
    env: Readonly<Record<string, string>> = {},
    changes: readonly ChangeName[] = [],
  ): Promise<ServiceProcess> {
    return this.start(name, {
      env: { ...this.#like.env, ...env },
      changes: [...(this.#like.changes ?? []), ...changes],
    });
  }

  /** From now on an instance that gives up is started again a second later, as an orchestrator does. */
  supervise(): void {
    this.#supervised = true;
  }

  async ready(): Promise<void> {
    // Those that gave up meanwhile have been replaced.
    for (;;) {
      await Promise.all(SERVICE_NAMES.map((name) => this.present(name)));
      const asked = [...this.instances];
      await Promise.all(asked.map((instance) => Promise.race([instance.ready(), instance.ended])));
      if (this.#hopeless !== undefined) throw this.#hopeless;
      if (asked.every((instance) => this.instances.includes(instance))) return;
      await new Promise((resume) => setTimeout(resume, RESTART_AFTER_MS));
    }
  }

  of(name: ServiceName): ServiceProcess {
    const found = this.instances.find((instance) => instance.name === name);
    if (found === undefined) throw new Error(`no instance of ${name} is running`);
    return found;
  }

  /** Ends an instance as a crash would. */
  async kill(instance: ServiceProcess): Promise<void> {
    this.#forget(instance);
    instance.signal('SIGKILL');
    await instance.ended;
  }

  /** Ends an instance as a deployment would; answers its exit code and how long it took. */
  async end(instance: ServiceProcess): Promise<{ readonly code: number | null; readonly ms: number }> {
    this.#forget(instance);
    const began = performance.now();
    instance.signal('SIGTERM');
    const code = await instance.ended;
    return { code, ms: performance.now() - began };
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      this.instances.splice(0).map(async (instance) => {
        instance.signal('SIGCONT');
        instance.signal('SIGTERM');
        const hard = setTimeout(() => instance.signal('SIGKILL'), 15_000);
        await instance.ended;
        clearTimeout(hard);
      }),
    );
  }

  async #ended(instance: ServiceProcess, code: number | null): Promise<void> {
    if (!this.instances.includes(instance)) return;
    this.#forget(instance);
    this.gaveUp.push({ name: instance.name, code });
    if (!this.#supervised) return;
    if (this.#starting && this.gaveUp.length > STARTS_TRIED) {
      const said = readFileSync(instance.log, 'utf8').slice(-2_000);
      this.#hopeless = new Error(`${instance.name} does not start: ${said}`);
      return;
    }
    await new Promise((resume) => setTimeout(resume, RESTART_AFTER_MS));
    if (this.#stopping) return;
    const options = this.#options.get(instance) ?? {};
    const { TOCSIN_FAILPOINT: _, ...others } = options.env ?? {};
    // Whoever died of its failpoint goes on without.
    await this.start(instance.name, code === null ? { ...options, env: others } : options);
  }

  #forget(instance: ServiceProcess): void {
    const place = this.instances.indexOf(instance);
    if (place >= 0) this.instances.splice(place, 1);
  }
}

const RESTART_AFTER_MS = 1_000;
/** Of all services together. */
const STARTS_TRIED = 20;
