import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endWithUs } from '../../services/platform/process/end-with-us.ts';

const MAIN = fileURLToPath(new URL('../../services/cli/main.ts', import.meta.url));

/** How a process ended: its exit code, or the signal that ended it. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildOptions {
  /** `TOCSIN_…` settings. Those of the test run itself are not handed on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly spawn?: Pick<SpawnOptions, 'uid' | 'gid' | 'cwd'>;
}

export interface StartOptions extends ChildOptions {
  readonly data: string;
  /** Default: a free one. */
  readonly port?: number;
}

/** `tocsin start` as a process of its own, so that it can be killed, and nothing of it survives but its files. */
export class ChildTocsin {
  /** Where it answers; nothing when it ended before it did. */
  readonly url: Promise<string | undefined>;
  readonly ended: Promise<Ended>;
  readonly #process: ChildProcess;
  readonly #output: Output;

  constructor({ data, port = 0, ...options }: StartOptions) {
    const args = ['start', '--json', '--data', data, '--port', String(port)];
    this.#process = launch(args, options, LONGEST_LIFE_MS);
    this.#output = new Output(this.#process);
    this.ended = endOf(this.#process, this.#output);
    this.url = Promise.race([
      this.#output.stdoutMatching(/"url":"([^"]+)"/),
      this.ended.then(() => undefined),
    ]);
  }

  /** Tells it to stop as a service manager does, and waits until it has. */
  async stop(): Promise<Ended> {
    this.#process.kill('SIGTERM');
    return this.ended;
  }

  /** What Ctrl-C does. */
  async interrupt(): Promise<Ended> {
    this.#process.kill('SIGINT');
    return this.ended;
  }

  async kill(): Promise<Ended> {
    this.#process.kill('SIGKILL');
    return this.ended;
  }

  /** Arms its failpoint `…:kill@signal`; done when it has heard. */
  async arm(): Promise<void> {
    this.#process.kill('SIGUSR2');
    await Promise.race([this.#output.stderrMatching(/is armed/), this.ended]);
  }
}

/** Runs a `tocsin` command to its end, or kills it when it does not come to one in time. */
export async function runTocsin(
  args: readonly string[],
  options: ChildOptions = {},
  withinMs = LONGEST_COMMAND_MS,
): Promise<Ended> {
  const child = launch(args, options, withinMs);
  return endOf(child, new Output(child));
}

/** A child that does not end by itself is a failed test, not a hanging one. */
const LONGEST_LIFE_MS = 590_000;
const LONGEST_COMMAND_MS = 100_000;

function launch(
  args: readonly string[],
  { env = {}, ...options }: ChildOptions,
  timeout: number,
): ChildProcess {
  const child = spawn(process.execPath, [MAIN, ...args], {
    ...options.spawn,
    env: { PATH: process.env.PATH, TOCSIN_LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
    killSignal: 'SIGKILL',
  });
  endWithUs(child);
  return child;
}

function endOf(child: ChildProcess, output: Output): Promise<Ended> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ code, signal, stdout: output.stdout, stderr: output.stderr }),
    );
  });
}

/** What a process says, and who waits for it to say something. */
class Output {
  stdout = '';
  stderr = '';
  readonly #waiting = new Set<() => void>();

  constructor(child: ChildProcess) {
    child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
      this.#tell();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
      this.#tell();
    });
  }

  /** The first group of the pattern, once it is there. */
  stdoutMatching = (pattern: RegExp): Promise<string> => this.#matching(pattern, () => this.stdout);
  stderrMatching = (pattern: RegExp): Promise<string> => this.#matching(pattern, () => this.stderr);

  #matching(pattern: RegExp, said: () => string): Promise<string> {
    return new Promise((resolve) => {
      const look = (): void => {
        const match = pattern.exec(said());
        if (match === null) return;
        this.#waiting.delete(look);
        resolve(match[1] ?? match[0]);
      };
      this.#waiting.add(look);
      look();
    });
  }

  #tell(): void {
    for (const look of this.#waiting) look();
  }
}
