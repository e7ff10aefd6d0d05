import { Worker } from 'node:worker_threads';
import type { Logger } from '../logging/logger.ts';
import type { KafkaOptions } from './client.kafka.ts';
import type { OutboxRow, OutboxSender } from './outbox-sender.ts';

/** What the thread is started with. */
export interface SenderStart {
  readonly kafka: Omit<KafkaOptions, 'log'>;
  /** Begins the names of all topics. */
  readonly prefix: string;
}

export type SenderOrder =
  | { readonly type: 'connect'; readonly id: number }
  | {
      readonly type: 'send';
      readonly id: number;
      readonly origin: string;
      readonly rows: readonly OutboxRow[];
    }
  | { readonly type: 'close' };

export type SenderAnswer =
  | { readonly type: 'done'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly error: { name: string; message: string } }
  | { readonly type: 'log'; readonly level: keyof Logger; readonly fields: object; readonly message: string };

/**
 * Sends rows of the outbox from a thread of its own.
 *
 * kafkajs takes a quarter of a stage's time to put records together: beside the thread that decides, not in it. The
 * thread knows nothing but what it is asked to send; whoever asks keeps it until the answer.
 */
export class SenderThread implements OutboxSender {
  readonly #worker: Worker;
  readonly #asked = new Map<number, Asked>();
  readonly #looking: NodeJS.Timeout;
  readonly #failure = Promise.withResolvers<never>();
  #next = 0;
  #closing = false;
  #ended: Error | undefined;

  constructor(start: SenderStart, log: Logger, lookEveryMs = LOOK_EVERY_MS) {
    this.failed.catch(() => undefined);
    this.#looking = setInterval(() => this.#look(), lookEveryMs).unref();
    this.#worker = new Worker(new URL('./sender-worker.ts', import.meta.url), { workerData: start });
    this.#worker.on('message', (answer: SenderAnswer) => {
      if (answer.type === 'log') log[answer.level](answer.fields, answer.message);
      else this.#answered(answer);
    });
    this.#worker.on('error', (error) => this.#end(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on('exit', (code) => this.#end(new Error(`the sending thread has ended with code ${code}`)));
  }

  /** Rejects when the thread ends by itself, or hangs: then nothing can be sent any more. */
  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  /** Connects to the brokers; rejects with the client's error, by its name. */
  connect(): Promise<void> {
    return this.#ask((id) => ({ type: 'connect', id }));
  }

  send(origin: string, rows: readonly OutboxRow[]): Promise<void> {
    return this.#ask((id) => ({ type: 'send', id, origin, rows }));
  }

  /** Lets go of the brokers. What was not answered is not sent, as far as anybody knows. */
  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    const exited = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    this.#closing = true;
    this.#worker.postMessage({ type: 'close' } satisfies SenderOrder);
    await exited;
  }

  #ask(order: (id: number) => SenderOrder): Promise<void> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject, looks: 0 });
      this.#worker.postMessage(order(id));
    });
  }

  #answered(answer: Exclude<SenderAnswer, { readonly type: 'log' }>): void {
    const asked = this.#asked.get(answer.id);
    this.#asked.delete(answer.id);
    if (answer.type === 'done') asked?.resolve();
    else asked?.reject(Object.assign(new Error(answer.error.message), { name: answer.error.name }));
  }

  /** The client gives up every request by itself, so a thread that leaves one unanswered will not answer any more. */
  #look(): void {
    for (const asked of this.#asked.values()) {
      asked.looks += 1;
      if (asked.looks <= LOOKS_WITHOUT_ANSWER) continue;
      this.#end(new Error('the sending thread hangs: it has left a request without an answer for minutes'));
      void this.#worker.terminate();
      return;
    }
  }

  #end(error: Error): void {
    clearInterval(this.#looking);
    this.#ended ??= error;
    for (const { reject } of this.#asked.values()) reject(error);
    this.#asked.clear();
    if (!this.#closing) this.#failure.reject(error);
  }
}

interface Asked {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** How often somebody has looked since it was asked. */
  looks: number;
}

/** Looks are counted, not time: a process that was made to stand still has not looked. */
const LOOK_EVERY_MS = 10_000;
/** Three minutes. The longest order, a row of many facts while Kafka is slow, has taken seconds; each of its requests ends within 30 s. */
const LOOKS_WITHOUT_ANSWER = 18;
