import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { endWithUs } from '../../services/platform/process/end-with-us.ts';

/** A server that this process has started. */
export interface ChildServer {
  readonly name: string;
  readonly pid: number;
  /** Sends a signal without waiting for anything: `SIGKILL`, `SIGSTOP`, `SIGCONT`. */
  signal(name: NodeJS.Signals): void;
  /** Asks it to end, and kills it when it does not within ten seconds. */
  stop(): Promise<void>;
  /** Resolves once it has ended, however that came about. */
  readonly ended: Promise<void>;
}

export interface ChildServerOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly stopSignal?: NodeJS.Signals;
  /** Resolves when the server answers, rejects while it does not. */
  readonly answers: () => Promise<unknown>;
}

/** What the bench lacks; `message` says how to get it. */
export class BenchIncomplete extends Error {
  override readonly name = 'BenchIncomplete';
}

/** For a Java program whose start costs more than all that it does afterwards. */
export const SHORT_LIVED = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/** A quiet machine takes five; one that runs other tests beside may take twenty times as long. */
const READY_WITHIN_MS = 300_000;
const STOP_WITHIN_MS = 10_000;
const ASK_EVERY_MS = 100;

/** Starts a server and waits until it answers. When it does not, its log is in the error. */
export async function startChildServer(options: ChildServerOptions): Promise<ChildServer> {
  const log = openSync(options.logFile, 'a');
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', log, log],
    ...options.user,
  });
  closeSync(log);
  endWithUs(child);
  const ended = new Promise<void>((resolve) => {
    child.on('error', () => resolve());
    child.on('exit', () => resolve());
  });
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const server: ChildServer = {
    name: options.name,
    pid: child.pid ?? -1,
    signal: (name) => void child.kill(name),
    stop: () => stopChild(child, ended, options.stopSignal ?? 'SIGTERM'),
    ended,
  };
  const until = performance.now() + READY_WITHIN_MS;
  for (;;) {
    if (over) throw new Error(`${options.name} ended while it started:\n${tailOf(options.logFile)}`);
    try {
      await options.answers();
      return server;
    } catch (error) {
      if (performance.now() > until) {
        await server.stop();
        throw new Error(
          `${options.name} did not answer within five minutes (${String(error)}):\n${tailOf(options.logFile)}`,
        );
      }
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}

async function stopChild(child: ChildProcess, ended: Promise<void>, signal: NodeJS.Signals): Promise<void> {
  child.kill('SIGCONT');
  child.kill(signal);
  const hard = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await ended;
  clearTimeout(hard);
}

const tailOf = (file: string): string => readFileSync(file, 'utf8').split('\n').slice(-30).join('\n');

/**
 * A port that nobody listens on at this moment. Of those below the ones that the system gives to connections: between our looking and
 * the server's listening nobody but another server can take it.
 */
export async function freePort(): Promise<number> {
  for (let left = PORTS_TRIED; ; left--) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    try {
      await listenOnce(port);
      return port;
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}

const FIRST_PORT = 12_000;
const PORTS = 20_000;
const PORTS_TRIED = 50;

const listenOnce = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()));
  });

/** Resolves when somebody accepts connections there. */
export async function portAnswers(port: number): Promise<void> {
  const { connect } = await import('node:net');
  await new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', reject);
    socket.on('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}
