import { setTimeout as pause } from 'node:timers/promises';
import { ChildTocsin, type Ended, type StartOptions } from '../../support/child-tocsin.ts';

/** A restart takes about a second; a minute without an answer means that something is broken. */
const ANSWER_WITHIN_MS = 60_000;
const ASK_AGAIN_MS = 30;
/** A request may hang in a process that is just being killed. */
const REQUEST_TIMEOUT_MS = 5_000;

/** `TOCSIN_FAILPOINT`, and how many processes get it. */
export interface Failpoint {
  readonly text: string;
  readonly times: number;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * A Tocsin that somebody looks after: when it is killed it is started again on the same data folder, with its
 * failpoint until it was killed often enough. Its clients repeat a request until it is answered.
 */
export class Supervised {
  readonly #options: StartOptions;
  #child: ChildTocsin;
  #kills = 0;
  #stopping = false;
  #failure: Error | undefined;

  readonly #failpoint: Failpoint;

  constructor(options: StartOptions, failpoint: Failpoint) {
    this.#options = options;
    this.#failpoint = failpoint;
    this.#child = this.#start();
  }

  /** How often it was killed. */
  get kills(): number {
    return this.#kills;
  }

  arm(): Promise<void> {
    return this.#child.arm();
  }

  /** Asks until there is an answer, whichever process gives it. */
  async ask(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const giveUpAt = performance.now() + ANSWER_WITHIN_MS;
    while (performance.now() < giveUpAt) {
      if (this.#failure !== undefined) throw this.#failure;
      const answer = await this.#askOnce(path, body, headers);
      if (answer !== undefined) return answer;
      await pause(ASK_AGAIN_MS);
    }
    throw new Error(`${path}: no answer within ${ANSWER_WITHIN_MS / 1000} s`);
  }

  async json(path: string): Promise<unknown> {
    const { status, text } = await this.ask(path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${text}`);
    return JSON.parse(text);
  }

  async stop(): Promise<Ended> {
    this.#stopping = true;
    return this.#child.stop();
  }

  #start(): ChildTocsin {
    const { text, times } = this.#failpoint;
    const env = { ...this.#options.env, ...(this.#kills < times ? { TOCSIN_FAILPOINT: text } : {}) };
    const child = new ChildTocsin({ ...this.#options, env });
    void child.ended.then((ended) => this.#onEnd(ended));
    return child;
  }

  #onEnd({ code, signal, stderr }: Ended): void {
    if (this.#stopping) return;
    if (signal !== 'SIGKILL') {
      this.#failure = new Error(`the process ended by itself (${code ?? signal}):\n${stderr}`);
      return;
    }
    this.#kills += 1;
    this.#child = this.#start();
  }

  /** Nothing when the process is starting, or died before it answered. */
  async #askOnce(
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer | undefined> {
    const url = await this.#child.url;
    if (url === undefined) return undefined;
    try {
      const response = await fetch(new URL(path, url), {
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      return { status: response.status, text: await response.text() };
    } catch {
      // Killed with the request in its hands: the client cannot know how far it came.
      return undefined;
    }
  }
}
